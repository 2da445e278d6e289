"""What can be wrong with a roster: one table of codes, each with its level and its sentence.

A leaf. An error refuses the whole file: the value can't be trusted. A warning imports, and the office sees
it: the roster under check may itself be wrong, which is what the check is for. No sentence holds an ID
number.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from .sentences import Sentence

ERROR, WARNING = "error", "warning"

_ERRORS: dict[str, Sentence] = {
    # of the file, a sheet or its heading
    "no_roster": _("No sheet has a roster: a row of headings with at least 姓名, 学号, 班级 and 系部."),
    "no_students": _("There is a heading, but no student below it."),
    "no_column": _("There is no column for %(label)s. Without it no student can be placed."),
    "column_twice": _("Two columns are %(label)s: “%(first)s” and “%(second)s”. Remove or rename one."),
    "other_heading": _(
        "This is a second heading, with other columns than the first. Put what is below it on a sheet of its "
        "own, or give both the same columns."
    ),
    "students_without_heading": _(
        "The sheet “%(sheet)s” has no heading, but %(count)s lines with ID numbers. Copy the heading into "
        "its first line, or remove the sheet."
    ),
    "students_above_heading": _(
        "Above the heading there are %(count)s lines with ID numbers. Move the heading above all students."
    ),
    "campaign_closed": _("The campaign %(slug)s is closed for good; its roster can't change."),
    # of a cell
    "no_name": _("There is no name (姓名)."),
    "no_student_number": _("There is no student number (学号)."),
    "no_class": _("There is no class (班级)."),
    "no_department": _("There is no department (系部)."),
    "numeric_id": _(
        "The ID number is stored as a number. Excel keeps 15 digits only, so the last three are lost. Set "
        "the column to Text, then fill the numbers in again from where they came from."
    ),
    "inexact_number": _(
        "The student number was turned into a rounded number (as 2.026E+11). Set the column to Text, then "
        "fill it in again from its source."
    ),
    "unreadable_date": _("This is no date. Write it as 2007-03-05."),
    "ambiguous_date": _("This date can be read in more than one way. Write it as 2007-03-05."),
    "date_cell": _(
        "The cell holds a date or a time where text is expected; a spreadsheet may have made it one."
    ),
    "unreadable_duration": _("This is no number of years. Write it as 4 or 2.5."),
    "time_of_day": _(
        "The date has a time of day (%(time)s): the day may be that before or after. Write it as 2007-03-05."
    ),
    "summed_years": _("Write the years as one number: 5 for 3+2, or the years at this school."),
    "ditto": _("“%(text)s” stands for the cell above. Write the value itself."),
    "error_value": _("The cell holds the error of a formula (as #N/A or #REF!)."),
    "cut_text": _(
        "The text ends inside a character: the field of the file is too narrow for it. Have the field made "
        "wider, or save as xlsx."
    ),
    "undecoded": _(
        "The value is in no known encoding, or of a kind that is not read (as a memo). Save the table as "
        "xlsx."
    ),
    "two_values": _("Two columns stand below the heading %(label)s, and both hold a value."),
    "control": _("There is an invisible control character (%(character)s) in the text. Type the text again."),
    "bidirectional": _(
        "There is an invisible character (%(character)s) that makes text read in another order than it is "
        "written. Type the text again."
    ),
    "too_long": _("The text is longer than %(limit)s characters."),
    "few_numbers": _(
        "%(count)s of %(total)s students would have no usable ID number, and could not identify by it. Look "
        "whether the column is the right one; if it is meant so, say so."
    ),
    "student_number_twice": _("The same student number (学号) as in %(place)s."),
    "student_number_taken": _("Another student has this student number (学号)."),
}

_WARNINGS: dict[str, Sentence] = {
    # of the file or a sheet
    "hidden_rows": _(
        "%(count)s students stand in hidden rows (by a filter, for example); they are imported."
    ),
    "lines_not_read": _(
        "%(count)s lines were not read though they look like students, this one first: they stand outside "
        "the table, or on a hidden sheet (“%(sheet)s”)."
    ),
    "deleted_records": _("%(count)s records are marked as deleted in the file; they are not imported."),
    "records_beyond": _(
        "%(count)s records follow after the number of records that the file itself gives; they are not "
        "imported. Open the table in the program that it comes from, and export it again."
    ),
    "more_problems": _("There are %(count)s more problems than are listed here."),
    # of a cell
    "column_missing": _("There is no column for %(label)s: what the roster holds of it stays as it is."),
    "empty": _("%(label)s is empty."),
    "no_value": _("“%(text)s” is no value: it counts as empty."),
    "rounded_time": _("The date is some seconds off midnight (%(time)s); it was rounded to the day meant."),
    "character_reference": _("A character was written as a code of HTML; it was turned into the character."),
    "lost_character": _("A character seems to be lost: there is “%(character)s” in its place."),
    "misread": _("The characters look as if they had been read in a wrong encoding."),
    "lookalike": _(
        "A character (%(character)s) only looks like %(shown)s. It is stored as it is written, and compared "
        "as %(shown)s."
    ),
    "formula": _("The value is a formula's result as it was last saved."),
    "numeric_student_number": _("The student number is stored as a number: leading zeros would be lost."),
    "private_use": _(
        "A character (%(character)s) exists only in a private font and may show wrong elsewhere."
    ),
    "invisible": _("There is an invisible character (%(character)s) in the text."),
    "unknown_sex": _("Neither 男 nor 女."),
    "unknown_ethnicity": _("Not an ethnic group of the standard (GB/T 3304)."),
    "odd_duration": _("An unusual number of years."),
    "id_masked": _("Some of the ID number is hidden: it counts as empty, and proves nobody."),
    "id_placeholder": _("This is no ID number: it counts as empty, and proves nobody."),
    "id_like_x": _("The last place of the ID number only looked like an X, and is read as X."),
    "id_letters": _("There is a letter (O, l) in the ID number where it has a digit (0, 1)."),
    "id_length": _("An ID number has 18 characters; this one has %(length)s."),
    "id_birth_date": _("The date of birth inside the ID number is no date."),
    "id_check_digit": _("The check digit of the ID number does not fit: at least one digit is wrong."),
    "id_other_birth_date": _("The ID number says another date of birth than 出生日期."),
    "id_other_sex": _("The ID number says another sex than 性别."),
    "id_twice": _("The same ID number as in %(place)s."),
    "id_of_another": _(
        "The same ID number as a student of the roster who is not in this file (学号 %(number)s)."
    ),
    "odd_age": _("An unlikely date of birth for a first-year student."),
    "student_number_length": _(
        "The student number has %(length)s characters; those of its class have %(usual)s."
    ),
    "value_stays": _("The cell is empty: the stored value stays, unless you choose to empty it."),
    "mended_stays": _(
        "The stored value was mended after a report or by hand: it stays, unless you choose to overwrite it."
    ),
    "returns": _("This student had been withdrawn, and comes back to the roster."),
}

# Of the file as a whole, before it is applied: these stand above the button.
NEWS: dict[str, Sentence] = {
    "new_department": _("%(name)s: a department that this campaign does not have yet.%(nearest)s"),
    "new_class": _("%(name)s: a class that this campaign does not have yet.%(nearest)s"),
    "class_from_elsewhere": _("%(name)s: nearly all of it, %(count)s students, come from %(department)s."),
    "class_left_empty": _("%(name)s: all of its %(count)s students go to another class."),
    "many_changes": _("%(count)s of %(total)s students change. Is this the right file, and the right year?"),
    "more_problems": _("There are %(count)s more problems than are listed here."),
    "without_number": _(
        "%(count)s of %(total)s students have no usable ID number: they get in by campus sign-on or by a "
        "one-time code."
    ),
}

LEVELS: Mapping[str, str] = dict.fromkeys(_ERRORS, ERROR) | dict.fromkeys(_WARNINGS | NEWS, WARNING)
SENTENCES: Mapping[str, Sentence] = _ERRORS | _WARNINGS | NEWS


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, at its place in the file."""

    code: str
    # The sheet's name; null where the file has no sheets.
    sheet: str | None = None
    # As the office's program counts: 1 is the first line. Null: the whole sheet or file.
    row: int | None = None
    # A key field's name; null: the whole row.
    column: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)

    @property
    def level(self) -> str:
        """`error` or `warning`."""
        return LEVELS[self.code]

    @property
    def message(self) -> str:
        """The sentence, in the language that is active."""
        return str(SENTENCES[self.code]) % self.details if self.details else str(SENTENCES[self.code])

    def as_dict(self) -> dict[str, object]:
        """Return what `import_roster --json` prints."""
        return {name: getattr(self, name) for name in ("sheet", "row", "column", "level", "code", "message")}


