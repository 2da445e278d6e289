"""The registration form: the page of docs/process.md, to the letter and the grid."""

import io
import re
from datetime import date, timedelta

import pytest
from django.utils import timezone
from pypdf import PdfReader

from signoffs import flow
from signoffs.models import FieldError
from signoffs.outputs import printing
from signoffs.outputs.printing import form as layout
from signoffs.outputs.printing.pen import HEIGHT
from signoffs.queries.actors import Who
from tests import factories, printed, stories

DRAWN = {"strokes": [[20, 150, 200, 40, 380, 160], [90, 90, 420, 80]], "size": [600, 200]}
LONG = "阿卜杜拉·买买提明·吾布力卡斯木·艾合买提江·吐尔逊"
LONG_CLASS = "机械设计制造及其自动化专业（卓越工程师中外合作办学实验班）2601班"
RARE = {2: "陈䶮", 3: "李㛃", 4: "周𬭎", 5: "郑𠅤", 6: "王𠮷", 7: "古丽扎尔·阿不都热依木"}


def form(class_group, **how) -> bytes:
    return b"".join(printing.form_pdf([class_group], now=timezone.now(), **how))


def rename(class_group, names: dict[int, str]) -> None:
    for student in class_group.students.filter(seat__in=names):
        student.name = names[student.seat]
        student.save()


@pytest.mark.parametrize(
    "students, errors, pages", [(3, 0, 1), (64, 6, 1), (65, 0, 2), (20, 7, 2), (129, 0, 3), (20, 32, 3)]
)
def test_pages_follow_from_students_and_errors(campaign, students, errors, pages):
    class_group = factories.class_group(students=students)
    fields = ("name", "sex", "ethnicity", "birth_date", "major", "level", "duration", "student_number")
    reporters = iter(class_group.students.order_by("seat"))
    while errors:
        stories.report(next(reporters), *fields[: min(errors, 8)])
        errors -= min(errors, 8)
    texts = printed.pypdf_pages(form(class_group))
    assert len(texts) == pages
    for number, text in enumerate(texts, start=1):
        assert "2026年新生学籍查询及核对登记表" in text
        assert "信息错误反馈统计:" in text
        # Signed once, on the first page.
        assert ("汇总人（班长或学习委员）签名：" in text) == (number == 1)
        assert (f"第 {number} 页 / 共 {pages} 页" in text) == (pages > 1)


def test_the_page_is_the_notices_to_the_letter(campaign, tmp_path):
    class_group = factories.class_group(students=2)
    campaign.department_deadline = date(2026, 12, 24)
    campaign.save()
    class_group.refresh_from_db()
    text = printed.pypdf_pages(form(class_group, blank=True))[0]
    for label in (
        "2026年新生学籍查询及核对登记表",
        "核对无误后需在下面表格签名：",
        "班级：",
        "软件2601班",
        "信息错误反馈统计:",
        "错误原因及正确内容",
        "联系号码",
        "汇总人（班长或学习委员）签名：",
        "注：各班确认签名后交到各系负责人处，12月24日前以系部为单位，统一交到教务管理部。",
    ):
        assert label in text
    assert text.count("序号") == 4
    assert text.count("签名\n") >= 4
    # The numbers run down four column pairs of sixteen.
    at = {
        text: (left, top) for text, left, top, _, _ in printed.words(form(class_group, blank=True), tmp_path)
    }
    columns = [[at[str(number)] for number in range(first, first + 16)] for first in (1, 17, 33, 49)]
    for column in columns:
        assert (
            [top for _, top in column] == [top for _, top in columns[0]] == sorted(top for _, top in column)
        )
    assert [columns[n][0][0] < columns[n + 1][0][0] for n in range(3)] == [True] * 3


def test_cells_hold_what_became_of_each_student(campaign, tmp_path):
    class_group = factories.class_group(students=8)
    officer = factories.user("officer", role="department", in_department=class_group.department)
    *six, leaver, left = class_group.students.order_by("seat")
    monitor, typed, reporter, absent, on_paper, drawn = six
    stories.confirm(monitor)
    stories.confirm(typed)
    stories.report(reporter, "major", chsi="机械工程", right="软件工程")
    stories.excuse(absent, monitor)
    stories.on_paper(on_paper, monitor)
    stories.confirm(drawn, signature=DRAWN)
    text = printed.poppler_text(form(class_group), tmp_path)
    assert text.count(typed.name) == 2  # the signature, and the printed name beneath it
    assert text.count(drawn.name) == 1
    assert text.count("见下表") == 1
    assert text.count("未报到") == 1
    assert "名册 软件工程（卓越班） → 学信网 机械工程 → 应为 软件工程" in text.replace("\n", "")
    assert "12000000001" in text
    assert "未提交的草稿" in text
    assert officer.pk
    assert leaver.name in text
    assert left.name in text


