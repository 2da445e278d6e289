"""Production settings, but a write waits 2 seconds for a lock in place of 30: a test waits for it."""

from enrollcheck.settings import *  # noqa: F403
from enrollcheck.settings import DATABASES

_options = DATABASES["default"]["OPTIONS"]
if "sqlite" in DATABASES["default"]["ENGINE"]:
    _options["timeout"] = 2
else:
    _options["options"] = "-c lock_timeout=2s"
