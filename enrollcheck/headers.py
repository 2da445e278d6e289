"""What every answer tells the browser, beside the content security policy: keep nothing, use no device.

A page is kept by nobody unless it says that it may be: a library computer's back button and a proxy's disk
would both show somebody's record. Static files say so themselves (WhiteNoise).
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import add_never_cache_headers

# No page of ours uses any of these, and no script that got in should.
PERMISSIONS = ("camera", "geolocation", "microphone", "payment", "usb")
PERMISSIONS_POLICY = ", ".join(f"{name}=()" for name in PERMISSIONS)


class HeadersMiddleware:
    """Add what is missing: Cache-Control, Permissions-Policy, Cross-Origin-Resource-Policy."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the answer."""
        response = self.get_response(request)
        response.headers["Permissions-Policy"] = PERMISSIONS_POLICY
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if "Cache-Control" not in response.headers:
            add_never_cache_headers(response)
        return response
