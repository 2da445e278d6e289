"""Names that are markup, template code or formulas, from the roster's file to every page and every file."""

import csv
import io
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from rosters import marking, planning, reading
from rosters.models import Student
from signoffs import flow
from signoffs.entrance import links
from signoffs.models import Membership
from signoffs.queries.actors import Who
from tests import factories, printed, stories
from tests.rosters import files

from . import cast
from .crawl import crawl, is_html

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}{% debug %}",
    '=HYPERLINK("http://x.example","点")',
    "+1+cmd|' /C calc'!A0",
    "-1+1",
    "@SUM(1+1)",
]
PLACE, DEPARTMENT, MAJOR = "<b>一班</b>\"'&", "=1+1<i>系</i>", "{{major}}<svg onload=alert(1)>"


def as_csv(rows: list[dict], headings=files.HEADINGS) -> bytes:
    """Return a file in which every value is quoted."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(files.table(rows, headings=headings))
    return text.getvalue().encode()


def as_workbook(rows: list[dict]) -> bytes:
    """Return a workbook in which every cell is text, also what would be a formula."""
    book = Workbook()
    for number, row in enumerate(files.table(rows), start=1):
        for column, value in enumerate(row, start=1):
            cell = book.active.cell(number, column)
            cell.value, cell.data_type = value, "s"
    return files.saved(book)


class _Markup(HTMLParser):
    """Gathers what a browser would run, and all text."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.runs: list[str] = []
        self.text: list[str] = []
        self.values: list[str] = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.values += [value for value in values.values() if value]
        handlers = [name for name in values if name.startswith("on")]
        leads = [values.get(name) or "" for name in ("href", "src", "action")]
        bad = [one for one in leads if one.lower().strip().startswith(("javascript:", "data:", "http://x."))]
        if (tag == "script" and "src" not in values) or handlers or bad or tag in ("iframe", "object"):
            self.runs.append(self.get_starttag_text())
        if tag == "img" and values.get("src") == "x":
            self.runs.append(self.get_starttag_text())

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture
def imported(campaign):
    """A roster of such names, imported as the office does."""
    place = {"班级": PLACE, "系部": DEPARTMENT, "专业名称": MAJOR}
    rows = [
        files.row(n, 姓名=name, 职务="班长" if n == 1 else "", **place)
        for n, name in enumerate(HOSTILE, start=1)
    ]
    content = as_csv(rows, (*files.HEADINGS, "职务"))
    plan = planning.plan(campaign, reading.read(content, "roster.csv"))
    assert [problem.message for problem in plan.problems if problem.level == "error"] == []
    flow.import_roster(plan=plan, who=Who(user=factories.user("importer")))
    return Student.objects.order_by("seat").first().class_group


@pytest.fixture
def browsers(imported):
    """A browser of each role, in the class of these names, of whom two have declared."""
    first, second, third, *_ = imported.students.order_by("seat")
    stories.confirm(second)
    stories.report(third, "major", chsi=HOSTILE[0], right=HOSTILE[3])
    flow.claim_missing(class_group=imported, name=HOSTILE[1], student_number="=1", phone="12000000002")
    officer = cast.staff("officer", role=Membership.Role.DEPARTMENT, in_department=imported.department)
    root = factories.user("root")
    root.is_staff = root.is_superuser = True
    root.save()
    admin = Client()
    admin.force_login(root)
    found = {f"student {n}": cast.identified(one) for n, one in enumerate(imported.students.all()[:4])}
    return found | {
        "monitor": cast.identified(first, "monitor"),
        "officer": officer,
        "office": cast.staff("office"),
        "superuser": admin,
    }


STARTS = {
    "student": ["/class/", "/class/record/", "/class/record/?again=1", "/class/receipt/"],
    "monitor": ["/monitor/"],
    "officer": ["/department/"],
    "office": ["/office/", "/office/errors/"],
    "superuser": ["/admin/rosters/student/", "/admin/rosters/classgroup/", "/admin/rosters/department/"],
}


