"""The production server: granian, one worker.

One worker, since on SQLite it was measured faster than several, in throughput and in the slowest answers.
"""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from granian import Granian
from granian.constants import Interfaces

# Threads that wait for slow phones' bodies, and for a worker (wsgi.py); more than bodies.AWAITED.
THREADS = 128


def serve(address: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM, then let the requests in flight finish."""
    Granian(
        "enrollcheck.wsgi:application",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        # Seconds: a client that drips would hold a stop for ever, and systemd waits 30.
        workers_kill_timeout=20,
        log_access=False,
        log_dictconfig=settings.LOGGING,
    ).serve()


class Command(BaseCommand):
    """`manage.py serve`: behind a proxy that brings TLS."""

    help = "Run the production server. Put a web server with TLS in front of it."

    def add_arguments(self, parser):
        """Take the address and the port."""
        parser.add_argument("--address", default="127.0.0.1", help="what to listen on (default: %(default)s)")
        parser.add_argument("--port", type=int, default=8000, help="the port (default: %(default)s)")

    def handle(self, *args, address, port, **options):
        """Serve. Raise CommandError where the static files were not collected."""
        if not settings.DEBUG and not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
            raise CommandError(
                "The static files are missing: run `manage.py collectstatic --no-input` first."
            )
        serve(address, port)
