"""The rules as one table, without a database: verb × state × actor × until, to None or to the sentence."""

import inspect
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from django.utils import translation

from rosters import key_fields
from signoffs.process import rules, states
from signoffs.process.answers import Answers, FieldReport, Snapshot
from signoffs.process.deadlines import SCHOOL_CLOCK, Deadlines
from signoffs.process.rules import Situation
from signoffs.queries import retention

TEN = "一、二、三、四、五、六、七、八、九、十"
ALL_ACTORS = ("student", "monitor", "officer", "office")

# Verb: from which states, by whom, until when. What no line names is refused.
TABLE = """
confirm                missing recheck excused overdue                       student                 close
confirm                confirmed reported                                    student                 sheet
report                 missing recheck excused overdue                       student                 close
report                 confirmed reported                                    student                 sheet
withdraw_declaration   confirmed reported recheck                            student                 sheet
enter_on_paper         missing recheck excused overdue                       monitor officer office  close
countersign            missing recheck excused overdue                       officer office          close
contest                missing recheck excused overdue confirmed reported    student                 close
excuse                 missing recheck excused overdue                       monitor officer office  sheet
lift_excuse            excused                                               monitor officer office  sheet
mark_overdue           missing                                               monitor officer office  sheet
ask_again              confirmed reported recheck                            office                  close
extend_deadlines       overdue                                               office                  close
withdraw_student       missing confirmed reported recheck excused overdue    office                  close
return_student         withdrawn                                             office                  close
submit_sheet           none returned                                         monitor                 hand_in
return_sheet           submitted accepted                                    officer office          hand_in
accept_sheet           submitted                                             officer office          hand_in
hand_in                none reopened                                         officer                 close
receive                handed_in                                             office                  close
reopen                 handed_in received                                    office                  close
"""
OF_SHEET = {"submit_sheet", "return_sheet", "accept_sheet"}
OF_HAND_IN = {"hand_in", "receive", "reopen"}

# What a refusal says of each state that a verb does not start from.
NOT_FROM = {
    "missing": "The student has not signed yet.",
    "confirmed": "The student has already signed.",
    "reported": "The student has already reported an error.",
    "recheck": "The student is asked to check again.",
    "excused": "The student is excused.",
    "overdue": "The student is marked overdue.",
    "withdrawn": "The student is no longer on the roster.",
    "none": "There is nothing to decide yet.",
    "submitted": "The sheet is submitted.",
    "returned": "The sheet was returned.",
    "accepted": "The sheet is accepted.",
    "handed_in": "The department has handed in.",
    "received": "The office has received the hand-in.",
    "reopened": "The hand-in was opened again.",
}
NOT_OPEN, NOT_YOURS = "The campaign is not open.", "Somebody else has to do this."
TOO_EARLY = "Only after the students' deadline."
SHEET_IS_SUBMITTED = "The class's sheet has been submitted. It has to be returned first."
HAS_HANDED_IN = "The department has handed in. Only the office can open it again."

# The moments, by what has ended at each.
MOMENTS = {
    "begun": {"deadline_passed": False},
    "after the deadline": {},
    "sheet submitted": {"sheet": states.SUBMITTED},
    "sheet accepted": {"sheet": states.ACCEPTED},
    "sheet returned": {"sheet": states.RETURNED},
    "handed in": {"sheet": states.ACCEPTED, "hand_in": states.HANDED_IN},
    "received": {"sheet": states.ACCEPTED, "hand_in": states.RECEIVED},
    "opened again": {"sheet": states.RETURNED, "hand_in": states.REOPENED},
    "closed": {"open": False},
}


def lines() -> dict[tuple[str, str], tuple[set[str], str]]:
    """Return who may make each verb from each state, and until when."""
    read = {}
    for line in TABLE.strip().splitlines():
        verb, *words, until = line.split()
        who = {word for word in words if word in ALL_ACTORS}
        for state in set(words) - who:
            read[verb, state] = (who, until)
    return read


LINES = lines()
VERBS = sorted({verb for verb, _ in LINES})


def states_of(verb: str) -> list[str]:
    """Return the states that the verb may meet."""
    if verb in OF_SHEET:
        return ["none", "submitted", "returned", "accepted"]
    if verb in OF_HAND_IN:
        return ["none", "handed_in", "received", "reopened"]
    return list(states.STANDINGS)


CASES = [(verb, state) for verb in VERBS for state in states_of(verb)]


def situation(verb: str, state: str, moment: str) -> Situation:
    """Return what the rule looks at: the verb's own state, in that moment."""
    own = "sheet" if verb in OF_SHEET else "hand_in" if verb in OF_HAND_IN else "standing"
    values = {"deadline_passed": True} | MOMENTS[moment] | {own: "" if state == "none" else state}
    return Situation(**values)


