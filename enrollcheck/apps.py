"""The wiring as an app: checks of where the database lies, and what a sign-in begins."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.core.checks import Tags, register

from . import sessions
from .checks import database_disk, promises, reading_child


class EnrollcheckConfig(AppConfig):
    """Registers the checks that need the database: `migrate` and `serve` run them."""

    name = "enrollcheck"

    def ready(self) -> None:
        """Register the checks, and let every sign-in begin its session's time."""
        for check in (database_disk, promises):
            register(check, Tags.database)
        register(reading_child, Tags.security, deploy=True)
        user_logged_in.connect(sessions.begin, dispatch_uid="enrollcheck.sessions")
