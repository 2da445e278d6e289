"""The demo's surroundings: its keys, its database and its address, set before the settings are read."""

import argparse
import atexit
import os
import secrets
import shutil
import tempfile
from pathlib import Path

HOST = "127.0.0.1"
PORT = 8000
FOLDER_PREFIX = "enrollcheck-demo-"


def prepare_environment(arguments: list[str]) -> None:
    """Point every setting at a fresh folder of the demo's own; `arguments` are those of the command.

    Overrides what the environment says, DATABASE_URL above all: the demo never touches another database.
    The folder goes when the process ends.
    """
    port = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    port.add_argument("--port", default=PORT)
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ.update(
        DEBUG="off",
        SECRET_KEY=secrets.token_urlsafe(48),
        FIELD_KEY=f"demo:{secrets.token_urlsafe(32)}",
        DATABASE_URL=f"sqlite:///{folder / 'demo.sqlite3'}",
        DATA_FOLDER=str(folder),
        ALLOWED_HOSTS=f"{HOST},localhost",
        SITE_URL=f"http://{HOST}:{port.parse_known_args(arguments)[0].port}",
    )