def expected(verb: str, state: str, actor: str, at: Situation) -> str | None:
    """Return what the table answers."""
    if not at.open:
        return NOT_OPEN
    if (verb, state) not in LINES:
        return NOT_FROM[state]
    who, until = LINES[verb, state]
    if actor not in who:
        return NOT_YOURS
    if until == "sheet" and at.sheet in ("submitted", "accepted"):
        return SHEET_IS_SUBMITTED
    if until == "hand_in" and at.hand_in in ("handed_in", "received"):
        return HAS_HANDED_IN
    if verb == "mark_overdue" and not at.deadline_passed:
        return TOO_EARLY
    return None


@pytest.mark.parametrize(("verb", "state"), CASES)
def test_a_move_is_open_or_refused_with_its_sentence(verb, state):
    at = {moment: situation(verb, state, moment) for moment in MOMENTS}
    with translation.override("en"):
        answers = {
            (actor, moment): in_words(rules.may(verb, frozenset({actor}), at[moment]))
            for actor in ALL_ACTORS
            for moment in MOMENTS
        }
    assert answers == {(actor, moment): expected(verb, state, actor, at[moment]) for actor, moment in answers}


def test_the_table_has_every_verb_and_nobody_acts_who_is_nobody():
    assert sorted(states.MOVES) == VERBS
    assert set(ALL_ACTORS) == states.ACTORS
    for verb, state in LINES:
        assert rules.may(verb, frozenset(), situation(verb, state, "after the deadline")) is not None


@pytest.mark.parametrize("verb", VERBS)
def test_whose_errors_are_all_settled_looks_again_as_somebody_who_is_asked_to(verb):
    at = Situation(standing="reported", settled=True, sheet="submitted")
    assert at.asked_again
    looks_again = {"confirm", "report", "enter_on_paper", "countersign"}
    same = Situation(standing="recheck" if verb in looks_again else "reported", sheet="submitted")
    for actor in ALL_ACTORS:
        assert rules.may(verb, frozenset({actor}), at) == rules.may(verb, frozenset({actor}), same)


def in_words(sentence) -> str | None:
    """Return a refusal as it reads."""
    return None if sentence is None else str(sentence)


def answers(status: str = key_fields.GOOD_STATUS, answer: str = "ok", *errors: FieldReport) -> Answers:
    """Return answers of one field."""
    snapshot: Snapshot = {"fields": {"name": {"roster": "王某", "answer": answer}}, "status": status}
    return Answers(UUID(int=1), datetime(2026, 12, 1), status, snapshot, errors=errors)


MAJOR, UNKNOWN = FieldReport("major", "a", "b"), FieldReport("shoe size", "a", "b")
TODAY, DAYS = date(2026, 12, 1), Deadlines(date(2026, 12, 22), date(2026, 12, 24))
LATER = Deadlines(date(2026, 12, 23), date(2026, 12, 24))
OFFICE, OFFICER = frozenset({"office"}), frozenset({"officer"})
NO_YEAR = "A campaign is named by its cohort year, such as 2027."
WRONG_ORDER = "The departments' deadline can't be before the students'."
NO_MORE = "This error does not count (any more): the student's page tells what they declared since."
DOES_NOT_FOLLOW = "This outcome does not follow on the present one."

STANDS, COUNTS = {"stands": True}, {"counts": True}
UNTOUCHED = {"is_newest": True, "passed": False, "acted": False}
CLOSED_AT = datetime(2027, 1, 1, tzinfo=SCHOOL_CLOCK)

