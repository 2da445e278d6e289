"""The production server: granian, in front of it a web server that brings TLS."""

import os
import socket
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connections
from granian import Granian
from granian.constants import Interfaces

from signoffs.upkeep import health

# Processes: one more than cores, of one worker each (wsgi.py). Only one writes at a time on SQLite, but most
# of a request is Python, which uses one core a process: on a last evening on two cores, 113 answers a second
# came from one process of 8 workers, 241 from two of one, 253 from three of one. Requests are faster since,
# and two and three differ by less than the machine's noise; three leave two beside a slow import.
PROCESSES = (os.cpu_count() or 1) + 1
# Threads of each that wait for slow phones' bodies, and for a worker (wsgi.py); more than bodies.AWAITED.
THREADS = 128

# Requests that a process takes in at once; those beyond wait in the socket's backlog.
BACKPRESSURE = 512
# Seconds that a stop waits for the requests in flight: longer than a write waits for SQLite's lock (30 s in
# enrollcheck/sqlite.py), shorter than TimeoutStopSec in deploy/one-server.
STOP_WAITS = 45


def check_free(address: str, port: int) -> None:
    """Raise CommandError where the address is none of this machine's, or something listens there already.

    Granian would share the port with it: every other request would go to the old server.
    """
    try:
        (family, kind, protocol, _name, place), *_others = socket.getaddrinfo(
            address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except (OSError, OverflowError) as error:
        told = getattr(error, "strerror", None) or error
        raise CommandError(f"Nothing can listen on {address}, port {port}: {told}.") from error


def serve(address: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM, then let the requests in flight finish."""
    connections.close_all()  # the workers are forks: a connection is never shared with them
    Granian(
        "enrollcheck.served:application",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        workers=PROCESSES,
        blocking_threads=THREADS,
        backpressure=BACKPRESSURE,
        workers_kill_timeout=STOP_WAITS,
        # A worker that was killed (out of memory) is replaced at once; one that dies again within seconds
        # ends the server, for systemd to start afresh.
        respawn_failed_workers=True,
        log_dictconfig=settings.LOGGING,
        log_access=False,  # its lines hold addresses, and those hold the class links
    ).serve()


class Command(BaseCommand):
    """`manage.py serve`: behind a proxy that brings TLS."""

    help = "Run the production server. Put a web server with TLS in front of it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the address and the port."""
        parser.add_argument("--address", default="127.0.0.1", help="what to listen on (default: %(default)s)")
        parser.add_argument("--port", type=int, default=8000, help="the port (default: %(default)s)")

    def get_check_kwargs(self, options: dict[str, Any]) -> dict[Any, Any]:
        """Run the checks of the database too, which Django leaves out by default."""
        return {**super().get_check_kwargs(options), "databases": ["default"]}

    def handle(self, *args: Any, address: str, port: int, **options: Any) -> None:
        """Serve. Raise CommandError where static files or migrations are missing, or no database answers."""
        if not settings.DEBUG and not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
            raise CommandError(
                "The static files are missing: run `manage.py collectstatic --no-input` first."
            )
        try:
            behind = health.migrations_missing()
        except DatabaseError as error:
            raise CommandError(f"The database does not answer: {error}") from error
        if behind:
            raise CommandError("The database is behind this version: run `manage.py migrate` first.")
        check_free(address, port)
        serve(address, port)
