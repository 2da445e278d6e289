"""The admin behind the same sign-in and the same second factor as every other page of the staff."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from signoffs.queries import staffing

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class AdminSite(admin.AdminSite):
    """Django's admin, which has no sign-in page and changes no password."""

    site_header = site_title = "新生学籍查询及核对"
    index_title = _("To look things up")

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Let in who has signed in, may see the admin, and has the second factor that is required."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not self.has_permission(request):
                raise PermissionDenied(_("The admin is for the IT person's account."))
            if staffing.lacks_second_factor(request.user):
                return redirect("mfa_activate_totp")
            return inner(request, *args, **kwargs)

        return cast(View, guarded)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one sign-in for the whole site."""
        if request.user.is_authenticated:
            return redirect("admin:index")
        return redirect_to_login(reverse("admin:index"))

    def password_change(  # type: ignore[override]  # leads elsewhere, where Django shows a page
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A password is changed on the page of one's account."""
        return redirect("account_change_password")
