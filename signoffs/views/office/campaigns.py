"""The office's campaigns: deadlines, texts, the end; next year's, and those of old."""

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from rosters.models import Campaign

from ... import access, flow
from ...forms.staff import CampaignForm, CloseForm, DeadlinesForm, TextsForm
from ...queries import retention
from ..pages import INVALID, REFUSED, office_page, same_campaign


@require_http_methods(["GET", "HEAD", "POST"])
@access.office
@same_campaign
def campaign(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """The deadlines, to extend them."""
    if desk.campaign is None:
        return redirect("office-roster")
    if request.method != "POST":
        return _campaign(request, desk)
    form = DeadlinesForm(request.POST)
    if not form.is_valid():
        return _campaign(request, desk, status=INVALID, form=form)
    try:
        flow.extend_deadlines(campaign=desk.campaign, who=desk.who, clock=timezone.now, **form.cleaned_data)
    except flow.Refused as refused:
        return _campaign(request, desk, status=REFUSED, form=form, refusal=refused.reason)
    messages.success(request, _("The deadlines are extended."))
    return redirect("office-campaign")


def _campaign(request, desk, *, status=200, form=None, close=None, refusal=None) -> HttpResponse:
    days = {name: getattr(desk.campaign, name) for name in ("student_deadline", "department_deadline")}
    closed = desk.campaign.state == Campaign.State.CLOSED
    context = office_page(
        desk,
        "campaign",
        form=form or DeadlinesForm(initial=days),
        close=close or CloseForm(campaign=desk.campaign),
        refusal=refusal,
        not_printed=retention.not_handed_out(desk.campaign) if closed else [],
        kept_days=retention.KEPT_DAYS,
    )
    return render(request, "signoffs/office/campaign.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@access.office
def campaigns(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """All years; and next year's, to prepare it from the last one."""
    latest = Campaign.objects.order_by("-slug").first()
    status, refusal, form = 200, None, CampaignForm(latest=latest)
    if request.method == "POST":
        form, status = CampaignForm(request.POST, latest=latest), INVALID
        if form.is_valid():
            said = dict(form.cleaned_data)
            copied = latest.texts if said.pop("copy_texts") and latest else {}
            try:
                made = flow.create_campaign(**said, texts=copied, who=desk.who, clock=timezone.now)
            except flow.Refused as refused:
                status, refusal = REFUSED, refused.reason
            else:
                messages.success(request, _("Prepared: %(campaign)s.") % {"campaign": made})
                return redirect("office-campaigns")
    found = Campaign.objects.order_by("-slug").annotate(students_count=Count("students"))
    context = office_page(desk, "campaign", form=form, refusal=refusal, found=found)
    return render(request, "signoffs/office/campaigns.html", context, status=status)


@require_POST
@access.office
def open_campaign(request: HttpRequest, desk: access.OfficeDesk, slug) -> HttpResponse:
    """Open a campaign that was in preparation."""
    one = desk.campaign_named(slug)
    try:
        flow.open_campaign(campaign=one, who=desk.who, clock=timezone.now)
    except flow.Refused as refused:
        messages.error(request, refused.reason)
        return redirect("office-campaigns")
    access.choose_campaign(request, one)
    messages.success(request, _("Open: %(campaign)s.") % {"campaign": one})
    return redirect("office")


@require_POST
@access.office
def choose_campaign(request: HttpRequest, desk: access.OfficeDesk, slug) -> HttpResponse:
    """Look at another year's campaign, a closed one too."""
    access.choose_campaign(request, desk.campaign_named(slug))
    return redirect("office")


@require_http_methods(["GET", "HEAD", "POST"])
@access.office
@same_campaign
def texts(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """What the students' pages tell: the guide, the known trouble, the notice on their data."""
    if desk.campaign is None:
        return redirect("office-roster")
    status, refusal, form = 200, None, TextsForm(texts=desk.campaign.texts)
    if request.method == "POST":
        form, status = TextsForm(request.POST, texts=desk.campaign.texts), INVALID
        if form.is_valid():
            try:
                flow.edit_texts(campaign=desk.campaign, texts=form.texts, who=desk.who, clock=timezone.now)
            except flow.Refused as refused:
                status, refusal = REFUSED, refused.reason
            else:
                messages.success(request, _("Saved. Students see it at once."))
                return redirect("office-texts")
    context = office_page(desk, "campaign", form=form, refusal=refusal)
    return render(request, "signoffs/office/texts.html", context, status=status)


@require_POST
@access.office
def close_campaign(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """The end of the campaign; the year typed once more says that it is meant."""
    if desk.campaign is None:
        return redirect("office-roster")
    form = CloseForm(request.POST, campaign=desk.campaign)
    if not form.is_valid():
        return _campaign(request, desk, status=INVALID, close=form)
    try:
        flow.close_campaign(campaign=desk.campaign, who=desk.who, clock=timezone.now)
    except flow.Refused as refused:
        return _campaign(request, desk, status=REFUSED, refusal=refused.reason)
    messages.success(request, _("The campaign is closed."))
    return redirect("office-campaign")


@require_POST
@access.office
@same_campaign
def announce_purge(request: HttpRequest, desk: access.OfficeDesk) -> HttpResponse:
    """Set the day from which the campaign's personal data may be deleted; letters tell staff."""
    if desk.campaign is None:
        return redirect("office-roster")
    try:
        day = flow.announce_purge(campaign=desk.campaign, who=desk.who, clock=timezone.now)
    except flow.Refused as refused:
        return _campaign(request, desk, status=REFUSED, refusal=refused.reason)
    messages.success(request, _("Announced for %(day)s.") % {"day": day.isoformat()})
    return redirect("office-campaign")
