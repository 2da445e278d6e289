"""What the server runs: Django in a few workers, which never wait for a slow client's body."""

import os
from concurrent.futures import ThreadPoolExecutor

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enrollcheck.settings")

_django = get_wsgi_application()

from .bodies import gather  # noqa: E402 - Django must be set up first

# They wait for the database; one writes at a time in any case, and each keeps a connection.
WORKERS = 8
_workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="worker")


def _answer(environ: dict, start_response) -> list[bytes]:
    """Return the whole answer. The request ends here, in the thread that has the database's connection."""
    response = _django(environ, start_response)
    try:
        return [b"".join(response)]
    finally:
        response.close()


def application(environ: dict, start_response) -> list[bytes]:
    """Answer a request, once its body is there. Called in one of the server's many threads."""
    gather(environ)
    return _workers.submit(_answer, environ, start_response).result()
