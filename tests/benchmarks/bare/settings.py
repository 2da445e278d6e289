"""The product's server and database settings; of the rest, whatever could slow the bare side is out."""

from enrollcheck.settings import *  # noqa: F403

INSTALLED_APPS = ["django.contrib.staticfiles", "tests.benchmarks.bare"]
MIDDLEWARE: list = []
TEMPLATES: list = []
ROOT_URLCONF = "tests.benchmarks.bare.urls"
