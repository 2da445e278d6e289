"""The product's own settings, with keys made up for the tests and a cheap password hash."""

import base64
import os
import tempfile
from pathlib import Path

_folder = Path(tempfile.mkdtemp(prefix="enrollcheck-tests-"))
os.environ.setdefault("DATABASE_URL", f"sqlite:///{_folder / 'unused.sqlite3'}")
os.environ.update(
    DEBUG="off",
    SECRET_KEY="only-for-the-tests-" + "x" * 40,
    FIELD_KEY="t1:" + base64.urlsafe_b64encode(b"only for the tests, 32 bytes ok!").decode(),
    SITE_URL="http://testserver",
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    DATA_FOLDER=str(_folder),
)

from enrollcheck.settings import *  # noqa: E402, F403
from enrollcheck.settings import DATABASES, STATIC_ROOT, STORAGES  # noqa: E402

Path(STATIC_ROOT).mkdir(exist_ok=True)  # WhiteNoise warns where it is missing

# Made once on a machine, not once in each of the suite's processes: it takes seconds.
FONT_FOLDER = Path(tempfile.gettempdir()) / "enrollcheck-tests-fonts"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# A file, not memory: the tests run on what the product runs on, and threads share it.
if "sqlite" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["TEST"] = {"NAME": str(_folder / "test.sqlite3")}
