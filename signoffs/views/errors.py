"""The pages for what went wrong, each with a sentence that says what to do."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def page(request: HttpRequest, status: int, title: str, advice: str) -> HttpResponse:
    """Return the error page with that status."""
    return render(request, "error.html", {"title": title, "advice": advice, "status": status}, status=status)


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
    """500: our fault."""
    return page(
        request,
        500,
        _("Something went wrong here"),
        _("Nothing was saved by this step. Try again in a minute; if it stays, tell the office."),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form's token does not fit: an old page, or cookies switched off."""
    return page(
        request,
        403,
        _("This page has expired"),
        _("Open the link again and repeat the last step. Cookies must be switched on."),
    )
