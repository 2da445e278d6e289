"""Sessions of staff end: when nobody has asked for anything for a while, and after a working day.

Students have no session: without its cookie nothing is looked up here.
"""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

# In the session, seconds since 1970: when it began, and when somebody last did something.
BEGAN, SEEN = "began", "seen"
# "Seen" is written at most so often, so that reading pages is no stream of writes.
SEEN_EVERY = 60  # seconds


def begin(sender: object, request: HttpRequest, user: object, **kwargs: object) -> None:
    """Note when somebody signed in; Django tells of it, whatever way they came (apps.py)."""
    request.session[BEGAN] = request.session[SEEN] = time.time()


class SessionEndMiddleware:
    """Sign out who has been away too long; a page that refreshes itself is nobody's deed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the answer."""
        if settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in request.session:
            self.look(request, time.time())
        return self.get_response(request)

    def look(self, request: HttpRequest, now: float) -> None:
        """End the session where its time is over, else note that it is in use."""
        began = request.session.setdefault(BEGAN, now)
        seen = request.session.setdefault(SEEN, now)
        if now - seen > settings.SESSION_IDLE_LASTS.total_seconds():
            logout(request)
            messages.info(request, _("You were signed out, since nothing was done for two hours."))
        elif now - began > settings.SESSION_LASTS.total_seconds():
            logout(request)
            messages.info(request, _("You were signed out, since you signed in twelve hours ago."))
        elif now - seen > SEEN_EVERY and not request.headers.get("HX-Request"):
            request.session[SEEN] = now
