"""The admin without a sign-in of its own."""

from django.contrib.admin.apps import AdminConfig as DjangosAdminConfig


class AdminConfig(DjangosAdminConfig):
    """Django's admin, on our site of it."""

    default_site = "enrollcheck.admin_site.AdminSite"
