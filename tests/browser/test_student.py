"""The student's two minutes, on a phone: with a finger, and without JavaScript."""

import pytest
from django.utils import timezone

from rosters import identity, key_fields
from signoffs.entrance import links
from signoffs.models import ClassLink, Declaration, Standing
from tests import factories, stories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FIELDS = [field.name for field in key_fields.KEY_FIELDS if field.name != "id_number"]


@pytest.fixture
def student(live_server):
    """The second student of a class whose link is live."""
    class_group = factories.class_group()
    return class_group.students.get(seat=2)


def open_record(page, live_server, student, leads_to="record") -> None:
    """Open the class link and identify: it leads to the record, or to the receipt of who has declared."""
    token = links.issue(student.class_group, ClassLink.Kind.STUDENT, timezone.now()).token
    page.goto(f"{live_server.url}/c/{token}/")
    assert token not in page.url
    page.fill("[name=student_number]", student.student_number)
    page.fill("[name=last_six]", student.id_number[-6:])
    page.click("main form button[type=submit]")
    page.wait_for_url(f"**/class/{leads_to}/")


def answer_all(page, student, id_number: str = "") -> None:
    """Answer every row that is not answered yet, and sign by typing. `id_number`: what CHSI shows of it."""
    for name in FIELDS:
        if page.locator(f"#row_{name} input:checked").count() == 0:
            page.locator(f"#row_{name} .choice--ok").tap()
    page.fill("[name=chsi_id_number]", id_number or student.id_number)
    page.select_option("[name=status]", key_fields.GOOD_STATUS)
    page.fill("[name=typed_name]", student.name)


def draw(page) -> None:
    """Draw two strokes with the finger."""
    box = page.locator("canvas")
    box.evaluate("canvas => canvas.scrollIntoView({block: 'center'})")  # clear of the button at the bottom
    at = box.bounding_box()
    for start, end in (((0.1, 0.7), (0.4, 0.2)), ((0.4, 0.2), (0.8, 0.8))):
        page.mouse.move(at["x"] + at["width"] * start[0], at["y"] + at["height"] * start[1])
        page.mouse.down()
        page.mouse.move(at["x"] + at["width"] * end[0], at["y"] + at["height"] * end[1], steps=8)
        page.mouse.up()


def focused(page) -> str:
    """Return the name of the input that has the focus, and that it can be seen; of a drawing, its element."""
    place = page.evaluate(
        """() => {
          const one = document.activeElement, part = one.closest(".row, .panel").getBoundingClientRect();
          const send = document.querySelector(".send").getBoundingClientRect();
          return [one.name || one.localName, part.bottom > 0 && part.top < send.top];
        }"""
    )
    assert place[1]
    return place[0]


def test_a_student_confirms_and_signs_with_a_finger(live_server, phone, student):
    page = phone()
    open_record(page, live_server, student)
    button = page.locator("[data-send-button]")
    assert button.inner_text() == "还有 12 项未核对"
    assert page.locator("input[type=radio]:checked").count() == 0
    for name in FIELDS:
        page.locator(f"#row_{name} .choice--ok").tap()
    assert button.inner_text() == "还有 2 项未核对"
    page.fill("[name=chsi_id_number]", student.id_number)
    page.select_option("[name=status]", key_fields.GOOD_STATUS)
    assert button.inner_text() == "请签名"
    button.tap()
    assert focused(page) == "canvas"
    draw(page)
    assert button.inner_text() == "提交：核对无误"
    assert page.locator("[data-phone]").is_hidden()
    button.tap()
    page.wait_for_selector(".slip")
    assert "核对无误，已签名" in page.inner_text(".slip")
    declaration = Declaration.objects.get()
    assert declaration.student == student
    assert declaration.kind == Declaration.Kind.CONFIRMED
    assert len(declaration.signature["strokes"]) == 2
    # The page never scrolls sideways, and the next person at this device finds nothing.
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.goto(f"{live_server.url}/class/record/")
    assert student.name not in page.inner_text("body")


