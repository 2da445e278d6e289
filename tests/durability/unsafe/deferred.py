"""The write lock taken too late."""

from enrollcheck.settings import *  # noqa: F403
from enrollcheck.settings import DATABASES

DATABASES["default"]["OPTIONS"]["transaction_mode"] = "DEFERRED"
