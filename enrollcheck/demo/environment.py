"""The demo's surroundings: its keys, its database and its address, set before the settings are read."""

import os
import secrets
import tempfile
from pathlib import Path

ADDRESS = "127.0.0.1:8000"


def prepare_environment() -> None:
    """Point every setting at a fresh folder of the demo's own.

    Overrides what the environment says, DATABASE_URL above all: the demo never touches another database.
    """
    folder = Path(tempfile.mkdtemp(prefix="enrollcheck-demo-"))
    os.environ.update(
        DEBUG="off",
        SECRET_KEY=secrets.token_urlsafe(48),
        FIELD_KEY=f"demo:{secrets.token_urlsafe(32)}",
        DATABASE_URL=f"sqlite:///{folder / 'demo.sqlite3'}",
        DATA_FOLDER=str(folder),
        ALLOWED_HOSTS="127.0.0.1,localhost",
        SITE_URL=f"http://{ADDRESS}",
    )
