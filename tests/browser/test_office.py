"""The office at its desk, 1280 px wide: the dashboard refreshes in place, and prints as one clean page."""

import io
from datetime import timedelta

import pytest
from django.utils import timezone
from pypdf import PdfReader

from signoffs.models import Declaration, Membership
from tests import factories, stories
from tests.browser.signing_in import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(live_server, phone):
    """The office, signed in at a desk."""
    factories.user("office")
    page = phone()
    page.set_viewport_size({"width": 1280, "height": 900})
    sign_in(page, live_server.url, "office")
    return page


def refresh(desk) -> None:
    """Refresh the dashboard sooner than its minute: the same request, told to come now."""
    with desk.expect_response("**/office/"):
        desk.evaluate(
            "htmx.ajax('GET', location.pathname, "
            "{source: '#overview', target: '#overview', select: '#overview', swap: 'outerHTML'})"
        )


def test_the_dashboard_refreshes_in_place(live_server, desk):
    class_group = factories.class_group(students=4)
    desk.goto(f"{live_server.url}/office/")
    assert "应核对 4 = 已签 0" in " ".join(desk.inner_text(".counts").split())
    stories.confirm(class_group.students.get(seat=2))
    refresh(desk)
    desk.wait_for_function("document.querySelector('.counts').innerText.includes('已签 1')")
    assert desk.locator("#overview").count() == 1
    assert desk.get_attribute("#overview", "hx-trigger") == "every 60s"


def test_figures_that_are_unfolded_stay_so_and_are_refreshed(live_server, desk):
    class_group = factories.class_group(students=30)
    students = list(class_group.students.order_by("seat"))
    for day in range(12):
        stories.confirm(students[day], clock=lambda day=day: timezone.now() - timedelta(days=12 - day))
    desk.goto(f"{live_server.url}/office/")
    desk.click("#figures summary")
    desk.evaluate("scrollTo(0, document.body.scrollHeight)")
    before = desk.evaluate("scrollY")
    assert before > 0
    stories.confirm(students[20])
    refresh(desk)
    desk.wait_for_function("document.querySelector('.counts').innerText.includes('已签 13')")
    assert desk.locator("#figures tbody tr").last.is_visible()
    assert desk.locator("#figures tbody tr").last.inner_text().split()[1:3] == ["1", "13"]
    assert desk.evaluate("scrollY") == pytest.approx(before, abs=2)


def test_the_dashboard_prints_as_one_page(live_server, desk):
    for number in range(12):
        for part in range(5):
            department = f"第{number + 1}系"
            one = factories.class_group(f"班{number:02d}{part}", students=3, department_name=department)
            stories.confirm(one.students.get(seat=1 + part % 3))
    desk.goto(f"{live_server.url}/office/")
    pdf = PdfReader(io.BytesIO(desk.pdf(format="A4", prefer_css_page_size=True)))
    assert len(pdf.pages) == 1
    text = pdf.pages[0].extract_text()
    assert "第12系" in text
    assert "退出登录" not in text
    assert "打印" not in text


def test_a_download_says_that_it_is_at_work_until_it_has_come(live_server, desk):
    class_group = factories.class_group(students=3)
    factories.user("officer", role=Membership.Role.DEPARTMENT, in_department=class_group.department)
    desk.goto(f"{live_server.url}/office/class/{class_group.uuid}/")
    with desk.expect_download() as download:
        desk.locator("button[value=filled]").click()
    assert download.value.suggested_filename == f"登记表-{class_group}.pdf"
    desk.wait_for_timeout(1500)
    assert desk.locator(".busy").count() == 0
    assert desk.locator("button[value=filled]").is_enabled()


NOTE_THE_PROGRESS = """
    window.said = [];
    new MutationObserver(() => {
      const sign = document.querySelector(".busy span");
      if (sign) window.said.push(sign.textContent);
    }).observe(document.body, {subtree: true, childList: true, characterData: true});
"""


def test_a_print_of_many_classes_says_how_many_are_drawn(live_server, desk):
    for number in range(12):
        factories.class_group(f"软件26{number:02d}班", students=30)
    desk.goto(f"{live_server.url}/office/")
    desk.evaluate(NOTE_THE_PROGRESS)
    with desk.expect_download() as download:
        desk.locator("form[action='/office/forms/'] button[value=blank]").click()
    assert download.value.suggested_filename == "空白登记表（印姓名）-2026.pdf"
    assert len(PdfReader(download.value.path()).pages) == 12
    said = desk.evaluate("window.said")
    assert said[0].strip() == "正在处理，请不要关闭本页。"
    drawn = [f"已生成 {number} / 12 个班级，请不要关闭本页。" for number in range(1, 13)]
    assert [line for line in said[1:] if line not in drawn] == []
    assert len(said) > 1
    desk.wait_for_selector(".busy", state="detached")
    assert desk.locator("button[value=blank]").is_enabled()


def test_a_print_that_breaks_off_is_not_saved(live_server, desk):
    for number in range(3):
        class_group = factories.class_group(f"软件26{number:02d}班", students=2)
        declaration = stories.confirm(class_group.students.get(seat=1))
    stored = Declaration.objects.filter(pk=declaration.pk)
    # What a disk may do: the last class's signature no longer opens.
    [sealed] = stored.values_list("signature", flat=True)
    stored.update(signature=type(sealed)(bytes(sealed)[:-1] + bytes([sealed[-1] ^ 1])))
    desk.goto(f"{live_server.url}/office/")
    desk.on("download", lambda download: pytest.fail(download.suggested_filename))
    desk.locator("form[action='/office/forms/'] button[value=filled]").click()
    desk.wait_for_selector(".busy-failed")
    assert desk.inner_text(".busy-failed") == "打印中断，没有保存任何文件，请重试。"
    assert desk.locator("button[value=filled]").is_enabled()


def test_a_print_that_is_refused_shows_the_page_that_says_why(live_server, desk):
    factories.class_group(students=2)
    desk.goto(f"{live_server.url}/office/")
    desk.context.clear_cookies(name="sessionid")
    desk.locator("form[action='/office/forms/'] button[value=filled]").click()
    desk.wait_for_url("**/sign-in/**")


def test_a_print_is_a_download_without_a_script(live_server, phone, desk):
    factories.class_group(students=2)
    page = phone(javascript=False)
    page.context.add_cookies(desk.context.cookies())
    page.goto(f"{live_server.url}/office/")
    with page.expect_download() as download:
        page.locator("form[action='/office/forms/'] button[value=blank]").click()
    assert download.value.suggested_filename == "空白登记表（印姓名）-2026.pdf"
    assert len(PdfReader(download.value.path()).pages) == 1
