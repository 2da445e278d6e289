"""The office takes a roster in: upload, preview, confirm. All of it or nothing."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rosters import headings, importing, marking, planning, reading, refusals
from rosters import template as empty_roster
from rosters.models import Department, RosterImport
from rosters.sentences import Sentence

from ... import access, flow
from ...forms.roster import ChoicesForm, MappingForm, UploadForm
from ...process.export_kinds import ExportKind
from ...queries import roster, undoing
from ..files import XLSX, download, made_of_people
from ..pages import INVALID, REFUSED, office_page, same_campaign

GONE = 410
SHOWN = 200  # rows of each table on the preview; the counts are of all


@require_http_methods(["GET", "HEAD", "POST"])
@access.office
@same_campaign
def upload(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """Take a file, read it, and keep it, encrypted, until its preview is confirmed."""
    if request.method != "POST":
        return _uploads(request, desk)
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _uploads(request, desk, form=form, status=INVALID)
    try:
        return redirect("office-roster-preview", _take(request, desk, form.cleaned_data["file"]).uuid)
    except refusals.Unreadable as error:
        return _uploads(request, desk, form=form, status=INVALID, refusal=error.sentence)
    except flow.Refused as refused:
        return _uploads(request, desk, form=form, status=REFUSED, refusal=refused.reason)


def _uploads(
    request: HttpRequest,
    desk: access.OfficeDesk,
    *,
    form: UploadForm | None = None,
    status: int = 200,
    refusal: Sentence | None = None,
) -> HttpResponse:
    if desk.campaign is not None:
        access.record_view(desk, "office-roster")
    without_number = roster.without_number(desk.campaign)
    context = office_page(
        desk,
        "roster",
        form=form or UploadForm(),
        refusal=refusal,
        imports=RosterImport.objects.defer("upload").select_related("uploaded_by")[:20],
        empty_classes=roster.empty_classes(desk.campaign),
        without_number=without_number[:SHOWN],
        without_number_count=without_number.count(),
        shown=SHOWN,
    )
    return render(request, "signoffs/office/roster.html", context, status=status)


def _take(request: HttpRequest, desk: access.OfficeDesk, file: UploadedFile) -> RosterImport:
    """Read and keep an upload; the first one of all makes this year's campaign, and says so.

    Raise refusals.Unreadable, and flow.Refused where another is making the campaign.
    """
    now, content, name = timezone.now(), file.read(), str(file.name)
    read = reading.read(content, name)
    campaign = desk.campaign
    if campaign is None:
        year = str(timezone.localdate(now).year)
        campaign = flow.campaign_for(slug=year, who=desk.who)
        messages.success(request, _("Open: %(campaign)s.") % {"campaign": campaign})
    plan = planning.plan(campaign, read)
    return importing.keep_upload(
        campaign, file_name=name, content=content, plan=plan, user=desk.user, now=now
    )


def _waiting(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorate a page of one upload; where it is gone, or can't be read this time, the list says so."""

    @wraps(view)
    def loaded(request: HttpRequest, desk: access.OfficeDesk, uuid: UUID) -> HttpResponse:
        try:
            return view(request, desk, desk.roster_import(uuid))
        except importing.UploadGone:
            refusal = _(
                "This upload no longer waits: it was applied or forgotten, or an hour has passed. If it is "
                "still to be applied, upload it again."
            )
            return _uploads(request, desk, status=GONE, refusal=refusal)
        except refusals.Unreadable as error:
            return _uploads(request, desk, status=INVALID, refusal=error.sentence)

    return loaded


def _first_lines(sheets: list[reading.Sheet]) -> list[tuple[int, reading.Sheet, list[str]]]:
    """Return the sheets' first lines, for somebody to point at the heading, and what is known of it."""
    return [
        (number, sheet, headings.recognised([texts for _row, texts in sheet.first_lines]))
        for number, sheet in enumerate(sheets)
        if sheet.first_lines
    ]


@require_POST
@access.office_at_campaign
def remove_class(request: HttpRequest, desk: access.OfficeCampaignDesk, uuid: UUID) -> HttpResponse:
    """Remove a class that has become empty."""
    class_group = desk.class_group(uuid)
    try:
        flow.remove_class(class_group=class_group, who=desk.who)
    except flow.Refused as refused:
        return _uploads(request, desk, status=REFUSED, refusal=refused.reason)
    messages.success(request, _("Removed: %(class_group)s.") % {"class_group": class_group})
    return redirect("office-roster")