def test_a_drawn_signature_is_lines_and_no_picture(campaign):
    class_group = factories.class_group(students=2)
    for student in class_group.students.all():
        stories.confirm(student, signature=DRAWN)
    page = PdfReader(io.BytesIO(form(class_group))).pages[0]
    resources = page["/Resources"].get("/XObject", {})
    assert [one for one in resources.values() if one.get_object()["/Subtype"] == "/Image"] == []
    content = page.get_contents().get_data()
    assert content.count(b"20 150 m 200 40 l 380 160 l 90 90 m 420 80 l S") == 2


def test_an_id_number_is_never_printed_only_that_it_differs(campaign, tmp_path):
    class_group = factories.class_group(students=2)
    student = class_group.students.first()
    shown = factories.id_number(date(2006, 1, 2), 77)
    stories.report(student, "id_number", chsi=shown, right=student.id_number)
    text = printed.poppler_text(form(class_group), tmp_path)
    assert "身份证号：学信网与名册不一致" in text
    assert shown[-6:] not in text
    assert student.id_number[-6:] not in text


def test_names_are_extracted_as_they_are_written(campaign, tmp_path):
    class_group = factories.class_group(students=20)
    rename(class_group, RARE)
    for student in class_group.students.all():
        stories.confirm(student, signature=DRAWN)
    content = form(class_group)
    by_pypdf, by_poppler = printed.pypdf_pages(content)[0], printed.poppler_text(content, tmp_path)
    for student in class_group.students.all():
        assert student.name in by_pypdf
        assert student.name in by_poppler
    assert "缺字" not in by_pypdf


def test_a_missing_glyph_is_a_box_with_its_number_and_named_below(campaign, tmp_path):
    class_group = factories.class_group(students=1)
    rename(class_group, {1: "李\U0002ebf0"})
    content = form(class_group, blank=True)
    text = printed.pypdf_pages(content)[0]
    assert text.count("U+2EBF0") == 2  # beneath the box, and below the form
    names = class_group.students.values_list("name", flat=True)
    assert printing.lacking(names) == {"李\U0002ebf0": ["\U0002ebf0"]}


def inside(words, *, errors_top: float = layout.ERRORS_TOP, error_rows: int = layout.ERROR_ROWS) -> None:
    """Check that each word of the first page stands in one cell of the grid, or of the table of errors."""
    edges = [
        layout.LEFT + pair * layout.PAIR + offset
        for pair in range(layout.PAIRS)
        for offset in (0, layout.NUMBER_WIDTH)
    ]
    rows = [layout.GRID_TOP - layout.HEADER - row * layout.ROW for row in range(layout.ROWS + 1)]
    lines = [errors_top - layout.HEADER - row * layout.ERROR_ROW for row in range(error_rows + 1)]
    tables = [([*edges, layout.RIGHT], rows), (layout.ERROR_COLUMNS, lines)]
    for text, left, y1, right, y2 in words:
        assert left >= layout.LEFT - 1
        assert right <= layout.RIGHT + 1
        middle = HEIGHT - (y1 + y2) / 2
        for columns, levels in tables:
            if levels[-1] < middle < levels[0]:
                assert sum(edge <= left + 0.5 for edge in columns) == sum(
                    edge < right - 0.5 for edge in columns
                ), text
                # Poppler's boxes are as high as the font's tallest letters: the middle tells the row.
                assert min(abs(middle - level) for level in levels) > 1.5, text


@pytest.mark.parametrize("name", [LONG, "欧阳" * 12, "A" * 60, RARE[7], "Christopher Montgomery-Smith"])
def test_no_text_leaves_its_cell(campaign, tmp_path, name):
    class_group = factories.class_group(LONG_CLASS, students=4)
    rename(class_group, {1: name, 2: name, 3: name})
    first, second, third, fourth = class_group.students.order_by("seat")
    stories.confirm(first)
    stories.report(second, "major", chsi="机械设计制造及其自动化" * 6, right="软件工程" * 20)
    stories.excuse(third, first)
    stories.on_paper(fourth, first)
    inside(printed.words(form(class_group), tmp_path))


