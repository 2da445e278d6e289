"""The wiring as an app: it has commands, and checks of where the database lies."""

from django.apps import AppConfig
from django.core.checks import Tags, register

from .checks import database_disk, sqlite_promises


class EnrollcheckConfig(AppConfig):
    """Registers the checks that need the database: `migrate` and `serve` run them."""

    name = "enrollcheck"

    def ready(self):
        """Register them."""
        for check in (database_disk, sqlite_promises):
            register(check, Tags.database)
