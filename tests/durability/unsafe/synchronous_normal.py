"""A commit that is not on the disk yet."""

from enrollcheck.settings import *  # noqa: F403
from enrollcheck.settings import DATABASES

DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
