"""The roster's tests read sentences in the language that the sources are written in."""

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def _in_english():
    """Whatever the catalogue says, a test compares the msgid."""
    with translation.override("en"):
        yield
