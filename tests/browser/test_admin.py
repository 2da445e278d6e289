"""The admin in a real browser, under the strict policy: nothing it shows is blocked, and nothing breaks."""

import pytest
from django.urls import reverse
from django.utils import timezone

from signoffs.entrance import links
from tests import factories, stories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DESK = {"width": 1280, "height": 900}


@pytest.fixture
def admin(live_server, phone):
    """A desk where the superuser is signed in; the fixture `phone` fails on what the policy blocked."""
    class_group = factories.class_group(students=6)
    stories.everything(class_group, factories.user("officer", role="department",
                                                   in_department=class_group.department))  # fmt: skip
    root = factories.user("root")
    root.is_staff = root.is_superuser = True
    root.save()
    page = phone()
    page.set_viewport_size(DESK)
    page.goto(f"{live_server.url}{reverse('admin:login')}")
    page.fill("[name=username]", "root")
    page.fill("[name=password]", "rootroot")
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admin/")
    return page


def test_no_page_of_the_admin_is_blocked(live_server, admin):
    waiting, seen = [f"{live_server.url}/admin/"], set()
    while waiting:
        url = waiting.pop()
        if url in seen or len(seen) > 60:
            continue
        seen.add(url)
        answer = admin.goto(url)
        assert answer.status == 200, url
        found = admin.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
        own = [one.partition("#")[0] for one in found if one.startswith(f"{live_server.url}/admin/")]
        waiting += [one for one in own if "?" not in one and "logout" not in one]
    assert len(seen) > 30


def test_an_account_is_looked_at_there_and_not_made(live_server, admin):
    """Accounts are the office's page's: made there, each change is an event (test_accounts.py)."""
    assert admin.goto(f"{live_server.url}{reverse('admin:signoffs_user_changelist')}").status == 200
    assert "root" in admin.inner_text("#result_list")
    assert admin.goto(f"{live_server.url}{reverse('admin:signoffs_user_add')}").status == 403


def test_the_roster_is_exported_there(live_server, admin):
    admin.goto(f"{live_server.url}{reverse('admin:rosters_student_export')}")
    admin.select_option("[name=format]", index=1)
    with admin.expect_download() as download:
        admin.click("main [type=submit], #content [type=submit]")
    assert download.value.suggested_filename.endswith((".xlsx", ".csv"))


def test_a_link_leaves_neither_referrer_nor_address_behind(live_server, phone):
    class_group = factories.class_group()
    token = links.issue(class_group, "student", timezone.now()).token
    page, asked = phone(), []
    page.on("request", lambda request: asked.append((request.url, request.headers.get("referer", ""))))
    page.goto(f"{live_server.url}/c/{token}/")
    page.goto(f"{live_server.url}/class/guide/")
    assert [url for url, _ in asked if token in url] == [f"{live_server.url}/c/{token}/"]
    assert [referer for _, referer in asked if token in referer] == []
    assert token not in page.evaluate("document.referrer + location.href + document.cookie")
    page.go_back()
    assert token not in page.url
