"""What `serve` runs in each of its processes: the application, which ends with the server that began it.

A server that is killed can't tell its processes to stop; they would go on answering beside the next one, with
the code and the settings of the last.
"""

import multiprocessing
import os
import threading
from multiprocessing.connection import wait
from typing import Any

from .wsgi import application

__all__ = ["application"]


def _end_with(server: Any) -> None:
    """Wait until the server is gone, then end this process at once."""
    wait([server.sentinel])
    os._exit(1)


_server = multiprocessing.parent_process()
if _server is not None:
    threading.Thread(target=_end_with, args=[_server], name="ends with the server", daemon=True).start()
