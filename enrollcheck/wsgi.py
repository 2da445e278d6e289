"""What the server runs: Django in a worker that waits for no slow client; no client waits without end."""

import io
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import Queue
from threading import BoundedSemaphore, Event
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enrollcheck.settings")

_django = get_wsgi_application()

from signoffs.upkeep import outages  # noqa: E402 - Django must be set up first

from . import turns  # noqa: E402
from .bodies import gather  # noqa: E402
from .unready import TOLD  # noqa: E402

# Threads of this process that answer; each keeps a connection to the database. One: Python runs one at a time
# in any case, and several in a process only take turns (the figures stand in serve.py).
WORKERS = 1
_workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="worker")
# The turn that the worker is at.
_at_work = turns.Turn()

# Answered in the thread that the request came in, by a probe of their own: the worker may be held up.
PROBES = ("/livez", "/readyz", "/healthz")

# How many answers may be held back at once (`response.held_back`, in seconds). It takes one of the server's
# threads each; those beyond go out at once, so that a flood of them holds nobody else up.
_held = BoundedSemaphore(16)

_END = object()

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


@dataclass
class Answer:
    """What a worker has to say: status and headers, the body's pieces, and for how long to hold it back."""

    head: tuple[Any, ...]
    pieces: Iterable[bytes]
    held_back: float = 0


def _answer(environ: Environ, begun: "Future[Answer]") -> None:
    """Make the answer, all of it in this thread, which has the database's connection."""
    global _at_work
    _at_work = turns.Turn()
    turns.take(_at_work)
    head: list[tuple[Any, ...]] = []

    def told(*said: Any) -> Any:
        head.append(said)

    try:
        response = _django(environ, told)
        if not getattr(response, "streaming", False) or response.has_header("Content-Length"):
            whole = b"".join(response)
            response.close()
            begun.set_result(Answer(head[0], [whole], getattr(response, "held_back", 0)))
            return
    except BaseException as error:
        begun.set_exception(error)
        raise
    # Without a bound: a print of a whole year is some 10 MB, and the worker must not wait for a slow client.
    pieces: Queue[Any] = Queue()
    gone = Event()
    begun.set_result(Answer(head[0], _pieces(pieces, gone)))
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


def _outage_while(task: Future[None], begun: Future[Answer]) -> str | None:
    """Wait for the answer; return None when it is there, or of which outage to tell in its place.

    SLOW: the request is at work, and goes on. LOCKED: the one before it is, and this one was not begun and
    never will be.
    """
    patience = turns.PATIENCE
    while True:
        try:
            begun.exception(patience)
            return None
        except TimeoutError:
            patience = 0.1
        if _at_work.is_held_up(time.monotonic()):
            return outages.LOCKED if task.cancel() else outages.SLOW


def _at_once(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """Answer in this thread what asks no database."""
    response = _django(environ, start_response)
    try:
        return [b"".join(response)]
    finally:
        response.close()


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request, once its body is there. Called in one of the server's many threads."""
    if environ["PATH_INFO"] in PROBES:
        return _at_once(environ, start_response)
    gather(environ)
    begun: Future[Answer] = Future()
    task = _workers.submit(_answer, environ, begun)
    if outage := _outage_while(task, begun):
        nothing = {"wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "0"}  # the worker may be reading the body
        return _at_once({**environ, **nothing, TOLD: outage}, start_response)
    answer = begun.result()
    start_response(*answer.head)
    if answer.held_back:
        _hold_back(answer.held_back)
    return answer.pieces
