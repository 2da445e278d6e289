"""The product's server and its settings, on Django itself: no worker between them."""

import os

from django.core.management.base import BaseCommand
from django.db import connections
from granian import Granian
from granian.constants import Interfaces

from enrollcheck.management.commands.serve import BACKPRESSURE, PROCESSES, STOP_WAITS


class Command(BaseCommand):
    """`manage.py serve`, with PLAIN_THREADS threads in each process."""

    help = "Serve the plain site."

    def add_arguments(self, parser):
        """Take the port."""
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args, port, **options):
        """Serve until SIGTERM."""
        connections.close_all()
        Granian(
            "tests.benchmarks.plain.wsgi:application",
            address="127.0.0.1",
            port=port,
            interface=Interfaces.WSGI,
            workers=PROCESSES,
            blocking_threads=int(os.environ["PLAIN_THREADS"]),
            # Seconds; half a minute by default, and each new thread opens a connection to the database.
            blocking_threads_idle_timeout=600,
            backpressure=BACKPRESSURE,
            workers_kill_timeout=STOP_WAITS,
            respawn_failed_workers=True,
            log_access=False,
        ).serve()