def test_marks_beside_a_long_name_stay_in_the_cell_with_it(campaign, tmp_path):
    class_group = factories.class_group(students=4)
    rename(class_group, {2: LONG, 3: "欧阳" * 12, 4: "李\U0002ebf0"})
    officer = factories.user("officer", role="department", in_department=class_group.department)

    def after_the_deadline():
        return timezone.now() + timedelta(days=90)

    campaign.student_deadline = timezone.localdate()
    campaign.save()
    monitor, *others = class_group.students.order_by("seat")
    for student in others:
        declaration = stories.on_paper(student, monitor, after_the_deadline)
        flow.countersign(declaration=declaration, who=Who(user=officer), clock=after_the_deadline)
    words = printed.words(form(class_group), tmp_path)
    assert [text for text, *_ in words if text in ("纸质", "逾期")] == ["纸质", "逾期"] * 3
    inside(words)


def test_drawn_strokes_stay_in_their_cell_above_the_name(campaign):
    class_group = factories.class_group(students=65)
    shapes = ([[0, 0, 2000, 5]], [[0, 0, 5, 2000]], [[7, 7]], DRAWN["strokes"], [[0, 0, 90, 90], [40, 40]])
    for student in class_group.students.order_by("seat"):
        drawn = {"strokes": shapes[student.seat % len(shapes)], "size": [2000, 2000]}
        stories.confirm(student, signature=drawn)
    pages = PdfReader(io.BytesIO(form(class_group))).pages
    matrix = re.compile(rb"q (\S+) 0 0 -(\S+) (\S+) (\S+) cm [^\n]* (\S+) w\n(.*?) S Q")
    seat = 0
    for page in pages:
        for scale, same, x, y, pen, path in matrix.findall(page.get_contents().get_data()):
            assert scale == same
            pair, row = divmod(seat % layout.SEATS, layout.ROWS)
            numbers = [int(one) for one in path.split() if one.isdigit()]
            half = float(scale) * float(pen) / 2
            xs = [float(x) + float(scale) * n for n in numbers[::2]]
            ys = [float(y) - float(scale) * n for n in numbers[1::2]]
            left = layout.LEFT + pair * layout.PAIR + layout.NUMBER_WIDTH
            bottom = layout.GRID_TOP - layout.HEADER - (row + 1) * layout.ROW
            assert left < min(xs) - half
            assert max(xs) + half < left + layout.PAIR - layout.NUMBER_WIDTH
            assert bottom + layout.NAME < min(ys) - half
            assert max(ys) + half < bottom + layout.ROW
            seat += 1
    assert seat == 65


def test_every_name_number_and_phone_is_extracted(campaign, tmp_path):
    class_group = factories.class_group(students=70)
    rename(class_group, RARE | {66: LONG, 70: "买买提·吐尔逊"})
    for student in class_group.students.filter(seat__gt=66):
        stories.report(student)
    content = form(class_group)
    for text in ("\n".join(printed.pypdf_pages(content)), printed.poppler_text(content, tmp_path)):
        words, joined = text.split(), "".join(text.split())
        assert [n for n in range(1, 129) if str(n) not in words] == []
        names = class_group.students.values_list("name", flat=True)
        assert [name for name in names if name not in joined] == []
        assert words.count("12000000001") == 4


def test_a_page_of_errors_alone_has_their_heading_where_the_grid_had_its_own(campaign, tmp_path):
    class_group = factories.class_group(students=7)
    for student in class_group.students.all():
        stories.report(student)
    first, second = printed.pypdf_pages(form(class_group))
    assert [text.count("核对无误后需在下面表格签名：") for text in (first, second)] == [1, 0]
    assert [text.count("信息错误反馈统计:") for text in (first, second)] == [1, 1]
    assert [text.count("错误原因及正确内容") for text in (first, second)] == [1, 1]
    assert [text.count("软件2601班") for text in (first, second)] == [2, 2]  # in its line, and in the footer


def test_a_withdrawn_seat_is_struck_out_and_its_number_not_used_again(campaign):
    class_group = factories.class_group(students=3)
    leaver = class_group.students.get(seat=2)
    before = form(class_group, blank=True)
    flow.withdraw_student(student=leaver, who=Who(user=factories.user("office")), reason="退学")
    after = form(class_group, blank=True)
    bottom = layout.GRID_TOP - layout.HEADER - 2 * layout.ROW
    right = layout.LEFT + layout.PAIR
    strike = f"{layout.LEFT:.2f} {bottom:.2f} m {right:.2f} {bottom + layout.ROW:.2f} l S".encode()
    counts = [
        PdfReader(io.BytesIO(content)).pages[0].get_contents().get_data().count(strike)
        for content in (before, after)
    ]
    assert counts == [0, 1]
    assert leaver.name in printed.pypdf_pages(after)[0]


