"""`python -m enrollcheck.verify_archive FILE`: holds an archive against itself, wherever Python runs.

It reads no settings, no FIELD_KEY and no database. Exit 0: it holds; 1: it does not; 2: wrong usage, or a
password that does not open it.
"""

import os
import sys
from getpass import getpass
from pathlib import Path

from rosters.sealed_zip import Broken, WrongPassword, verify

VARIABLE = "ENROLLCHECK_ARCHIVE_PASSWORD"
USAGE = "Usage: python -m enrollcheck.verify_archive FILE"


def ask_password() -> str:
    """Return the password: of the environment, typed at a terminal, else the first line that is sent."""
    if VARIABLE in os.environ:
        return os.environ[VARIABLE]
    return getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def check(path: Path) -> tuple[int, str]:
    """Return the exit code, and the sentence that says why."""
    try:
        held = verify(path, ask_password)
    except Broken as error:
        return 1, f"{path}: refused. {error}"
    except WrongPassword as error:
        return 2, f"{path}: {error}"
    except OSError as error:
        return 2, f"{path}: {error.strerror}"
    return 0, f"{path}: holds. {held.files} files, {held.records} records. Head, as on paper: {held.head}"


def main(arguments: list[str]) -> int:
    """Check the one file that is named; return the exit code."""
    if len(arguments) != 1:
        print(USAGE, file=sys.stderr)
        return 2
    code, sentence = check(Path(arguments[0]))
    print(sentence, file=sys.stderr if code else sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
