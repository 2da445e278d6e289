"""Production settings, but no connection is kept: files open to write keep a disk from being remounted."""

from enrollcheck.settings import *  # noqa: F403
from enrollcheck.settings import DATABASES

DATABASES["default"]["CONN_MAX_AGE"] = 0
