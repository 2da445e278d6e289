"""Logs for machines, one JSON object a line, from which nobody learns who a student is or how to get in.

Links' tokens, one-time codes and whatever looks like a document's or a telephone's number are blanked.
Requests are named by their URL's name, never by their address. What an exception says is left out, since a
database's "Key (student_number)=(…) already exists" or a KeyError quotes whom it was about: its type and its
lines are enough.
"""

import json
import logging
import re
import time
import traceback
from collections.abc import Callable, Iterator

from django.db import OperationalError
from django.http import HttpRequest, HttpResponseBase

_SECRETS = (
    (re.compile(r"/(c|m|verify|invitation)/[^/\s\"'?]+"), r"/\1/…"),
    # 11 digits and more: telephone and ID numbers; a 学号 is shorter as a rule, and blanked where it isn't.
    (re.compile(r"\d{11,}[Xx]?"), "…"),
)


def blank(text: str) -> str:
    """Return the text without tokens and long numbers."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what led to it, the last one first."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)


def _told(error: BaseException) -> str:
    """Return what an exception may say: the database's and the system's own trouble, which quotes nobody."""
    if isinstance(error, OperationalError):
        return str(error)
    return getattr(error, "strerror", None) or "…"


def traceback_of(error: BaseException) -> str:
    """Return a traceback of files, lines and types, in the order in which things went wrong."""
    parts = []
    for one in reversed(list(_chain(error))):
        kind = f"{type(one).__module__}.{type(one).__qualname__}".removeprefix("builtins.")
        parts.append(f"{''.join(traceback.format_tb(one.__traceback__))}{kind}: {_told(one)}")
    return "\n".join(parts)


def _message(record: logging.LogRecord) -> str:
    """Return the message; the address of the request that it is about is no part of it."""
    path = getattr(getattr(record, "request", None), "path", None)
    if path and isinstance(record.args, tuple):
        return record.msg % tuple("…" if argument == path else argument for argument in record.args)
    return record.getMessage()


class JsonFormatter(logging.Formatter):
    """A record as one line: time (UTC), level, logger, message, what a request's record adds, traceback."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "at": f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[1]:
            line["traceback"] = traceback_of(record.exc_info[1])
        return json.dumps(
            {
                key: blank(value) if isinstance(value, str) and key != "at" else value
                for key, value in line.items()
            },
            ensure_ascii=False,
        )


_requests = logging.getLogger("enrollcheck.requests")


class RequestLogMiddleware:
    """Write one line for each request: which page, which status, how many milliseconds."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the answer."""
        start = time.perf_counter()
        response = self.get_response(request)
        found = request.resolver_match
        _requests.info(
            "request",
            extra={
                "facts": {
                    "method": request.method,
                    "page": found.view_name if found else "",
                    "status": response.status_code,
                    "ms": round((time.perf_counter() - start) * 1000, 1),
                }
            },
        )
        return response


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonFormatter}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # Django's own handlers would write the address; the root's blank it.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        "fontTools": {"level": "WARNING"},
        # granian's own lines, which it would print as plain text.
        "_granian": {"handlers": [], "level": "INFO", "propagate": True},
    },
}
