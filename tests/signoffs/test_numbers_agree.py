"""After any story each number that stands in two places is the same: pages, workbooks, the paper's cover."""

import io
import re
from collections import Counter

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from signoffs import flow
from signoffs.models import ClassSheet, HandIn, Standing, Tally
from signoffs.process import labels, states
from signoffs.queries import reported
from tests import pages
from tests.printed import pypdf_pages
from tests.signoffs.flow.test_random_stories import Story

CHINESE = {"expected": "应核对", "confirmed": "已签", "reported": "有误", "excused": "因故未签",
           "overdue": "逾期未核对", "left": "未完成"}  # fmt: skip


def numbers(cells: list[str]) -> list[int]:
    return [int(cell) for cell in cells]


def columns(headings: list) -> list[int]:
    """Return where the six columns of counts stand in a table."""
    return [headings.index(label) for label in CHINESE.values()]


def rows_of_page(response) -> dict[str, list[int]]:
    """Return the counts of a page's table of departments or classes, by the row's heading."""
    for table in pages.tables(response):
        if "应核对" in table[0]:
            places = columns(table[0])
            return {row[0]: numbers([row[place] for place in places]) for row in table[1:]}
    raise AssertionError("no table of counts")


def line_of_page(response) -> list[int]:
    """Return the counts of the line above a class or a table."""
    text = pages.text(response)
    pattern = r" [=+] ".join(rf"{label} (\d+)" for label in CHINESE.values())
    found = re.search(pattern.replace(" ", r"\s*"), text)
    return numbers(list(found.groups()))


def rows_of_book(content: bytes, sheet: str, key: int = 0) -> dict[str, list]:
    table = list(openpyxl.load_workbook(io.BytesIO(content))[sheet].iter_rows(values_only=True))
    places = columns(list(table[0]))
    return {row[key] or row[0]: [row[place] for place in places] for row in table[1:]}


def adds_up(counts: list[int]) -> bool:
    return counts[0] == sum(counts[1:])


@pytest.fixture(params=range(3))
def played(request, campaign) -> Story:
    """A story of a hundred moves, a sheet and a hand-in at its end."""
    story = Story(request.param, campaign)
    for _ in range(100):
        story.play()
    return story


@pytest.fixture
def desk(played) -> Client:
    client = Client()
    client.force_login(played.office.user)
    return client


def counted(class_groups) -> list[int]:
    """Count one by one, as no page does."""
    found = Counter()
    for one in class_groups:
        for student in one.students.all():
            standing = Standing.objects.filter(student=student).first()
            found[standing.state if standing else states.MISSING] += 1
    left = found["missing"] + found["recheck"]
    parts = [found["confirmed"], found["reported"], found["excused"], found["overdue"], left]
    return [sum(parts), *parts]


def test_where_students_stand_is_the_same_everywhere_and_adds_up(played, desk):
    whole, classes = counted(played.classes), {one.name: counted([one]) for one in played.classes}
    department = played.classes[0].department
    dashboard = desk.get(reverse("office"))
    assert rows_of_page(dashboard) == {department.name: whole, "合计": whole}
    assert line_of_page(dashboard) == whole
    office_page = desk.get(reverse("office-department", args=[department.uuid]))
    assert rows_of_page(office_page) == {**classes, "合计": whole}
    officer = Client()
    officer.force_login(played.officer.user)
    own_page = officer.get(reverse("department"))
    assert rows_of_page(own_page) == {**classes, "合计": whole}
    assert line_of_page(own_page) == whole
    for one in played.classes:
        for client, name in ((desk, "office-class"), (officer, "department-class")):
            assert line_of_page(client.get(reverse(name, args=[one.uuid]))) == classes[one.name]
    summary = desk.post(reverse("office-summary-export")).content
    assert rows_of_book(summary, "系部") == {department.name: whole, "合计": whole}
    assert rows_of_book(summary, "班级", 1) == {**classes, "合计": whole}
    assert all(map(adds_up, (whole, *classes.values())))
    status = openpyxl.load_workbook(io.BytesIO(desk.post(reverse("office-status-export")).content)).active
    found = Counter(row[5] for row in status.iter_rows(min_row=2, values_only=True))
    assert [found["已签"], found["有误"], found["因故未签"], found["逾期未核对"]] == whole[1:5]
    assert found["未签"] + found["待复核"] == whole[5]


