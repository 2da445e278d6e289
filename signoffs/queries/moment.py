"""Reading as of one moment, whatever is written meanwhile, and without a lock: on a standby, too."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


@contextmanager
def one_moment() -> Iterator[None]:
    """Let all queries within the block see the database as the first one does; it may not write."""
    backend: Any = connection  # each has what the other one lacks
    is_outermost, is_postgresql = not connection.in_atomic_block, connection.vendor == "postgresql"
    usual = None if is_postgresql else backend.transaction_mode
    try:
        if not is_postgresql:
            backend.transaction_mode = "DEFERRED"  # IMMEDIATE would take the lock that writers need
        with transaction.atomic():
            if is_postgresql and is_outermost:
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    finally:
        if not is_postgresql:
            backend.transaction_mode = usual
