"""The app's name as Django and the admin show it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SignoffsConfig(AppConfig):
    """The process: declarations, class sheets, hand-ins, events."""

    name = "signoffs"
    verbose_name = _("Sign-offs")
