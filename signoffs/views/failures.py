"""The pages for what went wrong, each with a sentence that says what to do."""

import logging
import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rosters.sentences import Sentence

from ..upkeep import health, outages

_log = logging.getLogger("enrollcheck.outages")

_LATER = gettext_lazy(
    "Nothing was saved by this step; what was signed before is safe. Go back and send it again in some "
    "minutes. If it stays, tell the office."
)
# What an outage says to the person, and after how many seconds to come again.
OUTAGES = {
    outages.LOCKED: (
        gettext_lazy("Very busy at this moment"),
        gettext_lazy(
            "Nothing was saved by this step. Wait half a minute, go back and send it again: sending twice "
            "counts once."
        ),
        30,
    ),
    outages.FULL: (
        gettext_lazy("The server's disk is full"),
        _LATER,
        120,
    ),
    outages.READ_ONLY: (
        gettext_lazy("The server can't save anything at this moment"),
        _LATER,
        120,
    ),
    outages.AWAY: (
        gettext_lazy("The database does not answer"),
        # It may have gone between the commit and its answer.
        gettext_lazy(
            "Whether this step was saved is not certain; what was signed before is safe. Go back and send it "
            "again in some minutes: sending twice counts once. If it stays, tell the office."
        ),
        120,
    ),
    outages.SLOW: (
        gettext_lazy("It may have arrived: please send it again"),
        gettext_lazy(
            "The database takes long to confirm; what you have sent goes on being saved. Wait some seconds, "
            "go back and send it again: sending twice counts once, and the answer tells."
        ),
        10,
    ),
    outages.CLOCK: (
        gettext_lazy("This server's clock is wrong"),
        gettext_lazy(
            "Nothing was saved by this step, so that nobody is late by mistake. Go back and send it again: "
            "another server may take it. If it stays, tell the office."
        ),
        10,
    ),
}


def page(
    request: HttpRequest, status: int, title: Sentence, advice: Sentence, **more: object
) -> HttpResponse:
    """Return the error page with that status."""
    context = {"title": title, "advice": advice, "status": status, **more}
    return render(request, "error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: what the browser sent can't be read."""
    return page(request, 400, _("This request can't be read"), _("Go back, reload the page, and try again."))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: somebody who may not; the reason is the exception's own sentence."""
    advice = str(exception) or _("Your account may not do this. Ask the academic affairs office.")
    return page(request, 403, _("Not allowed"), advice)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: nothing here, or nothing for this person: the two look the same."""
    return page(
        request,
        404,
        _("There is nothing here"),
        _("The link may be incomplete or out of date. Ask your monitor or your department for the new one."),
    )


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """429: more sign-ins from one address than people make."""
    return page(
        request,
        429,
        _("Too many requests"),
        _("Too many sign-ins come from this address just now. Wait a minute, then try again."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault. 503 where disk or database fail, with the time to come again."""
    outage = health.outage_of(sys.exception())
    if outage is not None:
        return outage_page(request, outage)
    return page(
        request,
        500,
        _("Something went wrong here"),
        # It may have happened after the commit, while the answer was drawn.
        _(
            "Whether this step was saved is not certain. Go back and try again in a minute: sending twice "
            "counts once. If it stays, tell the office."
        ),
    )


def outage_page(request: HttpRequest, outage: str) -> HttpResponse:
    """503, with the time to come again. Without the user: reading that would ask the database once more."""
    _log.error("outage", extra={"facts": {"outage": outage}})
    title, advice, seconds = OUTAGES[outage]
    response = page(request, 503, title, advice, user=None)
    response.headers["Retry-After"] = str(seconds)
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form's token does not fit: an old page, or cookies switched off."""
    return page(
        request,
        403,
        _("This page has expired"),
        _("Open the link again and repeat the last step. Cookies must be switched on."),
    )
