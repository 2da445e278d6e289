"""The app's name as Django and the admin show it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RostersConfig(AppConfig):
    """The facts: campaigns, departments, classes, students."""

    name = "rosters"
    verbose_name = _("Rosters")