# Each predicate with what it is asked, and the sentence; None: it may.
PREDICATES = [
    (rules.may_act, (OFFICE, Situation(), OFFICE), {}, None),
    (rules.may_act, (OFFICER, Situation(), OFFICE), {}, NOT_YOURS),
    (rules.may_act, (OFFICE, Situation(open=False), OFFICE), {}, NOT_OPEN),
    (rules.may_show, (True,), {}, None),
    (
        rules.may_show,
        (False,),
        {},
        "The record has changed since this page was opened. Look at it again, please.",
    ),
    (rules.may_sign_sheet, (True,), {}, None),
    (
        rules.may_sign_sheet,
        (False,),
        {},
        "The class has changed since this page was opened. Look at it again, please.",
    ),
    (rules.may_say_all_right, (answers(),), {}, None),
    (
        rules.may_say_all_right,
        (answers("保留入学资格"),),
        {},
        f"A status other than {key_fields.GOOD_STATUS} is reported as an error.",
    ),
    (
        rules.may_say_all_right,
        (answers(key_fields.GOOD_STATUS, "wrong"),),
        {},
        "A field was answered as wrong: report it as an error.",
    ),
    (
        rules.may_say_all_right,
        (answers(key_fields.GOOD_STATUS, "ok", MAJOR),),
        {},
        "A field was answered as wrong: report it as an error.",
    ),
    (rules.may_report, ([MAJOR],), {}, None),
    (rules.may_report, ([FieldReport("no_record", "", "")],), {}, None),
    (rules.may_report, ([],), {}, "Say what is wrong."),
    (rules.may_report, ([MAJOR, MAJOR],), {}, "A field is reported twice."),
    (rules.may_report, ([UNKNOWN],), {}, "There is no such field."),
    (rules.may_confirm_entry, (), {"waits": True, "is_newest": True, "entered_by_same": False}, None),
    (
        rules.may_confirm_entry,
        (),
        {"waits": True, "is_newest": False, "entered_by_same": False},
        "A newer declaration of the student has taken its place.",
    ),
    (
        rules.may_confirm_entry,
        (),
        {"waits": False, "is_newest": True, "entered_by_same": False},
        "This entry does not wait for a countersignature.",
    ),
    (
        rules.may_confirm_entry,
        (),
        {"waits": True, "is_newest": True, "entered_by_same": True},
        "Whoever entered a signature can't countersign it as well.",
    ),
    (rules.may_balance, ([], 0), {}, None),
    (rules.may_balance, (["3 王某"], 0), {}, "Not accounted for yet: 3 王某."),
    (
        rules.may_balance,
        (["3 王某"], 1),
        {},
        "Not accounted for yet: 3 王某. 1 of them wait for the officer's countersignature.",
    ),
    (rules.may_leave_out, ([],), {}, None),
    (rules.may_leave_out, (["甲班"],), {}, "Not accepted yet, and no reason given: 甲班."),
    (rules.may_show_people, (False,), {}, None),
    (
        rules.may_show_people,
        (True,),
        {},
        "The personal data of this campaign was deleted. Its counts are still here; no names, no forms.",
    ),
    (rules.may_settle, ("open", "explained", "major"), STANDS | COUNTS, None),
    (rules.may_settle, ("open", "explained", "major"), STANDS | {"counts": False}, None),
    (rules.may_settle, ("open", "explained", "major"), {"stands": False, "counts": True}, NO_MORE),
    (rules.may_settle, ("open", "mended", "major"), STANDS | COUNTS, None),
    (rules.may_settle, ("open", "mended", "major"), STANDS | {"counts": False}, NO_MORE),
    (
        rules.may_settle,
        ("open", "mended", "major"),
        STANDS | COUNTS | {"is_open": False},
        "The campaign is closed: its roster can't change any more. Explain it instead.",
    ),
    (rules.may_settle, ("done", "mended", "major"), STANDS | COUNTS, DOES_NOT_FOLLOW),
    (
        rules.may_settle,
        ("open", "mended", "status"),
        STANDS | COUNTS,
        "The roster does not hold this: it can't be mended there.",
    ),
    (rules.may_follow, (OFFICE, Situation(), OFFICE), {}, None),
    (rules.may_follow, (OFFICE, Situation(open=False, closed=True), OFFICE), {}, None),
    (rules.may_follow, (OFFICE, Situation(open=False), OFFICE), {}, NOT_OPEN),
    (rules.may_follow, (OFFICER, Situation(open=False, closed=True), OFFICE), {}, NOT_YOURS),
    (rules.may_note_look, ("done",), {"is_open": False}, None),
    (
        rules.may_note_look,
        ("done",),
        {"is_open": True},
        "The campaign is open: look again by declaring.",
    ),
    (rules.may_note_look, ("asked",), {"is_open": False}, "This error has not come to its end yet."),
    (rules.may_set, ("2026", LATER, DAYS, TODAY), {"is_free": True}, None),
    (rules.may_set, ("2026", DAYS, LATER, TODAY), {"is_free": False}, None),
    (rules.may_set, ("2026", LATER, DAYS, TODAY), {"is_free": False}, "A deadline can only be extended."),
    (
        rules.may_set,
        ("2026", DAYS, Deadlines(DAYS.departments, DAYS.students), TODAY),
        {"is_free": True},
        WRONG_ORDER,
    ),
    (rules.may_take_back, (), UNTOUCHED, None),
    (
        rules.may_take_back,
        (),
        UNTOUCHED | {"is_newest": False},
        "Only the newest change of a deadline can be taken back.",
    ),
    (
        rules.may_take_back,
        (),
        UNTOUCHED | {"passed": True},
        "The earlier deadline has passed: this extension stays.",
    ),
    (
        rules.may_take_back,
        (),
        UNTOUCHED | {"acted": True},
        "Somebody has declared or handed in since: this extension stays.",
    ),
    (rules.may_reopen, (CLOSED_AT, CLOSED_AT + rules.REOPENS - timedelta(seconds=1)), {}, None),
    (
        rules.may_reopen,
        (CLOSED_AT, CLOSED_AT + rules.REOPENS),
        {},
        "It was closed more than seven days ago, and stays closed.",
    ),
    (rules.may_reopen, (None, CLOSED_AT), {}, "Only a closed campaign can be opened again."),
    (rules.may_open_beside, ("",), {}, None),
    (rules.may_open_beside, ("2026",), {}, "2026 is open: close it first."),
    (rules.may_name, ("2027",), {}, None),
    (rules.may_name, ("next year",), {}, NO_YEAR),
    (rules.may_name, ("1827",), {}, NO_YEAR),
    (rules.may_begin, ("2026", DAYS, TODAY), {}, None),
    (rules.may_begin, ("soon", DAYS, TODAY), {}, NO_YEAR),
    (rules.may_begin, ("2026", Deadlines(DAYS.departments, DAYS.students), TODAY), {}, WRONG_ORDER),
    (
        rules.may_begin,
        ("2026", Deadlines(DAYS.students, date(2029, 1, 1)), TODAY),
        {},
        "This deadline is too far off: 2028 is the last year that can be chosen.",
    ),
    (rules.may_extend, ("2026", DAYS, LATER, TODAY), {}, None),
    (rules.may_extend, ("2026", DAYS, DAYS, TODAY), {}, "A deadline can only be extended."),
    (rules.may_extend, ("2026", LATER, DAYS, TODAY), {}, "A deadline can only be extended."),
    (
        rules.may_extend,
        ("2026", DAYS, Deadlines(date(2026, 12, 25), DAYS.departments), TODAY),
        {},
        WRONG_ORDER,
    ),
    (rules.may_give, ("因病", "Say why."), {}, None),
    (rules.may_give, ("  ", "Say why."), {}, "Say why."),
]