def test_what_was_reported_is_the_same_everywhere(played, desk):
    items = list(reported.items())
    people = {item.declaration.student_id for item in items}
    still_open = [item for item in items if item.outcome in states.UNSETTLED]
    whole = (len(people), len(items), len(still_open))
    dashboard = desk.get(reverse("office"))
    if items:
        told = f"{whole[0]} 人反馈 {whole[1]} 条错误，其中未办结 {whole[2]} 条"
        assert told in pages.text(dashboard)
    listed = [desk.get(reverse("office-errors"), {"show": show}) for show in ("all", "open")]
    assert [page.context["page"].paginator.count for page in listed] == [whole[1], whole[2]]
    book = openpyxl.load_workbook(io.BytesIO(desk.post(reverse("office-errors-export")).content))
    assert tuple(row[1] for row in book["合计"].iter_rows(min_row=2, values_only=True)) == whole
    assert sum(row[3] for row in book["统计"].iter_rows(min_row=2, values_only=True)) == whole[1]
    assert book["明细"].max_row - 1 == whole[1]
    summary = openpyxl.load_workbook(io.BytesIO(desk.post(reverse("office-summary-export")).content))
    total = list(summary["系部"].iter_rows(values_only=True))
    heads = [total[0].index(label) for label in ("反馈人数", "反馈条数", "未办结")]
    assert tuple(total[-1][head] for head in heads) == whole


def test_the_cover_says_what_was_handed_in(played, desk):
    """Handed in at the end, so that nothing has moved since."""
    newest = HandIn.objects.order_by("version").last()
    if newest and newest.state != "reopened":
        flow.reopen(hand_in=newest, who=played.office, reason="再看", clock=played.clock)
    for sheet in ClassSheet.objects.filter(state="submitted"):
        flow.return_sheet(sheet=sheet, who=played.officer, reason="再看", clock=played.clock)
    made = flow.hand_in(
        campaign=played.campaign,
        department=played.classes[0].department,
        who=played.officer,
        exceptions={str(one.uuid): "以后补" for one in played.classes},
        clock=played.clock,
    )
    printed = desk.post(reverse("office-hand-in-print", args=[made.uuid])).getvalue()
    text = pypdf_pages(printed)[0]
    cover = {
        label: int(re.search(rf"{label}\s+(\d+)", text).group(1))
        for label in ("应核对", "因故未签", "逾期未核对", "未完成", "反馈错误的条数", "其中未办结的条数")
    }
    reports = reported.reports_of(Tally.objects.all())
    assert cover["反馈错误的条数"] == reports.items
    assert cover["其中未办结的条数"] == reports.open
    signed = (
        re.search(r"已签（核对无误并签名）\s+(\d+)", text),
        re.search(r"有误（已反馈并签名）\s+(\d+)", text),
    )
    parts = [int(one.group(1)) for one in signed] + [cover["因故未签"], cover["逾期未核对"], cover["未完成"]]
    assert cover["应核对"] == sum(parts)


def test_the_curves_last_day_is_who_has_a_word_that_stands(played):
    kept = sum(sum(tally.days.values()) for tally in Tally.objects.all())
    standings = Standing.objects.exclude(state="withdrawn")
    assert kept == sum(sum(one.days.values()) for one in standings)


def test_the_labels_are_one_set():
    assert list(labels.COUNTS) == list(CHINESE)
    with translation.override("zh-hans"):
        assert {name: str(label) for name, label in labels.COUNTS.items()} == CHINESE
