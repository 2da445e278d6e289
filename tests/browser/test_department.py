"""The department officer's pages, where only a browser shows how they work."""

import pytest

from signoffs.models import Membership
from tests import factories, stories
from tests.browser.signing_in import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(live_server, phone):
    """Return a function that signs the officer of 信息工程系 in, with or without JavaScript."""
    own = factories.department()
    factories.user("officer", role=Membership.Role.DEPARTMENT, in_department=own)

    def open_desk(**how):
        page = phone(**how)
        sign_in(page, live_server.url, "officer")
        return page

    return open_desk


def test_all_sheets_are_ticked_at_once(desk):
    for number in (1, 2, 3):
        class_group = factories.class_group(f"软件260{number}班", students=1)
        monitor = class_group.students.get()
        stories.confirm(monitor)
        stories.submit(class_group, monitor)
    without = desk(javascript=False).get_by_text("全选")
    assert (without.count(), without.is_visible()) == (1, False)
    page = desk()
    everything = page.get_by_label("全选")
    everything.check()
    ticked = page.locator("[name=sheet]:checked")
    assert ticked.count() == 3
    page.locator("[name=sheet]").first.uncheck()
    assert not everything.is_checked()
    everything.check()
    page.get_by_role("button", name="接收").click()
    page.wait_for_selector(".notice")
    assert page.locator("[name=sheet]").count() == 0


def test_on_a_phone_a_row_fits_with_what_is_left_and_what_is_next(live_server, desk):
    name = "计算机科学与技术（中外合作办学）2601班"
    stories.confirm(factories.class_group(name, students=20).students.get(seat=3))
    page = desk()
    row = page.locator("tbody tr")
    assert page.evaluate("document.querySelector('.table-wrap').scrollWidth") <= 390
    for words in (name, "19", "催办未签学生"):
        box = row.get_by_text(words, exact=True).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    page.set_viewport_size({"width": 1280, "height": 900})
    tops = {cell.bounding_box()["y"] for cell in row.locator("td").all()}
    assert len(tops) == 1
