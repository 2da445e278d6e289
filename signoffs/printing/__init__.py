"""Paper: the registration form and the posters, as PDF."""

from collections.abc import Iterable

from . import fonts
from .cover import hand_in_pdf
from .form import form_pdf
from .poster import poster_pdf

__all__ = ["form_pdf", "hand_in_pdf", "lacking", "poster_pdf"]


def lacking(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the names that the form can't draw whole, each with the characters that are to be written."""
    return {name: missing for name in names if (missing := fonts.lacks(name))}
