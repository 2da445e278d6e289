"""The product's own settings, for a server that has pages which fail."""

from enrollcheck.settings import *  # noqa: F403

ROOT_URLCONF = "tests.hostile.failing"
