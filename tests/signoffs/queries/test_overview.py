"""The numbers cost the same however many students there are: nothing that grows with a class is read."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from signoffs.models import Tally
from signoffs.queries.classes import class_rows
from signoffs.queries.overview import SLOWEST, campaign_overview
from signoffs.templatetags.enrollcheck import picture
from tests import factories, stories

pytestmark = pytest.mark.django_db


def test_only_the_slowest_classes_are_read_with_their_cells():
    campaign = factories.campaign()
    for number in range(SLOWEST + 2):
        one = factories.class_group(f"软件{number:02d}班", students=2, of=campaign)
        if number < 2:
            stories.confirm(one.students.get(seat=1))
    done = factories.class_group("英语2601班", students=1, of=campaign)
    stories.confirm(done.students.get())
    with CaptureQueriesContext(connection) as asked:
        overview = campaign_overview(campaign, timezone.now())
    with_cells = [query["sql"] for query in asked if '"cells"' in query["sql"]]
    assert len(with_cells) == 1
    assert len(overview.slowest) == SLOWEST
    assert {row.cells for row in overview.slowest} == {"MM"}
    assert {row.cells for department in overview.departments for row in department.classes} == {""}


def test_a_class_with_nobody_left_is_not_among_the_slowest():
    behind, done = (factories.class_group(name, students=1) for name in ("软件2601班", "英语2601班"))
    stories.confirm(done.students.get())
    overview = campaign_overview(behind.campaign, timezone.now())
    assert [row.class_group for row in overview.slowest] == [behind]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL scans a table of no rows anyway")
def test_entries_that_wait_are_found_by_their_own_index():
    with CaptureQueriesContext(connection) as asked:
        class_rows([factories.class_group()])
    [counted] = [query["sql"] for query in asked if '"contested_at" IS NULL' in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {counted}")
        plan = "\n".join(step for *_, step in cursor.fetchall())
    assert "SCAN signoffs_declaration USING INDEX entries_that_wait" in plan
    assert "SEARCH rosters_student USING INTEGER PRIMARY KEY" in plan


@pytest.mark.parametrize("seats, drawn", [(128, "thumb"), (129, "stack")])
def test_a_class_of_more_than_two_pages_is_drawn_as_a_bar(seats, drawn):
    class_group = factories.class_group()
    Tally.objects.filter(class_group=class_group).update(expected=seats, cells="M" * seats)
    row = class_rows([class_group])[0]
    assert picture(row).startswith(f'<svg class="{drawn}"')
