"""What the pages draw with: the form's grid in small, field labels and values, a stacked bar."""

import itertools
import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

from django import template
from django.template.base import Parser, TextNode, Token, TokenType
from django.template.defaulttags import URLNode
from django.template.loader import render_to_string
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.templatetags.static import StaticNode, static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from rosters import identity, key_fields, meanings
from rosters.sentences import Sentence

from ..models import Event, Excuse, FieldError, Membership
from ..process import deadlines, labels, states
from ..process.export_kinds import ExportKind
from ..process.grid import PAIRS, ROWS, SEATS
from ..queries.classes import ClassRow
from ..queries.counts import Counts

register = template.Library()
register.filter("key_label", labels.glossed_label)

# Marks of a User-Agent, the telling one first: Edge and WeChat also call themselves Chrome, Chrome Safari.
BROWSERS = (
    ("MicroMessenger", "微信"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
# What an event's verb means, in a history.
VERBS = {
    "import_roster": _("roster imported"),
    "confirm": _("signed: all right"),
    "report": _("reported an error"),
    "withdraw_declaration": _("took the declaration back"),
    "enter_on_paper": _("signature entered for the student"),
    "countersign": _("countersigned"),
    "contest": _("contested by the student"),
    "excuse": _("excuse entered"),
    "lift_excuse": _("excuse lifted"),
    "mark_overdue": _("marked overdue"),
    "claim_missing": _("said to be missing from the roster"),
    "settle_claim": _("missing student settled"),
    "name_monitor": _("named monitor"),
    "unname_monitor": _("no longer monitor"),
    "rotate_link": _("link renewed"),
    "issue_code": _("one-time code issued"),
    "use_code": _("one-time code used"),
    "submit_sheet": _("sheet submitted"),
    "return_sheet": _("sheet returned"),
    "accept_sheet": _("sheet accepted"),
    "hand_in": _("handed in"),
    "receive": _("received"),
    "reopen": _("opened again"),
    "settle_error": _("error followed up"),
    "remove_class": _("empty class removed"),
    "withdraw_student": _("struck off the roster"),
    "look_again": _("looked again at an error"),
    "show_number": _("saw a whole ID number"),
    "extend_deadlines": _("deadlines extended"),
    "take_back_deadlines": _("extension taken back"),
    "edit_university": _("university named"),
    "reopen_campaign": _("campaign opened again"),
    "edit_texts": _("texts edited"),
    "close_campaign": _("campaign closed"),
    "recount": _("tally mended"),
    "create_campaign": _("campaign created"),
    "open_campaign": _("campaign opened"),
    "export": _("file made"),
    "add_account": _("account added"),
    "invite": _("invitation issued"),
    "accept_invitation": _("password chosen by invitation"),
    "edit_account": _("account changed"),
    "deactivate_account": _("account deactivated"),
    "reactivate_account": _("account reactivated"),
    "sign_out_everywhere": _("signed out everywhere"),
    "require_second_factor": _("second factor required"),
    "set_up_second_factor": _("second factor set up"),
    "give_up_second_factor": _("second factor given up"),
    "remove_second_factor": _("second factor removed by the office"),
    "renew_recovery_codes": _("recovery codes renewed"),
    "change_password": _("password changed"),
    "tie_campus": _("campus sign-on tied"),
    "untie_campus": _("campus sign-on untied"),
    "ask_whole_numbers": _("asked for whole ID numbers"),
    "export_whole_numbers": _("exported whole ID numbers"),
    "announce_purge": _("deletion announced"),
    "purge": _("personal data deleted"),
}
# Where personal data was seen: pages by their names in the map of the site, files by what they are.
SEEN = {
    "department": _("overview, with who is missing from the roster"),
    "department-class": _("page of the class"),
    "department-student": _("page of the student"),
    "office": _("overview, with who is missing from the roster"),
    "office-class": _("page of the class"),
    "office-student": _("page of the student"),
    "office-errors": _("list of errors"),
    "office-number": _("whole ID numbers of a report"),
    "office-roster": _("roster: without a usable ID number"),
    "office-roster-preview": _("preview of a roster"),
    "office-student-access": _("access log of the student"),
    "office-account-access": _("access log of an account"),
    "admin-students": _("admin: list of students"),
    "admin-student": _("admin: a student"),
    "admin-export": _("admin: exported list, masked"),
    ExportKind.FORM: _("printed forms"),
    ExportKind.BLANK_FORM: _("blank forms, with names"),
    ExportKind.HAND_IN: _("hand-in on paper"),
    ExportKind.ARCHIVE: _("archive of a department"),
    ExportKind.STATUS: _("workbook: status of the students"),
    ExportKind.SUMMARY: _("workbook: counts of departments and classes"),
    ExportKind.ERROR_STATISTICS: _("workbook: error statistics"),
    ExportKind.MARKED_ROSTER: _("uploaded roster, marked"),
    "export_whole_numbers": _("workbook: whole ID numbers"),
}
ROLES = {**dict(Membership.Role.choices), "admin": _("IT person, in the admin")}


# What a text for students names and a finger wants to follow. A new tab: what is filled in here stays.
FOLLOWED = re.compile(
    r"(?P<chsi>(?:打开)?学信网 ?[(（]www\.chsi\.com\.cn[)）]|www\.chsi\.com\.cn)"
    r"|(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<phone>(?<!\d)(?:0\d{2,3}-\d{7,8}|1\d{10})(?!\d))",
    re.ASCII,
)
LINKS = {
    "chsi": '<a href="https://www.chsi.com.cn/" target="_blank" rel="noopener">{}</a>',
    "mail": '<a href="mailto:{0}">{0}</a>',
    "phone": '<a href="tel:{0}">{0}</a>',
}
SAME_FOR_ALL = (TextNode, TranslateNode, URLNode, StaticNode)


def _is_the_same_for_all(node: template.Node) -> bool:
    """A long sentence stands in a blocktranslate, for its lines; one that names a value is somebody's."""
    if isinstance(node, BlockTranslateNode):
        return node.countervar is None and all(part.token_type == TokenType.TEXT for part in node.singular)
    return isinstance(node, SAME_FOR_ALL)


class _Once(template.Node):
    def __init__(self, nodes: template.NodeList):
        self.nodes = nodes
        self.drawn: dict[str, str] = {}

    def render(self, context: template.Context) -> str:
        language = get_language()
        if language not in self.drawn:
            empty = template.Context()
            with empty.bind_template(cast(template.Template, context.template)):
                self.drawn[language] = self.nodes.render(empty)
        return self.drawn[language]


@register.tag
def once(parser: Parser, token: Token) -> _Once:
    """`{% once %}…{% endonce %}`: what is the same on everybody's page, drawn once for each language.

    It is drawn without the page's context, and may hold nothing that asks for it, so that nothing of one
    person's page can come to another's. Raise TemplateSyntaxError for what is not on the list.
    """
    nodes = parser.parse(("endonce",))
    for node in nodes:
        if not _is_the_same_for_all(node):
            raise template.TemplateSyntaxError(f"once: {node} may differ from one page to the next")
    parser.delete_first_token()
    return _Once(nodes)


@register.simple_tag
def colon() -> str:
    """Return the colon between a label and its value: Chinese has one of its own width, without a space."""
    return ": " if get_language() == "en" else "："


@register.simple_tag(takes_context=True)
def here(context: template.Context) -> str:
    """Return the address to come back to, which a GET may open: of an answer to a form, that of its page."""
    request = context.get("request")
    if request is None or request.method in ("GET", "HEAD"):
        return request.get_full_path() if request else ""
    page = urlsplit(request.headers.get("Referer", ""))
    if page.netloc != request.get_host():
        return reverse("home")
    return urlunsplit(("", "", page.path, page.query, ""))


# Parts of the student's form as they are while nothing is filled in, by language, template and field.
_untouched: dict[tuple[Any, ...], str] = {}


@register.simple_tag(takes_context=True)
def part(context: template.Context, template_name: str, row: dict[str, Any] | None = None) -> str:
    """Return a part of a student's form, of one of its rows where there is one.

    Until something is filled in it is the same for everybody, so it is drawn once for each language: on the
    last evening this page is most of what the server does.
    """
    form = context["form"]
    key = (get_language(), template_name, row and row["field"].name)
    drawn = _untouched.get(key) if form.is_untouched else None
    if drawn is None:
        part_context = {"form": form, "row": row, "answers": context.get("answers")}
        drawn = render_to_string(template_name, part_context)
        if form.is_untouched:
            _untouched[key] = drawn
    return drawn


@register.simple_tag
@lru_cache(maxsize=4096)
def thumb(cells: str, own: int = 0, large: bool = False) -> str:
    """Return the form's grid in small, numbers running down four columns; `own` is a seat to point at.

    Drawn for the eye alone: the counts stand beside it in words.
    """
    pages = max(1, -(-len(cells) // SEATS))
    drawn = []
    for index in range(pages * SEATS):
        letter = cells[index] if index < len(cells) else "-"
        kind = "x" if letter == "-" else letter.lower()
        column, row = divmod(index % SEATS, ROWS)
        column += PAIRS * (index // SEATS)
        kind += " own" if index + 1 == own else ""
        drawn.append((kind, column * 3.4, row))
    width = pages * PAIRS * 3.4
    return format_html(
        '<svg class="thumb{}" viewBox="-0.2 -0.2 {} {}" preserveAspectRatio="{}" aria-hidden="true">{}</svg>',
        " thumb--large" if large else "",
        f"{width:.1f}",
        f"{ROWS + 0.4:.1f}",
        "xMidYMid" if large else "none",
        format_html_join("", '<rect class="{}" x="{}" y="{}" width="3.2" height="0.84"/>', drawn),
    )


@register.simple_tag
def stack(counts: Counts) -> str:
    """Return a thin bar of the standings; the counts stand beside it in figures."""
    parts, at = [], 0.0
    left = counts.missing + counts.recheck
    for name in ("confirmed", "reported", "excused", "overdue", "missing"):
        share = left if name == "missing" else getattr(counts, name)
        width = share * 120 / counts.expected if counts.expected else 0
        if width:
            parts.append((name, f"{at:.1f}", f"{width:.1f}"))
        at += width
    bars = format_html_join("", '<rect class="{}" x="{}" y="0" width="{}" height="10"/>', parts)
    return format_html('<svg class="stack" viewBox="0 0 120 10" aria-hidden="true">{}</svg>', bars)


@register.simple_tag
def count_columns() -> tuple[tuple[str, Sentence], ...]:
    """Return the columns of counts: (name, label); the first is the sum of the others."""
    return tuple(labels.COUNTS.items())


@register.filter
def count(counts: Counts | Mapping[str, int], name: str) -> int:
    """Return one column of counts, of a sheet's frozen ones too: nobody is left on a sheet."""
    return counts.get(name, 0) if isinstance(counts, Mapping) else getattr(counts, name)


@register.simple_tag
def picture(row: ClassRow) -> str:
    """Return a class in small: the form's grid, or a bar where the grid would have more than two pages."""
    return thumb(row.cells) if len(row.cells) <= 2 * SEATS else stack(row.counts)


@register.simple_tag
def signed(signature: dict) -> str:
    """Return a signature as its owner made it: typed, or the strokes as a drawing; a dash for none."""
    if "strokes" not in signature:
        return signature.get("typed", "—")
    width, height = signature["size"]
    return format_html(
        '<svg viewBox="0 0 {} {}" width="180" height="60" fill="none" stroke="currentColor" stroke-width="3" '
        'role="img" aria-label="{}"><path d="{}"/></svg>',
        width,
        height,
        _("Signature"),
        " ".join(map(_path, signature["strokes"])),
    )


def _path(stroke: list[int]) -> str:
    """Return a stroke as a path's data: where it begins, and the step to each further point."""
    points = list(zip(stroke[::2], stroke[1::2], strict=True))
    steps = (f"l{x - x0} {y - y0}" for (x0, y0), (x, y) in itertools.pairwise(points))
    return f"M{points[0][0]} {points[0][1]}{''.join(steps)}" if points else ""


@register.simple_tag
def drawing(step: int) -> str:
    """Return where the picture of a step of the guide is."""
    return static(f"guide/step{step}.svg")


@register.filter
def linked(text: str) -> str:
    """Return a text for students, CHSI's address, mail addresses and phone numbers in it as links."""
    text, pieces, at = str(text), [], 0
    for found in FOLLOWED.finditer(text):
        pieces += [text[at : found.start()], format_html(LINKS[str(found.lastgroup)], found[0])]
        at = found.end()
    return format_html_join("", "{}", ((piece,) for piece in [*pieces, text[at:]]))


@register.simple_tag
def key_field_count() -> int:
    """Return how many fields are checked."""
    return len(key_fields.KEY_FIELDS)


@register.filter
def shown(record: object, name: str) -> str:
    """Return a field of a record as a page shows it."""
    return key_fields.display(name, getattr(record, name))


@register.filter
def with_faint_suffix(major: str) -> str:
    """Return a major whose bracketed suffix, which does not count, is grey."""
    return format_html('{}<span class="muted">{}</span>', *meanings.split_suffix(major))


@register.filter
def state_label(state: str) -> Sentence:
    """Return a standing in words."""
    return states.label(state)


@register.filter
def show_value(name: str, value: Any) -> str:
    """Return a value of that field as a page shows it; an ID number masked."""
    text = key_fields.display(name, value)
    return identity.mask(text) if name == "id_number" else text


@register.filter
def owner_label(owner: str) -> Sentence:
    """Return who can have CHSI corrected, in words."""
    return FieldError.Owner(owner).label


@register.filter
def verb(name: str) -> Sentence:
    """Return what an event's verb means."""
    return VERBS.get(name, name)


@register.filter
def browser(user_agent: str) -> str:
    """Return which browser on which system it is, as far as the most common ones can be told apart."""
    found = [[name for mark, name in table if mark in user_agent] for table in (BROWSERS, SYSTEMS)]
    return " · ".join(str(names[0] if names else _("unknown")) for names in found)


@register.filter
def seen(what: str) -> Sentence:
    """Return in words where personal data was seen."""
    return SEEN.get(what, what)


@register.filter
def role_label(role: str) -> Sentence:
    """Return as what somebody looked; nothing where it was not noted."""
    return ROLES.get(role, "")


@register.filter
def day(value: date | datetime) -> str:
    """Return a day, or a moment's day on the school's clock, without its year: 12月22日."""
    return deadlines.in_words(deadlines.day_of(value) if isinstance(value, datetime) else value)


@register.filter
def moment(value: datetime) -> str:
    """Return a moment on the school's clock: 12月22日 23:59."""
    return f"{day(value)} {timezone.localtime(value, deadlines.SCHOOL_CLOCK):%H:%M}"


@register.filter
def masked(number: str) -> str:
    """Return an ID number as pages show it."""
    return identity.mask(number)


@register.filter
def particulars(event: Event) -> str:
    """Return what an event says besides its verb, in words: an error's field and outcome, a reason."""
    told = event.payload or {}
    if "outcome" in told:
        return f"{labels.field_label(told['field'])} · {FieldError.Outcome(told['outcome']).label}"
    if event.verb == "excuse" and told.get("reason") in Excuse.Reason.values:
        return Excuse.Reason(told["reason"]).label
    return told.get("reason", "")
