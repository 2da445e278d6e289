"""The admin behind the same sign-in and the same second factor as every other page of the staff."""

from functools import wraps

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from signoffs.queries import staffing


class AdminSite(admin.AdminSite):
    """Django's admin, which has no sign-in page and changes no password."""

    site_header = site_title = "新生学籍查询及核对"
    index_title = _("To look things up")

    def admin_view(self, view, cacheable=False):
        """Let in who has signed in, may see the admin, and has the second factor that is required."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def guarded(request, *args, **kwargs):
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not self.has_permission(request):
                raise PermissionDenied(_("The admin is for the IT person's account."))
            if staffing.lacks_second_factor(request.user):
                return redirect("mfa_activate_totp")
            return inner(request, *args, **kwargs)

        return guarded

    def login(self, request, extra_context=None):
        """There is one sign-in for the whole site."""
        if request.user.is_authenticated:
            return redirect("admin:index")
        return redirect_to_login(reverse("admin:index"))

    def password_change(self, request, extra_context=None):
        """A password is changed on the page of one's account."""
        return redirect("account_change_password")
