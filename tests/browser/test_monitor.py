"""The monitor's sheet on a phone: the grid, who is missing, an excuse, the submission."""

import pytest
from django.utils import timezone

from signoffs.entrance import links
from signoffs.models import ClassLink, ClassSheet
from tests import factories, stories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def class_group(live_server):
    """A class of three: the monitor has signed, the second reports, the third is missing."""
    made = factories.class_group()
    monitor, second, _ = made.students.order_by("seat")
    stories.confirm(monitor)
    stories.report(second)
    return made


def open_grid(page, live_server, student) -> None:
    """Open the monitor link and identify as that student."""
    token = links.issue(student.class_group, ClassLink.Kind.MONITOR, timezone.now()).token
    page.goto(f"{live_server.url}/m/{token}/")
    page.fill("[name=student_number]", student.student_number)
    page.fill("[name=last_six]", student.id_number[-6:])
    page.click("main form button[type=submit]")


def test_a_monitor_urges_excuses_and_submits(live_server, phone, class_group):
    monitor, _, missing = class_group.students.order_by("seat")
    page = phone()
    open_grid(page, live_server, monitor)
    page.wait_for_selector(".grid")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator(".grid__cell--confirmed").count() == 1
    assert page.locator(".grid__cell--missing").inner_text().split() == [missing.name, "未签"]
    reminder = page.input_value("#reminder")
    assert missing.name in reminder
    assert monitor.name not in reminder
    # Not yet: the button says who is missing.
    button = page.get_by_role("button", name="提交班级登记表")
    assert button.is_disabled()
    assert missing.name in page.inner_text("#why-not")
    page.locator(".grid__cell--missing a").tap()
    page.select_option("[name=reason]", "never_came")
    page.get_by_role("button", name="登记").tap()
    page.wait_for_selector(".grid__cell--excused")
    page.get_by_role("link", name="提交班级登记表").tap()
    page.wait_for_url("**/monitor/submit/")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.fill("[name=typed_name]", monitor.name)
    page.get_by_role("button", name="提交班级登记表").tap()
    page.wait_for_selector(".notice")
    sheet = ClassSheet.objects.get()
    assert (sheet.version, sheet.collator) == (1, monitor)


def test_a_student_without_the_duty_is_not_let_in(live_server, phone, class_group):
    page = phone()
    open_grid(page, live_server, class_group.students.get(seat=2))
    page.wait_for_selector(".errors")
    assert "班长或学习委员" in page.inner_text(".errors")
    assert page.locator(".grid").count() == 0