@pytest.mark.parametrize("who", STARTS)
def test_no_page_runs_a_name_and_every_name_is_shown_as_it_is(browsers, who):
    runs, said = [], ""
    for name, client in browsers.items():
        if name.partition(" ")[0] != who:
            continue
        for url, response in crawl(client, *STARTS[who]).items():
            if not is_html(response):
                continue
            seen = _Markup()
            seen.feed(response.content.decode())
            runs += [f"{url}: {one}" for one in seen.runs]
            said += "\n".join(["".join(seen.text), *seen.values])
            runs += [f"{url}: {one}" for one in (PLACE, DEPARTMENT) if one in response.content.decode()]
    assert runs == []
    shown = [PLACE, *([MAJOR, *HOSTILE[:4]] if who == "student" else HOSTILE)]
    if who == "superuser":
        shown = [PLACE, *HOSTILE, DEPARTMENT]
    # Suffixes that do not count are grey, in an element of their own: the text is the same.
    assert [one for one in shown if one not in said] == []


def test_the_forms_text_is_the_names_verbatim(browsers, imported, tmp_path):
    response = browsers["officer"].post(reverse("department-form", args=[imported.uuid]), {"kind": "blank"})
    text = "".join(printed.poppler_text(response.getvalue(), tmp_path).split())
    # A name longer than its cell is shortened or wrapped; the short ones stand in one piece.
    assert [name for name in ("-1+1", "@SUM(1+1)") if name not in text] == []
    assert PLACE in text
    assert "49" not in text.replace("17", "").replace("49", "", 1)  # 49 is a seat's number, and that once


@pytest.mark.parametrize("name", ["office-status-export", "office-summary-export", "office-errors-export"])
def test_no_workbook_of_the_office_holds_a_formula(browsers, name):
    content = browsers["office"].post(reverse(name)).content
    cells = [
        cell
        for sheet in load_workbook(io.BytesIO(content))
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    ]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n", "d", "b"}
    values = {cell.value for cell in cells}
    assert DEPARTMENT in values
    if name == "office-status-export":
        assert set(HOSTILE) <= values
    if name == "office-errors-export":
        assert {HOSTILE[0], HOSTILE[3], HOSTILE[2]} <= values


@pytest.mark.parametrize("number, kind", [(0, "xlsx"), (1, "csv")])
def test_the_admins_export_holds_no_formula(browsers, number, kind):
    client, url = browsers["superuser"], reverse("admin:rosters_student_export")
    response = client.post(url, {"format": str(number), "resource": "0"})
    assert response.headers["Content-Disposition"].endswith(f'.{kind}"')
    assert "no-store" in response.headers["Cache-Control"]
    if kind == "xlsx":
        sheet = load_workbook(io.BytesIO(response.content)).active
        cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert {cell.data_type for cell in cells} == {"s"}
        assert set(HOSTILE) <= {cell.value for cell in cells}
    else:
        rows = list(csv.reader(io.StringIO(response.content.decode().removeprefix("\ufeff"))))
        values = {value for row in rows for value in row}
        assert [value for value in values if value.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
        assert {f"'{name}" for name in HOSTILE[3:]} <= values


@pytest.mark.parametrize("write", [as_csv, as_workbook])
def test_the_marked_workbook_holds_no_formula(campaign, write):
    rows = [files.row(n, 姓名=name) for n, name in enumerate(HOSTILE, start=1)]
    rows.append(files.row(9, 民族="=火星族"))
    content = write(rows)
    plan = planning.plan(campaign, reading.read(content, "roster"))
    book = load_workbook(io.BytesIO(marking.marked(content, plan.reading, plan.problems)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}


@pytest.mark.parametrize("name", ["\t=1", "\r=1", "=1\x00", "\u202eabc"])
def test_a_name_that_begins_with_a_control_character_is_refused_or_cleaned(campaign, name):
    content = as_csv([files.row(1, 姓名=name)])
    plan = planning.plan(campaign, reading.read(content, "roster.csv"))
    errors = [problem for problem in plan.problems if problem.level == "error"]
    assert errors or plan.created[0].name == name.strip()


def test_a_posters_text_is_the_class_as_it_is(imported, browsers, tmp_path):
    content = browsers["officer"].post(reverse("department-poster", args=[imported.uuid])).getvalue()
    assert PLACE in "".join(printed.poppler_text(content, tmp_path).split())
    token = links.issue(imported, "student", timezone.now()).token
    assert printed.qr_codes(content, tmp_path) == [f"http://testserver/c/{token}/"]
