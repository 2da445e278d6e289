"""Paper: the registration form and the posters, as PDF."""

from collections.abc import Iterable

from rosters.models import ClassGroup, Student

from . import fonts
from .cover import hand_in_pdf
from .form import form_pdf
from .poster import poster_pdf

__all__ = ["form_pdf", "hand_in_pdf", "lacking", "lacking_in", "poster_pdf"]


def lacking(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the names that the form can't draw whole, each with the characters that are to be written."""
    return {name: missing for name in names if (missing := fonts.lacks(name))}


def lacking_in(class_groups: Iterable[ClassGroup]) -> dict[ClassGroup, list[str]]:
    """Return the classes with such names, each with the characters; nobody's name. One query."""
    found: dict[int, dict[str, None]] = {one.pk: {} for one in class_groups}
    names = Student.objects.filter(class_group__in=found, withdrawn_at=None)
    for key, name in names.order_by("seat").values_list("class_group", "name"):
        found[key].update(dict.fromkeys(fonts.lacks(name)))
    return {one: list(found[one.pk]) for one in class_groups if found[one.pk]}
