"""What the server runs: Django in a few workers, which never wait for a slow client's body."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Full, Queue
from threading import Event

from django.core.wsgi import get_wsgi_application
from django.db import connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enrollcheck.settings")

_django = get_wsgi_application()

from .bodies import gather  # noqa: E402 - Django must be set up first

# Threads of this process that wait for the database; each keeps a connection.
WORKERS = {"sqlite": 8, "postgresql": 4}
_workers = ThreadPoolExecutor(WORKERS[connection.vendor], thread_name_prefix="worker")

# Pieces of a print that may wait for a slow client. Then the worker waits too, and looks once a second
# whether the client is still there.
PIECES = 16
STILL_THERE = 1  # seconds
_END = object()


def _answer(environ: dict, start_response, begun: Future) -> None:
    """Make the answer, all of it in this thread, which has the database's connection."""
    try:
        response = _django(environ, start_response)
        if not getattr(response, "streaming", False) or response.has_header("Content-Length"):
            whole = b"".join(response)
            response.close()
            begun.set_result([whole])
            return
    except BaseException as error:
        begun.set_exception(error)
        raise
    pieces, gone = Queue(PIECES), Event()
    begun.set_result(_pieces(pieces, gone))
    try:
        for piece in response:
            if not _put(pieces, piece, gone):
                return
        _put(pieces, _END, gone)
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer must break off, not end
        _put(pieces, error, gone)
    finally:
        response.close()


def _put(pieces: Queue, piece, gone: Event) -> bool:
    """Hand a piece over; False once nobody takes it any more."""
    while not gone.is_set():
        try:
            pieces.put(piece, timeout=STILL_THERE)
            return True
        except Full:
            continue
    return False


def _pieces(pieces: Queue, gone: Event) -> Iterator[bytes]:
    try:
        while (piece := pieces.get()) is not _END:
            if isinstance(piece, Exception):
                raise piece
            yield piece
    finally:
        gone.set()


def application(environ: dict, start_response) -> Iterable[bytes]:
    """Answer a request, once its body is there. Called in one of the server's many threads."""
    gather(environ)
    begun = Future()
    _workers.submit(_answer, environ, start_response, begun)
    return begun.result()
