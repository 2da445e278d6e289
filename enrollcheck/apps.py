"""What the wiring connects once everything is loaded."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in

from . import sessions


class EnrollcheckConfig(AppConfig):
    """The wiring."""

    name = "enrollcheck"

    def ready(self):
        """Let every sign-in begin its session's time."""
        user_logged_in.connect(sessions.begin, dispatch_uid="enrollcheck.sessions")
