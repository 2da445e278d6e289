"""What is answered 503 before anything is written: who has waited long enough, and a clock that is off.

The web server in front hands such a request to the next node: sending twice is one declaration.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from signoffs.upkeep import clocks, outages
from signoffs.views.failures import outage_page

# Where the server leaves which outage a request is to be told of (wsgi.py).
TOLD = "enrollcheck.outage"


class UnreadyMiddleware:
    """Stands before whatever asks the database; pages that only read need no clock."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        """Take what follows."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer 503, or let what follows answer."""
        if outage := request.META.get(TOLD):
            return outage_page(request, outage)
        if request.method == "POST" and clocks.node.is_off():
            return outage_page(request, outages.CLOCK)
        return self.get_response(request)