# More are of no use to anybody: they are counted.
MOST = 5_000


class Problems(list[Problem]):
    """A list that stays small whatever the file: of each level at most MOST, the others counted."""

    def __init__(self, problems: Iterable[Problem] = ()):
        """Take some to begin with; what those had counted is counted on."""
        super().__init__()
        self.counts: Counter[str] = Counter()
        self.extend(problems)
        for level, count in getattr(problems, "counts", {}).items():
            self.counts[level] = max(count, self.counts[level])

    def append(self, problem: Problem) -> None:
        """Add one, or count it."""
        self.counts[problem.level] += 1
        if self.counts[problem.level] <= MOST:
            super().append(problem)

    def extend(self, problems: Iterable[Problem]) -> None:
        """Add several."""
        for problem in problems:
            self.append(problem)

    def listed(self) -> list[Problem]:
        """Return MOST of them, errors and what concerns the whole file first, and how many more there are."""
        unlisted = sum(
            int(str(problem.details["count"])) for problem in self if problem.code == "more_problems"
        )
        listed = [problem for problem in self if problem.code != "more_problems"]
        if not unlisted and self.counts.total() <= MOST:
            return listed
        in_order = sorted(listed, key=lambda problem: (problem.level != ERROR, problem.row is not None))
        more = {"count": self.counts.total() + unlisted - MOST + 1}
        return [*in_order[: MOST - 1], Problem("more_problems", details=more)]
