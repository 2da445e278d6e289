"""The demo's surroundings: its keys, its database and its address, set before the settings are read."""

import argparse
import atexit
import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

HOST = "127.0.0.1"
PORT = 8000
FOLDER_PREFIX = "enrollcheck-demo-"
DATABASE = "demo.sqlite3"
# In a folder that is kept: what the site needs to be served again.
KEPT = "demo.env"
_NAMES = ("SECRET_KEY", "FIELD_KEY", "DATABASE_URL", "DATA_FOLDER", "ALLOWED_HOSTS", "SITE_URL")
WRONG_USAGE = 2


def _fresh_folder(keep: str | None) -> Path:
    """Return an empty folder, which goes when the process ends. Exit where the one to keep is in use."""
    if keep is None:
        folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
    else:
        folder = Path(keep).resolve()
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            print(f"--keep: {folder} is not empty. Name a folder that is not there yet.", file=sys.stderr)
            sys.exit(WRONG_USAGE)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def keep(folder: Path) -> None:
    """Let the folder stay, with the keys and settings of its site in a file that its owner alone may read."""
    with open(os.open(folder / KEPT, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as kept:
        kept.writelines(f"{name}='{os.environ[name]}'\n" for name in _NAMES)
    atexit.unregister(shutil.rmtree)


def prepare_environment(arguments: list[str]) -> None:
    """Point every setting at a fresh folder of the demo's own; `arguments` are those of the command.

    Overrides what the environment says, DATABASE_URL above all: the demo never touches another database.
    The folder goes when the process ends, unless it is kept.
    """
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("--port", default=PORT)
    parser.add_argument("--keep")
    chosen, _ = parser.parse_known_args(arguments)
    folder = _fresh_folder(chosen.keep)
    os.environ.update(
        DEBUG="off",
        SECRET_KEY=secrets.token_urlsafe(48),
        FIELD_KEY=f"demo:{secrets.token_urlsafe(32)}",
        DATABASE_URL=f"sqlite:///{folder / DATABASE}",
        DATA_FOLDER=str(folder),
        ALLOWED_HOSTS=f"{HOST},localhost",
        SITE_URL=f"http://{HOST}:{chosen.port}",
    )
