"""Logs for machines, one JSON object a line, from which nobody learns who a student is or how to get in.

Links' tokens, one-time codes and whatever looks like a document's or a telephone's number are blanked, in
messages and in tracebacks. Requests are named by their URL's name, never by their address.
"""

import json
import logging
import re
import time

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


class JsonFormatter(logging.Formatter):
    """A record as one line: time (UTC), level, logger, message, what a request's record adds, traceback."""

    converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "at": f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
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

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
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