def test_undo_takes_a_stroke_back_and_again_takes_all(live_server, phone, student):
    page = phone()
    open_record(page, live_server, student)
    draw(page)
    drawn = page.input_value("[name=signature]")
    page.locator("[data-signature-undo]").tap()
    undone = page.input_value("[name=signature]")
    page.locator("[data-signature-clear]").tap()
    assert drawn.count("[") > undone.count("[") > 0
    assert page.input_value("[name=signature]") == ""


def test_a_student_reports_an_error(live_server, phone, student):
    page = phone()
    open_record(page, live_server, student)
    for name in FIELDS:
        page.locator(f"#row_{name} .choice--{'wrong' if name == 'major' else 'ok'}").tap()
    page.fill("[name=chsi_major]", "机械工程")
    page.fill("[name=right_major]", "软件工程")
    page.fill("[name=chsi_id_number]", student.id_number)
    page.select_option("[name=status]", key_fields.GOOD_STATUS)
    page.fill("[name=typed_name]", student.name)
    button = page.locator("[data-send-button]")
    assert button.inner_text() == "请填写联系号码"
    button.tap()
    assert focused(page) == "phone"
    page.fill("[name=phone]", "12000000001")
    assert button.inner_text() == "提交：有误反馈"
    button.tap()
    page.wait_for_selector(".slip")
    assert "信息错误，已反馈" in page.inner_text(".slip")
    error = Declaration.objects.get().field_errors.get()
    assert (error.field, error.chsi_value, error.right_value) == ("major", "机械工程", "软件工程")


def test_the_button_says_what_is_left_and_leads_there(live_server, phone, student):
    page = phone()
    open_record(page, live_server, student)
    button = page.locator("[data-send-button]")
    for name in FIELDS:
        page.locator(f"#row_{name} .choice--ok").tap()
    page.locator("#row_sex").tap()  # open it again
    page.locator("#row_sex .choice--wrong").tap()
    page.fill("[name=right_sex]", "女")
    assert button.inner_text() == "还有 2 项未核对"
    button.tap()
    assert focused(page) == "chsi_id_number"
    assert page.locator(".row.asked [name=chsi_id_number]").count() == 1
    page.fill("[name=chsi_id_number]", student.id_number)
    button.tap()
    assert focused(page) == "status"
    page.select_option("[name=status]", key_fields.GOOD_STATUS)
    assert button.inner_text() == "还有 1 项未填完"
    button.tap()
    assert focused(page) == "chsi_sex"
    page.fill("[name=chsi_sex]", "男")
    assert button.inner_text() == "请填写联系号码"
    page.press("[name=chsi_sex]", "Enter")
    assert focused(page) == "phone"
    assert page.url.endswith("/class/record/")
    assert Declaration.objects.count() == 0


def test_what_is_filled_in_says_so_once_the_server_can_compare_it(live_server, phone, student):
    page = phone()
    open_record(page, live_server, student)
    number, mark = page.locator("[name=chsi_id_number]"), page.locator("#row_id_number .row__filled")
    long, enough = len(student.id_number), identity.VISIBLE_ENOUGH
    for visible, is_filled in ((0, False), (enough - 1, False), (enough, True), (long, True)):
        for star in "*＊×•":
            typed = student.id_number[:visible] + star * (long - visible)
            number.fill(typed)
            assert mark.is_visible() is is_filled, typed
            assert (identity.matches_typed(student.id_number, typed) is not None) is is_filled
    assert mark.inner_text() == "已填"
    number.fill(" ****** ")
    page.locator("[name=status]").select_option(key_fields.GOOD_STATUS)
    assert page.locator(".row__filled:visible").count() == 1
    for name in FIELDS:
        page.locator(f"#row_{name} .choice--ok").tap()
    assert page.locator("[data-send-button]").inner_text() == "还有 1 项未填完"


def test_another_id_number_is_said_to_differ_and_never_shown(live_server, phone, student):
    page = phone()
    open_record(page, live_server, student)
    answer_all(page, student, "990101200701019991")
    page.locator("[data-send-button]").tap()
    page.wait_for_selector(".errors")
    assert "与名册中的号码不一致" in page.inner_text(".errors")
    assert student.id_number not in page.content()
    assert Declaration.objects.count() == 0


