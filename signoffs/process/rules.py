"""May this be done now? None, or the reason why not, in the words that stand on the disabled button.

The predicates look at plain values and nothing else: they are tested as tables, without a database.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rosters import key_fields
from rosters.sentences import Sentence

from . import states
from .answers import Answer, Answers, FieldReport
from .deadlines import Deadlines
from .lazily import lazily
from .states import Outcome

# Errors of the record as a whole: the office settles them in person.
WHOLE_RECORD = ("status", "no_record")


NAMES_SHOWN = 10


@dataclass(frozen=True)
class Situation:
    """All that a rule looks at, in plain values. What does not concern a move keeps its default."""

    open: bool = True
    closed: bool = False
    deadline_passed: bool = False
    sheet: str = states.NONE
    hand_in: str = states.NONE
    standing: str = states.MISSING
    # Reported, and every error of it settled: asked to look again, though still counted as reported.
    settled: bool = False

    @property
    def asked_again(self) -> bool:
        """Whether the student is asked to look at the record again."""
        return self.standing == states.RECHECK or (self.standing == states.REPORTED and self.settled)

    @property
    def is_submitted(self) -> bool:
        """Whether the class's sheet is frozen at present."""
        return self.sheet in (states.SUBMITTED, states.ACCEPTED)

    @property
    def is_handed_in(self) -> bool:
        """Whether the department has handed in at present."""
        return self.hand_in in (states.HANDED_IN, states.RECEIVED)


_NOT_OPEN = _("The campaign is not open.")


_NOT_YOURS = _("Somebody else has to do this.")


_ENDED = {
    states.SHEET: _("The class's sheet has been submitted. It has to be returned first."),
    states.HAND_IN: _("The department has handed in. Only the office can open it again."),
}


_TOO_EARLY = _("Only after the students' deadline.")


_NOT_FROM = {
    states.MISSING: _("The student has not signed yet."),
    states.CONFIRMED: _("The student has already signed."),
    states.REPORTED: _("The student has already reported an error."),
    states.RECHECK: _("The student is asked to check again."),
    states.EXCUSED: _("The student is excused."),
    states.OVERDUE: _("The student is marked overdue."),
    states.WITHDRAWN: _("The student is no longer on the roster."),
    states.NONE: _("There is nothing to decide yet."),
    states.SUBMITTED: _("The sheet is submitted."),
    states.RETURNED: _("The sheet was returned."),
    states.ACCEPTED: _("The sheet is accepted."),
    states.HANDED_IN: _("The department has handed in."),
    states.RECEIVED: _("The office has received the hand-in."),
    states.REOPENED: _("The hand-in was opened again."),
}


_SHEET_VERBS = {move.verb for move in states.CLASS_SHEET.moves}


_HAND_IN_VERBS = {move.verb for move in states.DEPARTMENT.moves}


# What is a second look for somebody who is asked again, though still counted as reported.
_LOOKS = {"confirm", "report", "enter_on_paper", "countersign"}


def _source(verb: str, at: Situation) -> str:
    """Return the state that the verb starts from: of the sheet, of the hand-in or of the student."""
    if verb in _SHEET_VERBS:
        return at.sheet
    if verb in _HAND_IN_VERBS:
        return at.hand_in
    return states.RECHECK if verb in _LOOKS and at.asked_again else at.standing


def may(verb: str, acting_as: frozenset[str], at: Situation) -> Sentence | None:
    """Ask the table of moves. Return None, or the reason why not. Raise KeyError for an unknown verb."""
    source = _source(verb, at)
    move = states.find(verb, source)
    if not at.open:
        return _NOT_OPEN
    if move is None:
        return _NOT_FROM[source]
    if not acting_as & move.who:
        return _NOT_YOURS
    if move.until == states.SHEET and at.is_submitted:
        return _ENDED[states.SHEET]
    if move.until == states.HAND_IN and at.is_handed_in:
        return _ENDED[states.HAND_IN]
    if move.after_deadline and not at.deadline_passed:
        return _TOO_EARLY
    return None


def may_act(acting_as: frozenset[str], at: Situation, needed: frozenset[str]) -> Sentence | None:
    """Ask for what moves no state (naming a monitor, a settlement): it is open, and theirs."""
    if not at.open:
        return _NOT_OPEN
    return None if acting_as & needed else _NOT_YOURS