@pytest.mark.parametrize(
    ("predicate", "values", "named", "sentence"),
    PREDICATES,
    ids=[f"{row[0].__name__}-{number}" for number, row in enumerate(PREDICATES)],
)
def test_a_predicate_gives_none_or_its_sentence(predicate, values, named, sentence):
    with translation.override("en"):
        assert in_words(predicate(*values, **named)) == sentence


def test_every_predicate_stands_in_the_table_both_ways():
    answered = {row[0].__name__: set() for row in PREDICATES}
    for predicate, _values, _named, sentence in PREDICATES:
        answered[predicate.__name__].add(sentence is None)
    there = {name for name, found in inspect.getmembers(rules, inspect.isfunction) if name.startswith("may_")}
    assert set(answered) == there
    assert {name for name, both in answered.items() if both != {True, False}} == set()


@pytest.mark.parametrize(
    ("expected", "sheet", "needed"),
    [
        (30, "", True),
        (30, "submitted", True),
        (30, "returned", True),
        (30, "accepted", False),
        (0, "", False),
        (0, "submitted", True),
        (0, "returned", False),
    ],
)
def test_a_class_without_an_accepted_sheet_is_handed_in_with_a_reason(expected, sheet, needed):
    assert rules.needs_reason(expected, sheet) is needed


def test_a_long_list_of_names_is_cut_alike_wherever_it_stands():
    names = [f"软件{number:04d}班" for number in range(2601, 2613)]
    of_department = str(rules.may_leave_out(names))
    of_purge = str(
        retention.may_purge(
            closed=True, purged=False, day=date(2027, 6, 30), today=date(2027, 6, 30), not_printed=names
        )
    )
    for sentence in (of_department, of_purge):
        assert "软件2609班、软件2610班，另有 2 个班" in sentence
        assert "软件2611班" not in sentence


def test_beyond_ten_names_the_rest_is_counted_as_what_it_is():
    ten = TEN.split("、")
    assert str(rules.may_balance(ten, 0)) == f"尚未核对：{TEN}。"
    assert str(rules.may_balance([*ten, "王"], 0)) == f"尚未核对：{TEN}，另有 1 人。"
    assert str(rules.may_leave_out([*ten, "甲班", "乙班"])).endswith(f"{TEN}，另有 2 个班。")