def test_a_slip_of_the_thumb_in_the_id_number_is_mended_by_typing_it_again(live_server, phone, student):
    page = phone()
    open_record(page, live_server, student)
    answer_all(page, student, "990101200701019991")
    button = page.locator("[data-send-button]")
    button.tap()
    page.wait_for_selector(".differs")
    page.locator(".differs input[type=checkbox]").check()
    assert page.locator("[data-phone]").is_visible()  # then it is an error to report
    page.locator(".differs input[type=checkbox]").uncheck()
    page.fill("[name=chsi_id_number]", student.id_number)
    assert page.locator("[data-phone]").is_hidden()
    assert "无误" in button.inner_text()
    button.tap()
    page.wait_for_selector(".slip")
    assert "核对无误，已签名" in page.inner_text(".slip")


def test_the_language_is_changed_after_a_paste_and_not_on_a_slip_that_is_gone_then(
    live_server, phone, student
):
    page = phone()
    open_record(page, live_server, student)
    page.locator("summary", has_text="也可以粘贴").tap()
    page.fill(
        "#pasted", f"姓名：{student.name}\n证件号码：{student.id_number}\n学号：{student.student_number}\n"
    )
    page.get_by_role("button", name="比对").tap()
    page.wait_for_selector(".notice--good")
    page.get_by_role("button", name="English").tap()
    page.wait_for_selector("html[lang=en] [data-record]")
    assert page.url == f"{live_server.url}/class/record/"
    page.get_by_role("button", name="中文").tap()
    page.wait_for_selector("html[lang=zh-hans] [data-record]")
    answer_all(page, student)
    page.locator("[data-send-button]").tap()
    page.wait_for_selector(".slip")
    assert page.get_by_role("button", name="English").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_slip_shows_the_whole_form_in_its_middle(live_server, phone, student, scheme):
    stories.confirm(student)
    page = phone()
    page.emulate_media(color_scheme=scheme)
    open_record(page, live_server, student, leads_to="receipt")
    slip, drawn = page.locator(".slip").bounding_box(), page.locator(".thumb--large rect")
    assert drawn.count() == 64
    assert drawn.last.evaluate("cell => getComputedStyle(cell).stroke") != "none"
    first, last = drawn.first.bounding_box(), drawn.last.bounding_box()
    left, right = first["x"] - slip["x"], slip["x"] + slip["width"] - last["x"] - last["width"]
    assert abs(left - right) < 4


@pytest.mark.parametrize("javascript", [True, False])
def test_a_signature_is_taken_back_by_a_second_tap_alone(live_server, phone, student, javascript):
    stories.confirm(student)
    page = phone(javascript=javascript)
    open_record(page, live_server, student, leads_to="receipt")
    button = page.get_by_role("button", name="撤回")
    assert button.is_hidden()
    page.locator("summary", has_text="不是本人所签").tap()
    assert "如果这次签名不是您本人所为" in page.inner_text("main")
    page.get_by_role("link", name="取消").tap()
    page.wait_for_load_state()
    assert button.is_hidden()
    page.locator("summary", has_text="不是本人所签").tap()
    button.tap()
    page.wait_for_url("**/class/record/")
    assert Standing.objects.get(student=student).state == "missing"


def test_it_all_works_without_javascript(live_server, phone, student):
    page = phone(javascript=False)
    open_record(page, live_server, student)
    assert page.locator("canvas").is_hidden()
    for name in FIELDS:
        page.locator(f"#row_{name} .choice--ok").tap()
    page.fill("[name=chsi_id_number]", student.id_number)
    page.select_option("[name=status]", key_fields.GOOD_STATUS)
    page.locator("[data-send-button]").tap()
    page.wait_for_selector(".errors")
    assert "签名：请手写签名，或输入姓名。" in page.inner_text(".errors")
    # What was answered is still there.
    assert page.locator(".choice--ok input:checked").count() == len(FIELDS)
    page.fill("[name=typed_name]", student.name)
    page.locator("[data-send-button]").tap()
    page.wait_for_selector(".slip")
    assert Declaration.objects.get().signature == {"typed": student.name}