def may_follow(acting_as: frozenset[str], at: Situation, needed: frozenset[str]) -> Sentence | None:
    """Ask for what goes on after the close: errors and claims are followed to their end."""
    return may_act(acting_as, replace(at, open=at.open or at.closed), needed)


MOVED = _("The roster has just moved this student to another class. Open the page from that class.")


def may_show(is_same: bool) -> Sentence | None:
    """Refuse a declaration on a record that has changed since the page was shown."""
    if not is_same:
        return _("The record has changed since this page was opened. Look at it again, please.")
    return None


def may_sign_sheet(is_same: bool) -> Sentence | None:
    """Refuse a collator's signature under a class that stands otherwise than the page has shown."""
    if not is_same:
        return _("The class has changed since this page was opened. Look at it again, please.")
    return None


def may_say_all_right(answers: Answers) -> Sentence | None:
    """Refuse 核对无误 where the status is another, or a field was answered with 有误."""
    if answers.status != key_fields.GOOD_STATUS:
        return _("A status other than %(status)s is reported as an error.") % {
            "status": key_fields.GOOD_STATUS
        }
    if answers.errors or any(one["answer"] == Answer.WRONG for one in answers.snapshot["fields"].values()):
        return _("A field was answered as wrong: report it as an error.")
    return None


def may_report(errors: Iterable[FieldReport]) -> Sentence | None:
    """Refuse a report of nothing, of an unknown field, or of a field twice."""
    fields = [error.field for error in errors]
    if not fields:
        return _("Say what is wrong.")
    if len(fields) != len(set(fields)):
        return _("A field is reported twice.")
    if set(fields) - set(key_fields.BY_NAME) - set(WHOLE_RECORD):
        return _("There is no such field.")
    return None


def may_confirm_entry(*, waits: bool, is_newest: bool, entered_by_same: bool) -> Sentence | None:
    """Refuse a countersignature that is not needed, comes too late, or is not a second person's."""
    if not is_newest:
        return _("A newer declaration of the student has taken its place.")
    if not waits:
        return _("This entry does not wait for a countersignature.")
    if entered_by_same:
        return _("Whoever entered a signature can't countersign it as well.")
    return None


def _some(names: list[str], and_more: str) -> str:
    shown, left = "、".join(names[:NAMES_SHOWN]), len(names) - NAMES_SHOWN
    return and_more % {"names": shown, "count": left} if left > 0 else shown


def some_people(names: list[str]) -> str:
    """Return people in words, the first of them by name."""
    return _some(names, gettext("%(names)s and %(count)s more"))


def some_classes(names: list[str]) -> str:
    """Return classes in words, the first of them by name."""
    return _some(names, gettext("%(names)s and %(count)s more classes"))


@lazily
def _unbalanced(names: list[str], waiting: int) -> str:
    text = gettext("Not accounted for yet: %(names)s.") % {"names": some_people(names)}
    if waiting:
        text += " " + gettext("%(count)s of them wait for the officer's countersignature.") % {
            "count": waiting
        }
    return text


def may_balance(names: list[str], waiting: int) -> Sentence | None:
    """Refuse a sheet while somebody is unaccounted for; `names` are theirs, `waiting` await the officer."""
    return _unbalanced(names, waiting) if names else None


def needs_reason(expected: int, sheet: str) -> bool:
    """Say whether a class is handed in with a reason alone: its newest sheet, in this state, is not accepted.

    A class that has no students, or has lost them, needs none; but a sheet that lies with the department is
    decided on first.
    """
    return sheet == states.SUBMITTED or (expected > 0 and sheet != states.ACCEPTED)


@lazily
def _classes_left(names: list[str]) -> str:
    return gettext("Not accepted yet, and no reason given: %(names)s.") % {"names": some_classes(names)}


def may_leave_out(names: list[str]) -> Sentence | None:
    """Refuse a hand-in while classes, `names`, are neither accepted nor excepted with a reason."""
    return _classes_left(names) if names else None


def may_show_people(is_purged: bool) -> Sentence | None:
    """Refuse a file of people whose data was deleted."""
    if is_purged:
        return _(
            "The personal data of this campaign was deleted. Its counts are still here; no names, no forms."
        )
    return None