def test_more_changes_than_fit_are_counted(campaign):
    class_group = factories.class_group(students=60)
    monitor = class_group.students.get(seat=1)
    for student in class_group.students.all():
        stories.report(student)
    stories.submit(class_group, monitor)
    who = Who(user=factories.user("office"))
    for error in FieldError.objects.all():
        flow.settle_error(error=error, outcome=FieldError.Outcome.EXPLAINED, note="无误", who=who)
    for student in class_group.students.all():
        stories.confirm(student)
    text = printed.pypdf_pages(form(class_group))[0]
    assert f"复核（提交后）：1 {monitor.name} 已签；2 " in text
    assert "等共 60 人" in text


def test_a_name_of_25_hanzi_can_still_be_read(campaign):
    class_group = factories.class_group(students=1)
    rename(class_group, {1: LONG})
    sizes = []

    def note(text, _matrix, _text_matrix, _font, size):
        if any(part in text for part in ("阿卜杜拉", "吐尔逊")):
            sizes.append(size)

    PdfReader(io.BytesIO(form(class_group, blank=True))).pages[0].extract_text(visitor_text=note)
    assert sizes
    assert min(sizes) >= 4.9


def test_markup_in_a_name_is_text(campaign, tmp_path):
    class_group = factories.class_group("<b>班</b>", students=1)
    rename(class_group, {1: "<script>x</script>"})
    text = printed.poppler_text(form(class_group, blank=True), tmp_path)
    assert "<b>班</b>" in text
    assert "<script>x</script>" in text


def test_blank_forms_hold_names_or_none(campaign):
    class_group = factories.class_group(students=1)
    name = class_group.students.get().name
    assert name in printed.pypdf_pages(form(class_group, blank=True))[0]
    assert name not in printed.pypdf_pages(form(class_group, blank=True, names=False))[0]


def test_the_footer_names_the_sheet_and_its_code_is_read(campaign, tmp_path):
    class_group = factories.class_group(students=6)
    officer = factories.user("officer", role="department", in_department=class_group.department)
    sheet = stories.everything(class_group, officer)["sheet"]
    content = form(class_group)
    text = printed.pypdf_pages(content)[0]
    for fact in ("第 1 版", sheet.digest, sheet.chain_head, "信息工程系", "软件2601班"):
        assert fact in text
    assert printed.qr_codes(content, tmp_path) == [f"http://testserver/verify/{sheet.verify_code}/"]


def test_what_came_after_the_sheet_stands_beside_its_counts(campaign):
    class_group = factories.class_group(students=6)
    officer = factories.user("officer", role="department", in_department=class_group.department)
    stories.everything(class_group, officer)
    reporter = class_group.students.get(seat=3)
    before = printed.pypdf_pages(form(class_group))[0]
    assert "复核" not in before
    flow.settle_error(
        error=FieldError.objects.get(),
        outcome=FieldError.Outcome.EXPLAINED,
        note="原名册无误",
        who=Who(user=factories.user("office")),
    )
    settled = printed.pypdf_pages(form(class_group))[0].replace("\n", "")
    assert "（已说明）" in settled
    stories.confirm(reporter)
    after = printed.pypdf_pages(form(class_group))[0]
    assert after.count("见下表") == 1
    assert f"复核（提交后）：3 {reporter.name} 已签" in after


def test_a_merged_file_has_title_language_and_a_bookmark_for_each_class(campaign):
    classes = [factories.class_group(f"软件260{n}班", students=2) for n in (1, 2, 3)]
    content = b"".join(printing.form_pdf(classes, now=timezone.now()))
    reader = PdfReader(io.BytesIO(content))
    assert reader.metadata.title == "新生学籍查询及核对登记表"
    assert reader.trailer["/Root"]["/Lang"] == "zh-CN"
    assert [entry.title for entry in reader.outline] == [f"信息工程系 软件260{n}班" for n in (1, 2, 3)]
    assert len(reader.pages) == 3


def test_no_class_at_all_prints_a_page_that_says_so(campaign):
    assert "没有班级" in printed.pypdf_pages(b"".join(printing.form_pdf([], now=timezone.now())))[0]