def test_ticks_survive_a_reload_and_nothing_personal_stays(live_server, phone, student):
    page = phone()
    open_record(page, live_server, student)
    for name in FIELDS[:4]:
        page.locator(f"#row_{name} .choice--ok").tap()
    page.fill("[name=typed_name]", student.name)
    page.reload()
    assert page.locator(".choice--ok input:checked").count() == 4
    assert page.input_value("[name=typed_name]") == ""
    kept = page.evaluate("JSON.stringify(sessionStorage) + JSON.stringify(localStorage)")
    assert student.name not in kept
    assert student.student_number not in kept
    answer_all(page, student)
    page.locator("[data-send-button]").tap()
    page.wait_for_selector(".slip")
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0


def test_a_pasted_page_fills_the_rows_in_and_is_still_confirmed(live_server, phone, student):
    page = phone()
    open_record(page, live_server, student)
    page.locator("summary", has_text="也可以粘贴").tap()
    page.fill(
        "#pasted",
        f"姓名：{student.name}\n性别：{student.sex}\n民族：汉\n出生日期：{student.birth_date:%Y年%m月%d日}\n"
        f"证件号码：{student.id_number}\n学号：{student.student_number}\n系所：{student.department_name}\n"
        "专业：机械工程\n班级：\n层次：本科\n学制：4 年\n学籍状态：在籍（注册学籍）\n",
    )
    page.get_by_role("button", name="比对").tap()
    page.wait_for_selector(".notice--good")
    assert page.locator(".choice--ok input:checked").count() == 8
    assert page.locator("#row_major .choice--wrong input").is_checked()
    assert page.input_value("[name=chsi_major]") == "机械工程"
    assert page.locator("#row_class_name input:checked").count() == 0
    assert "带不带“族”字视为相同" in page.inner_text("#row_ethnicity")
    assert page.input_value("[name=status]") == key_fields.GOOD_STATUS
    assert Declaration.objects.count() == 0


def test_offline_in_the_middle_loses_nothing_and_sends_once(live_server, phone, student):
    page = phone()
    open_record(page, live_server, student)
    answer_all(page, student)
    page.context.set_offline(True)
    page.locator("[data-send-button]").tap()
    page.wait_for_timeout(500)
    assert Declaration.objects.count() == 0
    page.context.set_offline(False)
    page.go_back()
    page.wait_for_selector("[data-send-button]")
    answer_all(page, student)
    page.locator("[data-send-button]").tap()
    page.wait_for_selector(".slip")
    assert Declaration.objects.count() == 1


def test_a_slow_network_and_two_taps_are_one_declaration(live_server, phone, student):
    page = phone()
    open_record(page, live_server, student)
    answer_all(page, student)
    session = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 800, "downloadThroughput": 20_000, "uploadThroughput": 10_000}
    session.send("Network.emulateNetworkConditions", slow)
    page.locator("[data-send-button]").dblclick()
    page.wait_for_selector(".slip")
    assert Declaration.objects.count() == 1


@pytest.mark.parametrize("width", [320, 360, 390])
def test_no_page_scrolls_sideways_on_a_small_phone(live_server, phone, student, width):
    page = phone()
    page.set_viewport_size({"width": width, "height": 700})
    open_record(page, live_server, student)
    page.locator(".choice--wrong").first.tap()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.goto(f"{live_server.url}/class/guide/")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_in_english_a_folded_rows_label_is_one_line_too(live_server, phone, student):
    page = phone()
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": live_server.url}])
    open_record(page, live_server, student)
    for name in FIELDS:
        page.locator(f"#row_{name} .choice--ok").tap()
    labels = page.locator(".row--folded .row__label")
    heights = labels.evaluate_all("labels => labels.map((one) => one.offsetHeight)")
    assert len(heights) == len(FIELDS)
    assert max(heights) < 30
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") == 320