def may_settle(
    outcome: str, to: str, field: str, *, stands: bool, counts: bool, is_open: bool = True
) -> Sentence | None:
    """Refuse an outcome that does not follow on the present one, and mending what no roster holds.

    `stands`: it was reported in the campaign (reported.items), and is followed to its end whatever comes.
    `counts`: the student still says so (reported.counting); else no roster is mended by it.
    """
    if not stands or (to == Outcome.MENDED and not counts):
        return _("This error does not count (any more): the student's page tells what they declared since.")
    if to == Outcome.MENDED and not is_open:
        return _("The campaign is closed: its roster can't change any more. Explain it instead.")
    if to not in states.OUTCOMES[outcome]:
        return _("This outcome does not follow on the present one.")
    if to == Outcome.MENDED and field in WHOLE_RECORD:
        return _("The roster does not hold this: it can't be mended there.")
    return None


def may_note_look(outcome: str, *, is_open: bool) -> Sentence | None:
    """Refuse the note that a student has looked again while they can declare, or before there is an end."""
    if is_open:
        return _("The campaign is open: look again by declaring.")
    if outcome not in states.SETTLED:
        return _("This error has not come to its end yet.")
    return None


def may_name(slug: str) -> Sentence | None:
    """Refuse a campaign whose name is no cohort year."""
    if not re.fullmatch(r"(19|20|21)[0-9]{2}", slug):
        return _("A campaign is named by its cohort year, such as 2027.")
    return None


YEARS_AHEAD = 2


@lazily
def _too_far(year: int) -> str:
    return gettext("This deadline is too far off: %(year)s is the last year that can be chosen.") % {
        "year": year
    }


def _may_end(slug: str, deadlines: Deadlines, today: date) -> Sentence | None:
    """Refuse deadlines in the wrong order, or so far off that only a slip of the hand explains them.

    They could never be taken back. Counted from the cohort year, or from today in a campaign of old.
    """
    if deadlines.departments < deadlines.students:
        return _("The departments' deadline can't be before the students'.")
    last = max(int(slug), today.year) + YEARS_AHEAD
    return _too_far(last) if deadlines.departments.year > last else None


def may_begin(slug: str, deadlines: Deadlines, today: date) -> Sentence | None:
    """Refuse a campaign whose name is no cohort year, or whose deadlines can't be."""
    return may_name(slug) or _may_end(slug, deadlines, today)


def may_extend(slug: str, old: Deadlines, new: Deadlines, today: date) -> Sentence | None:
    """Refuse deadlines that are not an extension of the old ones."""
    if new.students < old.students or new.departments < old.departments or new == old:
        return _("A deadline can only be extended.")
    return _may_end(slug, new, today)


def may_set(slug: str, old: Deadlines, new: Deadlines, today: date, *, is_free: bool) -> Sentence | None:
    """Refuse deadlines that are no extension; while nobody has declared (`is_free`) they can be any."""
    return _may_end(slug, new, today) if is_free else may_extend(slug, old, new, today)


NO_CLASSES = _("The department has no class in this campaign.")


def may_take_back(*, is_newest: bool, passed: bool, acted: bool) -> Sentence | None:
    """Refuse to take an extension back on which somebody may rely."""
    if not is_newest:
        return _("Only the newest change of a deadline can be taken back.")
    if passed:
        return _("The earlier deadline has passed: this extension stays.")
    if acted:
        return _("Somebody has declared or handed in since: this extension stays.")
    return None


REOPENS = timedelta(days=7)


def may_reopen(closed_at: datetime | None, now: datetime) -> Sentence | None:
    """Refuse to open again what is not closed, or was closed more than seven days ago."""
    if closed_at is None:
        return _("Only a closed campaign can be opened again.")
    return (
        _("It was closed more than seven days ago, and stays closed.") if now >= closed_at + REOPENS else None
    )


@lazily
def _beside(name: str) -> str:
    return gettext("%(campaign)s is open: close it first.") % {"campaign": name}


def may_open_beside(name: str) -> Sentence | None:
    """Refuse to open a campaign beside another one, which is named; empty: none is open."""
    return _beside(name) if name else None


def may_give(text: str, reason: Sentence) -> Sentence | None:
    """Refuse an empty text where one is needed; `reason` is the sentence to say then."""
    return None if text.strip() else reason
