"""What the server runs: Django in a worker that never waits for a slow client."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Queue
from threading import BoundedSemaphore, Event
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enrollcheck.settings")

_django = get_wsgi_application()

from .bodies import gather  # noqa: E402 - Django must be set up first

# Threads of this process that answer; each keeps a connection to the database. One: Python runs one at a time
# in any case, and several in a process only take turns (the figures stand in serve.py).
WORKERS = 1
_workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="worker")

# How many answers may be held back at once (`response.held_back`, in seconds). It takes one of the server's
# threads each; those beyond go out at once, so that a flood of them holds nobody else up.
_held = BoundedSemaphore(16)

_END = object()

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
# The pieces of an answer, and for how many seconds it is held back.
Answer = tuple[Iterable[bytes], float]


def _answer(environ: Environ, start_response: StartResponse, begun: "Future[Answer]") -> None:
    """Make the answer, all of it in this thread, which has the database's connection."""
    try:
        response = _django(environ, start_response)
        if not getattr(response, "streaming", False) or response.has_header("Content-Length"):
            whole = b"".join(response)
            response.close()
            begun.set_result(([whole], getattr(response, "held_back", 0)))
            return
    except BaseException as error:
        begun.set_exception(error)
        raise
    # Without a bound: a print of a whole year is some 10 MB, and the worker must not wait for a slow client.
    pieces: Queue[Any] = Queue()
    gone = Event()
    begun.set_result((_pieces(pieces, gone), 0))
    try:
        for piece in response:
            if gone.is_set():
                return
            pieces.put(piece)
        pieces.put(_END)
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer must break off, not end
        pieces.put(error)
    finally:
        response.close()


def _pieces(pieces: "Queue[Any]", gone: Event) -> Iterator[bytes]:
    try:
        while (piece := pieces.get()) is not _END:
            if isinstance(piece, Exception):
                raise piece
            yield piece
    finally:
        gone.set()


def _hold_back(seconds: float) -> None:
    if _held.acquire(blocking=False):
        try:
            time.sleep(seconds)
        finally:
            _held.release()


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request, once its body is there. Called in one of the server's many threads."""
    gather(environ)
    begun: Future[Answer] = Future()
    _workers.submit(_answer, environ, start_response, begun)
    answer, seconds = begun.result()
    if seconds:
        _hold_back(seconds)
    return answer
