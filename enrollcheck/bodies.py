"""Refuses a body that is larger than any page of ours sends, before a byte of it is read."""

from django.conf import settings
from django.utils.translation import gettext as _

from signoffs.views.errors import page

TOO_LARGE = 413
# What a form adds to the largest file: its other fields, and the boundaries between them.
AROUND_A_FILE = 64 * 1024


class BodyLimitMiddleware:
    """Stands before the CSRF check, which would read the whole body to find its token."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) <= settings.ROSTER_UPLOAD_LIMIT + AROUND_A_FILE:
            return self.get_response(request)
        limit = settings.ROSTER_UPLOAD_LIMIT // 2**20
        return page(
            request,
            TOO_LARGE,
            _("This is too large"),
            _("At most %(limit)s MB can be sent. A roster of 20,000 students takes about 3 MB.")
            % {"limit": limit},
        )