@require_safe
@access.office
def template(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """An empty roster with the headings that are read, and the office's departments as examples."""
    content = empty_roster.workbook(Department.objects.values_list("name", flat=True))
    return download(request, content, "名册模板.xlsx", XLSX)


def _preview(
    request: HttpRequest,
    desk: access.OfficeDesk,
    roster_import: RosterImport,
    *,
    status: int = 200,
    refusal: Sentence | None = None,
) -> HttpResponse:
    """Show what the file would do. Raise what `importing.plan_of` raises."""
    plan = importing.plan_of(roster_import, now=timezone.now())
    access.record_view(desk, "office-roster-preview")
    sheets = plan.reading.sheets
    context = office_page(
        desk,
        "roster",
        campaign=roster_import.campaign,
        roster_import=roster_import,
        plan=plan,
        sheets=sheets,
        unknown=[heading for sheet in sheets if sheet.header for heading in sheet.header.unknown],
        mapping=MappingForm(reading=plan.reading),
        first_lines=_first_lines(sheets),
        is_no_roster=any(problem.code in ("no_roster", "no_column") for problem in plan.errors),
        can_be_marked=any(problem.row is not None for problem in plan.problems),
        choices=ChoicesForm(request.POST or None, plan=plan, last_is_unused=undoing.is_unused(plan.last)),
        problems=[problem for problem in plan.problems if problem not in plan.news][:SHOWN],
        emptied=plan.emptied[:SHOWN],
        undone=plan.undone[:SHOWN],
        came_only_by_last=plan.came_only_by_last[:SHOWN],
        created=plan.created[:SHOWN],
        updated=plan.updated[:SHOWN],
        missing=plan.missing[:SHOWN],
        shown=SHOWN,
        refusal=refusal,
    )
    return render(request, "signoffs/office/roster_preview.html", context, status=status)


@require_safe
@access.office
@_waiting
def preview(request: HttpRequest, desk: access.OfficeDesk, roster_import: RosterImport) -> HttpResponse:
    """What the file would do: new, changed, unchanged, missing, and problems with their cells."""
    return _preview(request, desk, roster_import)


@require_POST
@access.office
@_waiting
def mapping(request: HttpRequest, desk: access.OfficeDesk, roster_import: RosterImport) -> HttpResponse:
    """Say by hand which column is what, and preview that."""
    before = importing.plan_of(roster_import, now=timezone.now())
    form = MappingForm(request.POST, reading=before.reading)
    if not form.is_valid():
        refusal = _("A column was mapped to a field that does not exist.")
        return _preview(request, desk, roster_import, status=INVALID, refusal=refusal)
    heading = request.POST.get("heading")
    by_hand = form.mapping if heading is None else form.pointed_at(heading)
    if by_hand is None:
        refusal = _("The file has no such line among its first ones.")
        return _preview(request, desk, roster_import, status=INVALID, refusal=refusal)
    plan = importing.plan_of(roster_import, now=timezone.now(), mapping=by_hand)
    importing.keep_mapping(roster_import, plan=plan)
    return redirect("office-roster-preview", roster_import.uuid)


@require_POST
@access.office
@made_of_people
@_waiting
def marked(request: HttpRequest, desk: access.OfficeDesk, roster_import: RosterImport) -> HttpResponse:
    """The office's own workbook, its faulty cells marked."""
    now = timezone.now()
    content = importing.waiting_upload(roster_import, now=now)
    plan = importing.plan_of(roster_import, now=now)
    try:
        book = marking.marked(content, plan.reading, plan.problems)
    except refusals.Unreadable as error:
        return _preview(request, desk, roster_import, status=INVALID, refusal=error.sentence)
    flow.record_export(campaign=roster_import.campaign, who=desk.who, what=ExportKind.MARKED_ROSTER)
    name = roster_import.file_name.rpartition(".")[0] or roster_import.file_name
    return download(request, book, f"{name}-标注.xlsx", XLSX)


@require_POST
@access.office
@_waiting
def drop(request: HttpRequest, desk: access.OfficeDesk, roster_import: RosterImport) -> HttpResponse:
    """Forget an upload before its hour is over."""
    importing.drop_upload(roster_import)
    messages.success(request, _("The upload is forgotten. Nothing was applied."))
    return redirect("office-roster")


@require_POST
@access.office
@_waiting
def confirm(request: HttpRequest, desk: access.OfficeDesk, roster_import: RosterImport) -> HttpResponse:
    """Apply exactly what was previewed; else preview again."""
    plan = importing.plan_of(roster_import, now=timezone.now())
    chosen = ChoicesForm(request.POST, plan=plan, last_is_unused=undoing.is_unused(plan.last))
    if chosen.is_valid() and any(chosen.choices):
        plan = importing.plan_of(roster_import, now=timezone.now(), choices=chosen.choices)
    try:
        if request.POST.get("digest") != plan.digest:
            raise importing.Stale(roster_import.file_name)
        applied = flow.import_roster(plan=plan, who=desk.who, roster_import=roster_import)
    except importing.Stale:
        refusal = _("The roster has changed meanwhile. Look at the preview again; nothing was applied.")
        return _preview(request, desk, roster_import, status=REFUSED, refusal=refusal)
    except importing.NotClean:
        refusal = _("The file has errors: mend them and upload it again. Nothing was applied.")
        return _preview(request, desk, roster_import, status=REFUSED, refusal=refusal)
    except flow.Refused as refused:
        return _preview(request, desk, roster_import, status=REFUSED, refusal=refused.reason)
    messages.success(
        request,
        _("Applied: %(created)s new, %(changed)s changed.")
        % {"created": len(applied.created), "changed": len(plan.updated)},
    )
    return redirect("office")
