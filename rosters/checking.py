"""What looks wrong only when several cells or rows are seen together: warnings, and one error.

A leaf. The student number alone may not come twice; anything else may be what the check is to find.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from . import ethnic_groups, identity, key_fields
from .problems import Problem
from .reading import Reading, RosterRow
from .sentences import Sentence

# 港澳台 and foreign students: other documents, and a region where others have an ethnic group.
_ELSEWHERE = re.compile("香港|澳门|台湾|港澳|外籍|外国|华侨|国$")
_YOUNGEST, _OLDEST = 13, 60


def place_of(reading: Reading, row: RosterRow) -> Sentence:
    """Return the words for a row's place, lazily translated."""
    sheet = reading.sheets[row.sheet].name
    if sheet is None or sum(other.state == "read" for other in reading.sheets) < 2:
        return format_lazy(_("row {row}"), row=row.row)
    return format_lazy(_("row {row} of the sheet “{sheet}”"), row=row.row, sheet=sheet)


def problems(reading: Reading, cohort: int | None) -> Iterator[Problem]:
    """Yield what is wrong between the cells of a row and between the rows of a file."""
    yield from _twice(reading, "student_number", "student_number_twice")
    yield from _twice(reading, "id_number", "id_twice")
    yield from _lengths(reading)
    known_groups: dict[str, bool] = {}
    for row in reading.rows:
        for code, column, details in _of_row(row, cohort, known_groups):
            yield Problem(code, reading.sheets[row.sheet].name, row.row, column, details)


def _twice(reading: Reading, name: str, code: str) -> Iterator[Problem]:
    """Yield a problem at each place of a value that comes more than once; each names another place."""
    first: dict[str, RosterRow] = {}
    told: set[str] = set()
    for row in reading.rows:
        value = getattr(row, name)
        if not value:
            continue
        value = identity.tidy(value)
        before = first.setdefault(value, row)
        if before is row:
            continue
        pairs = [(row, before)] if value in told else [(before, row), (row, before)]
        told.add(value)
        for here, there in pairs:
            details = {"place": place_of(reading, there)}
            yield Problem(code, reading.sheets[here.sheet].name, here.row, name, details)


def _lengths(reading: Reading) -> Iterator[Problem]:
    """Yield the student numbers that are longer or shorter than most in their class."""
    by_class: dict[tuple[str, str], Counter[int]] = {}
    for row in reading.rows:
        lengths = by_class.setdefault((row.department_name, row.class_name), Counter())
        lengths[len(row.student_number)] += 1
    usual = {}
    for place, lengths in by_class.items():
        length, count = lengths.most_common(1)[0]
        if len(lengths) > 1 and count * 2 > lengths.total():
            usual[place] = length
    for row in reading.rows if usual else ():
        expected = usual.get((row.department_name, row.class_name))
        if expected and row.student_number and len(row.student_number) != expected:
            details = {"length": len(row.student_number), "usual": expected}
            yield Problem(
                "student_number_length", reading.sheets[row.sheet].name, row.row, "student_number", details
            )


def _of_row(
    row: RosterRow, cohort: int | None, known_groups: dict[str, bool]
) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    group = row.ethnicity
    if group not in known_groups:
        standard = ethnic_groups.standard_name(key_fields.normalise("ethnicity", group))
        known_groups[group] = not group or standard is not None
    number = row.id_number or ""
    from_elsewhere = _ELSEWHERE.search(group) is not None
    resident = identity.looks_resident(number)
    if not known_groups[group] and not from_elsewhere and (resident or not number):
        yield "unknown_ethnicity", "ethnicity", {}
    if resident or (number and not from_elsewhere):
        yield from _of_id_number(row, number, resident)
    if row.birth_date and cohort and not _YOUNGEST <= cohort - row.birth_date.year <= _OLDEST:
        yield "odd_age", "birth_date", {}


def _of_id_number(
    row: RosterRow, number: str, resident: bool
) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    details: Mapping[str, object] = {"length": len(number)}
    faults: Sequence[str] = identity.problems(number)
    for fault in faults:
        yield f"id_{fault}", "id_number", details if fault == "length" else {}
    if not resident:
        return
    born = identity.birth_date_of(number)
    if born and row.birth_date and born != row.birth_date:
        yield "id_other_birth_date", "id_number", {}
    if row.sex in ("男", "女") and identity.sex_of(number) != row.sex:
        yield "id_other_sex", "id_number", {}
