"""A request's body: how large it may be, and that it is there, whole, before a worker begins.

Two places, since the server hands a request on when its headers are there, and its body may drip in for
hours: `gather` waits for the body in one of the server's many threads, which cost next to nothing, and only
then does a worker take the request; the middleware refuses what is too large or not whole, with a page. The
web server in front, which passes only whole requests on (deploy/), is the wall; this is the door.
"""

import io
import threading
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from signoffs.views.failures import page

UNREADABLE, LENGTH_NEEDED, TOO_LARGE, BUSY = 400, 411, 413, 503
# What a form adds to the largest file: its other fields, and the boundaries between them.
AROUND_A_FILE = 64 * 1024
# How many bodies may be awaited at once; the server has more threads, so that pages come all the same.
AWAITED = 96
# Where `gather` leaves the status of a body that it did not get.
REFUSED = "enrollcheck.body_refused"

_awaited = threading.BoundedSemaphore(AWAITED)


def _length(environ: dict[str, Any]) -> int | None:
    """Return the length that the request states; None where it states none that makes sense."""
    text = environ.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


def gather(environ: dict[str, Any]) -> None:
    """Wait for a form's body and put it, whole, into the WSGI environment; a file is read as it comes."""
    length = _length(environ)
    if not length or length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return
    if not _awaited.acquire(blocking=False):
        environ[REFUSED] = BUSY
        return
    try:
        body = environ["wsgi.input"].read(length)
    finally:
        _awaited.release()
    if len(body) != length:
        environ[REFUSED] = UNREADABLE  # the connection broke off: half a form is none
    environ["wsgi.input"] = io.BytesIO(body)


def _is_roster(request: HttpRequest, length: int) -> bool:
    """Say whether it may be a file: at the one page for files, of somebody who is signed in."""
    at_the_page = request.path == reverse("office-roster") and SESSION_KEY in request.session
    return at_the_page and length <= settings.ROSTER_UPLOAD_LIMIT + AROUND_A_FILE


def _judge(request: HttpRequest) -> int:
    """Return 0, or the status to refuse with."""
    if "HTTP_TRANSFER_ENCODING" in request.META:
        return LENGTH_NEEDED  # no browser sends a form in chunks, and their sum is known too late
    length = _length(request.META)
    if length is None or (length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE and not _is_roster(request, length)):
        return TOO_LARGE
    return request.META.get(REFUSED, 0)


class BodyLimitMiddleware:
    """Stands before the CSRF check, which would read the whole body to find its token."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the answer."""
        status = _judge(request)
        if not status:
            return self.get_response(request)
        limit = {"limit": settings.ROSTER_UPLOAD_LIMIT // 2**20}
        title, advice = {
            TOO_LARGE: (
                _("This is too large"),
                _("At most %(limit)s MB can be sent. A roster of 20,000 students takes about 3 MB.") % limit,
            ),
            BUSY: (
                _("Too many people at once"),
                _("Nothing was saved by this step. Try again in a minute."),
            ),
        }.get(
            status,
            (_("This request can't be read"), _("Go back, reload the page, and try again.")),
        )
        return page(request, status, title, advice)
