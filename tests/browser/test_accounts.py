"""Somebody new: the office's link, a password, the required second factor, and the next sign-in by a code."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from signoffs import flow
from signoffs.models import User
from signoffs.queries.actors import Who
from tests import factories, second_factor
from tests.browser.signing_in import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "a sentence that is easy to keep"


def press(page) -> None:
    """Press the page's one button."""
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_load_state()


def faults(page) -> list[str]:
    """Return what axe finds on the page, by its address."""
    found = Axe().run(page).response["violations"]
    return [f"{page.url}: {one['id']}" for one in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_the_invitation_to_a_sign_in_with_a_code(live_server, phone, settings, scheme):
    settings.SITE_URL = live_server.url
    office = factories.user("office")
    class_group = factories.class_group()
    desk = phone()
    desk.set_viewport_size({"width": 1280, "height": 900})
    desk.emulate_media(color_scheme=scheme)
    sign_in(desk, live_server.url, "office")
    desk.goto(f"{live_server.url}/office/accounts/")
    found = faults(desk)
    desk.click("text=添加人员")
    desk.fill("[name=name]", "李辅导")
    desk.fill("[name=username]", "li")
    assert not desk.locator("[name=department]").is_visible()
    desk.select_option("[name=role]", "counsellor")
    assert not desk.locator("[name=department]").is_visible()
    desk.click("summary")
    desk.check(f"[name=class_groups][value='{class_group.uuid}']")
    found += faults(desk)
    press(desk)
    found += faults(desk)
    link = desk.input_value("[data-copy-text]")
    flow.require_second_factor(of="everybody", who=Who(user=office))

    page = phone()
    page.emulate_media(color_scheme=scheme)
    page.goto(link)
    found += faults(page)
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=password2]", PASSWORD)
    press(page)
    sign_in(page, live_server.url, "li", PASSWORD)
    assert page.url == f"{live_server.url}/account/second-factor/"
    box = page.locator(".qr-sheet svg").bounding_box()
    assert (box["width"], box["height"]) == (220, 220)
    found += faults(page)
    page.click("summary")
    secret = page.inner_text(".key")
    page.fill("[name=code]", second_factor.code(secret))
    press(page)
    assert page.locator(".codes li").count() == 10
    found += faults(page)
    page.click("text=我已保存好")
    page.wait_for_url("**/department/")
    assert "软件2601班" in page.inner_text("main")
    page.goto(f"{live_server.url}/account/")
    found += faults(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.click("text=全部退出登录")
    page.wait_for_load_state()

    sign_in(page, live_server.url, "li", PASSWORD)
    assert page.url == f"{live_server.url}/sign-in/code/"
    found += faults(page)
    page.fill("[name=code]", second_factor.code(secret))
    press(page)
    page.wait_for_url("**/department/")
    assert found == []
    desk.goto(f"{live_server.url}/office/account/{User.objects.get(username='li').uuid}/")
    assert desk.url.endswith("/account/second-factor/")  # the office too, from its next page on
