"""No journal at all."""

from enrollcheck.settings import *  # noqa: F403
from enrollcheck.settings import DATABASES

DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=OFF; PRAGMA synchronous=FULL;"
