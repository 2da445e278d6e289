"""axe finds nothing on any page, in any state that is told apart here; and the first visit is light."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from signoffs.entrance import links
from signoffs.models import ClassLink, Membership
from tests import factories, stories
from tests.browser.signing_in import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
LIGHTEST = 60_000  # bytes of a first visit, all told


def findings(page) -> list[str]:
    """Return what axe finds on a page as it is now: rule and place."""
    found = Axe().run(page, options=WCAG).response["violations"]
    return [f"{page.url} {one['id']}: {node['target']}" for one in found for node in one["nodes"]]


def test_axe_finds_what_is_wrong(phone):
    page = phone()
    page.set_content("<html><body><img src=x><input></body></html>")
    assert len(findings(page)) >= 3


@pytest.fixture
def world(live_server):
    """A class that has been through everything; its links; staff."""
    class_group = factories.class_group(students=6)
    officer = factories.user("officer", role=Membership.Role.DEPARTMENT, in_department=class_group.department)
    office = factories.user("office")
    made = stories.everything(class_group, officer)
    fresh = factories.class_group("软件2602班", students=8)
    reporter = fresh.students.get(seat=4)
    stories.report(reporter)
    stories.on_paper(fresh.students.get(seat=5), fresh.students.get(seat=1))
    now = timezone.now()
    tokens = {kind: links.issue(fresh, kind, now).token for kind in ClassLink.Kind.values}
    return {**made, "officer": officer, "office": office, "fresh": fresh, "tokens": tokens}


def identify(page, student) -> None:
    page.fill("[name=student_number]", student.student_number)
    page.fill("[name=last_six]", student.id_number[-6:])
    page.click("main form button[type=submit]")
    page.wait_for_load_state()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_students_pages(live_server, phone, world, scheme, language):
    page = phone()
    page.emulate_media(color_scheme=scheme)
    page.context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
    found = []
    for url in (
        "/",
        f"/c/{world['tokens']['student']}/",
        "/class/guide/",
        "/class/not-listed/",
        "/sign-in/",
        "/nothing/",
    ):
        page.goto(live_server.url + url)
        found += findings(page)
    page.goto(f"{live_server.url}/class/")
    identify(page, world["fresh"].students.get(seat=2))
    found += findings(page)
    page.locator(".choice--wrong").first.tap()
    page.locator(".choice--ok").nth(2).tap()
    found += findings(page)
    page.evaluate("document.querySelector('[data-record]').submit()")  # as it is, without asking the script
    page.wait_for_selector(".errors")
    found += findings(page)
    page.context.clear_cookies()
    page.goto(f"{live_server.url}/c/{world['tokens']['student']}/")
    identify(page, world["fresh"].students.get(seat=4))
    page.wait_for_selector(".slip")
    found += findings(page)
    assert found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_monitors_pages(live_server, phone, world, scheme):
    page = phone()
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{live_server.url}/m/{world['tokens']['monitor']}/")
    found = findings(page)
    identify(page, world["fresh"].students.get(seat=1))
    found += findings(page)
    student = world["fresh"].students.get(seat=3)
    for url in (f"/monitor/student/{student.uuid}/", "/monitor/submit/"):
        page.goto(live_server.url + url)
        found += findings(page)
    assert found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("who", ["officer", "office"])
def test_the_staffs_pages(live_server, phone, world, scheme, who):
    page = phone()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme=scheme)
    sign_in(page, live_server.url, who)
    class_group, student = world["fresh"], world["student"]
    urls = {
        "officer": [
            "/department/",
            f"/department/class/{class_group.uuid}/",
            f"/department/student/{student.uuid}/",
        ],
        "office": [
            "/office/",
            f"/office/department/{class_group.department.uuid}/",
            f"/office/class/{class_group.uuid}/",
            f"/office/student/{student.uuid}/",
            "/office/errors/",
            "/office/roster/",
            f"/office/roster/{world['import'].uuid}/",
            "/office/campaign/",
            "/office/campaign/texts/",
            "/office/whole-numbers/",
            "/office/access/",
            f"/office/access/{world['officer'].uuid}/",
            f"/office/student/{student.uuid}/access/",
        ],
    }
    found = []
    for url in urls[who]:
        page.goto(live_server.url + url)
        found += findings(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280, url
    assert found == []


def test_a_first_visit_is_light_and_asks_no_other_host(live_server, phone, world):
    page = phone()
    answers = []
    page.on("response", lambda response: answers.append(response))
    page.goto(f"{live_server.url}/c/{world['tokens']['student']}/", wait_until="networkidle")
    pages = [one for one in answers if one.status == 200]
    assert len(pages) <= 6
    assert sum(len(one.body()) for one in pages) <= LIGHTEST
    assert {one.url.startswith(live_server.url) for one in answers} == {True}
