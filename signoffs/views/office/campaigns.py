"""The office's campaigns: deadlines, texts, the end; next year's, and those of old."""

from django.db.models import Count
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from rosters.models import Campaign
from rosters.sentences import Sentence

from ... import access, flow
from ...forms.staff import (
    CampaignForm,
    CloseForm,
    DeadlinesForm,
    DepartmentDeadlinesForm,
    ReasonForm,
    TextsForm,
    UniversityForm,
)
from ...process import keeping, rules
from ...queries import extensions, retention
from ...queries.closing import open_reports, still_open
from ..pages import back, done, moves, office_page, posted, same_campaign, sent_as


def _campaign_page(
    request: HttpRequest,
    desk: access.OfficeCampaignDesk,
    *,
    status: int = 200,
    refusal: Sentence | None = None,
    form: Form | None = None,
) -> HttpResponse:
    days = {name: getattr(desk.campaign, name) for name in ("student_deadline", "department_deadline")}
    closed, now = desk.campaign.state == Campaign.State.CLOSED, timezone.now()
    changes = list(desk.campaign.deadline_changes.select_related("department").filter(taken_back_at=None))
    context = office_page(
        desk,
        "campaign",
        form=_of_kind(DeadlinesForm, form) or DeadlinesForm(initial=days),
        own_form=sent_as(DepartmentDeadlinesForm, form) or DepartmentDeadlinesForm(campaign=desk.campaign),
        university_form=sent_as(UniversityForm, form)
        or UniversityForm(initial={"university": desk.campaign.university}),
        reason_form=sent_as(ReasonForm, form) or ReasonForm(),
        changes=changes,
        no_take_back=extensions.why_not_taken_back(changes[0], desk.campaign, now) if changes else None,
        no_reopen=rules.may_reopen(desk.campaign.closed_at if closed else None, now),
        still_open=[] if desk.campaign.purged_at else still_open(desk.campaign),
        close=sent_as(CloseForm, form) or CloseForm(campaign=desk.campaign),
        refusal=refusal,
        not_printed=retention.not_handed_out(desk.campaign) if closed else [],
        kept_days=keeping.KEPT_DAYS,
        announced_days=keeping.ANNOUNCED_DAYS,
    )
    return render(request, "signoffs/office/campaign.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@access.office_at_campaign
@same_campaign
@moves(_campaign_page, form=posted(DeadlinesForm))
def campaign(request: HttpRequest, desk: access.OfficeCampaignDesk, form: DeadlinesForm) -> HttpResponse:
    """The deadlines, to extend them."""
    flow.extend_deadlines(campaign=desk.campaign, deadlines=form.deadlines, who=desk.who)
    return done(request, _("The deadlines are extended."), "office-campaign")


def _of_kind(kind: type[Form], form: Form | None) -> Form | None:
    return form if type(form) is kind else None


def _own_deadlines_form(request: HttpRequest, desk: access.OfficeCampaignDesk) -> DepartmentDeadlinesForm:
    return DepartmentDeadlinesForm(request.POST, campaign=desk.campaign)


@require_POST
@access.office_at_campaign
@same_campaign
@moves(_campaign_page, form=_own_deadlines_form)
def own_deadlines(
    request: HttpRequest, desk: access.OfficeCampaignDesk, form: DepartmentDeadlinesForm
) -> HttpResponse:
    """The deadlines of one department, to extend them for it alone."""
    flow.extend_deadlines(
        campaign=desk.campaign,
        deadlines=form.deadlines,
        department=form.cleaned_data["department"],
        who=desk.who,
    )
    return done(request, _("The deadlines are extended."), "office-campaign")


@require_POST
@access.office_at_campaign
@same_campaign
@moves(_campaign_page)
def take_back_deadlines(request: HttpRequest, desk: access.OfficeCampaignDesk) -> HttpResponse:
    """A slip: the newest change of a deadline, taken back while nobody has acted on it."""
    change = desk.campaign.deadline_changes.filter(taken_back_at=None).first()
    if change is None:
        raise flow.Refused(_("No deadline was changed."))
    flow.take_back_deadlines(change=change, who=desk.who)
    return done(request, _("Taken back: the earlier deadlines hold again."), "office-campaign")


@require_POST
@access.office_at_campaign
@same_campaign
@moves(_campaign_page, form=posted(UniversityForm))
def university(request: HttpRequest, desk: access.OfficeCampaignDesk, form: UniversityForm) -> HttpResponse:
    """The university's name."""
    flow.edit_university(campaign=desk.campaign, who=desk.who, **form.cleaned_data)
    return done(request, _("Saved."), "office-campaign")


@require_POST
@access.office_at_campaign
@same_campaign
@moves(_campaign_page, form=posted(ReasonForm))
def reopen_campaign(request: HttpRequest, desk: access.OfficeCampaignDesk, form: ReasonForm) -> HttpResponse:
    """Open again what was closed by mistake."""
    flow.reopen_campaign(campaign=desk.campaign, who=desk.who, **form.cleaned_data)
    return done(request, _("The campaign is open again."), "office-campaign")


def _latest() -> Campaign | None:
    return Campaign.objects.order_by("-slug").first()


def _campaigns_page(
    request: HttpRequest,
    desk: access.OfficeDesk,
    *,
    status: int = 200,
    refusal: Sentence | None = None,
    form: Form | None = None,
) -> HttpResponse:
    found = Campaign.objects.order_by("-slug").annotate(students_count=Count("students"))
    form = form or CampaignForm(latest=_latest())
    context = office_page(desk, "campaign", form=form, refusal=refusal, found=found)
    return render(request, "signoffs/office/campaigns.html", context, status=status)


def _campaign_form(request: HttpRequest, desk: access.OfficeDesk) -> CampaignForm:
    return CampaignForm(request.POST, latest=_latest())


@require_http_methods(["GET", "HEAD", "POST"])
@access.office
@moves(_campaigns_page, form=_campaign_form)
def campaigns(request: HttpRequest, desk: access.OfficeDesk, form: CampaignForm) -> HttpResponse:
    """All years; and next year's, to prepare it from the last one."""
    latest = _latest() if form.cleaned_data["copy_texts"] else None
    made = flow.create_campaign(
        slug=form.cleaned_data["slug"],
        university=form.cleaned_data["university"],
        deadlines=form.deadlines,
        texts=latest.texts if latest else {},
        who=desk.who,
    )
    return done(request, _("Prepared: %(campaign)s.") % {"campaign": made}, "office-campaigns")


@require_POST
@access.office
@moves(back("office-campaigns"), load=access.OfficeDesk.campaign_named)
def open_campaign(request: HttpRequest, desk: access.OfficeDesk, campaign: Campaign) -> HttpResponse:
    """Open a campaign that was in preparation."""
    flow.open_campaign(campaign=campaign, who=desk.who)
    access.choose_campaign(request, campaign)
    return done(request, _("Open: %(campaign)s.") % {"campaign": campaign}, "office")


@require_POST
@access.office
def choose_campaign(request: HttpRequest, desk: access.OfficeDesk, slug: str) -> HttpResponse:
    """Look at another year's campaign, a closed one too."""
    access.choose_campaign(request, desk.campaign_named(slug))
    return redirect("office")


def _texts_page(
    request: HttpRequest,
    desk: access.OfficeCampaignDesk,
    *,
    status: int = 200,
    refusal: Sentence | None = None,
    form: Form | None = None,
) -> HttpResponse:
    form = form or TextsForm(texts=desk.campaign.texts)
    context = office_page(desk, "campaign", form=form, refusal=refusal)
    return render(request, "signoffs/office/texts.html", context, status=status)


def _texts_form(request: HttpRequest, desk: access.OfficeCampaignDesk) -> TextsForm:
    return TextsForm(request.POST, texts=desk.campaign.texts)


@require_http_methods(["GET", "HEAD", "POST"])
@access.office_at_campaign
@same_campaign
@moves(_texts_page, form=_texts_form)
def texts(request: HttpRequest, desk: access.OfficeCampaignDesk, form: TextsForm) -> HttpResponse:
    """What the students' pages tell: the guide, the known trouble, the notice on their data."""
    flow.edit_texts(campaign=desk.campaign, texts=form.texts, who=desk.who)
    return done(request, _("Saved. Students see it at once."), "office-texts")


def _close_form(request: HttpRequest, desk: access.OfficeCampaignDesk) -> CloseForm:
    return CloseForm(request.POST, campaign=desk.campaign)


@require_POST
@access.office_at_campaign
@moves(_campaign_page, form=_close_form)
def close_campaign(request: HttpRequest, desk: access.OfficeCampaignDesk, form: CloseForm) -> HttpResponse:
    """The end of the campaign; the year typed once more says that it is meant."""
    flow.close_campaign(campaign=desk.campaign, who=desk.who)
    return done(request, _("The campaign is closed."), "office-campaign")


@require_POST
@access.office_at_campaign
@same_campaign
@moves(_campaign_page)
def announce_purge(request: HttpRequest, desk: access.OfficeCampaignDesk) -> HttpResponse:
    """Set the day from which the campaign's personal data may be deleted; letters tell staff."""
    day = flow.announce_purge(campaign=desk.campaign, who=desk.who)
    left = open_reports(desk.campaign)
    message = _("Announced for %(day)s; reported errors without an end: %(count)s.")
    return done(request, message % {"day": day.isoformat(), "count": left}, "office-campaign")
