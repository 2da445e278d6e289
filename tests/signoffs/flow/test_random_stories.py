"""After any story: the tallies are what a plain count says, every chain holds, and no move was half made.

Stories are seeded: a failure names its seed, and plays again.
"""

import random
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from rosters import key_fields, planning, reading
from rosters.models import ClassGroup, Student
from signoffs import flow
from signoffs.flow import tallies
from signoffs.flow.chains import verify
from signoffs.models import (
    Chain,
    ClassSheet,
    Declaration,
    Event,
    FieldError,
    HandIn,
    Standing,
    Tally,
)
from signoffs.process import deadlines
from signoffs.queries.actors import Who
from signoffs.queries.counts import counts_of
from tests import factories, stories

MOVES = 120
# A settled report can leave somebody without a usable ID number.
TICKED = planning.Choices(accept_missing_numbers=True)


class Story:
    """Two classes of a department and the people in them; each move may be refused."""

    def __init__(self, seed: int, campaign):
        self.dice = random.Random(seed)
        self.campaign = campaign
        self.classes = [factories.class_group(f"软件260{n}班", students=4) for n in (1, 2)]
        department = self.classes[0].department
        self.officer = Who(user=factories.user("officer", role="department", in_department=department))
        self.office = Who(user=factories.user("office"))
        self.now = timezone.now()

    def clock(self):
        return self.now

    def student(self) -> Student:
        return self.dice.choice(list(Student.objects.select_related("campaign", "class_group")))

    def any_of(self, rows) -> list:
        """Return one of the rows, by the story's dice, or none where there is none."""
        found = list(rows.order_by("pk"))
        return [self.dice.choice(found)] if found else []

    def class_group(self) -> ClassGroup:
        return self.dice.choice(self.classes)

    def monitor(self, class_group: ClassGroup) -> Student:
        return class_group.students.get(seat=1)

    def play(self) -> None:
        """Make one move; a refusal is fine."""
        moves = [name for name in dir(self) if name.startswith("do_")]
        weights = [4 if name in ("do_confirm", "do_report", "do_submit") else 1 for name in moves]
        self.now += timedelta(hours=self.dice.randrange(1, 5))
        before = Event.objects.count()
        try:
            getattr(self, self.dice.choices(moves, weights)[0])()
        except flow.Refused:
            assert Event.objects.count() == before

    def do_confirm(self):
        stories.confirm(self.student(), self.clock)

    def do_report(self):
        fields = self.dice.sample(["name", "major", "ethnicity", "no_record", "id_number"], 2)
        stories.report(self.student(), *fields, clock=self.clock)

    def do_take_back(self):
        student = self.student()
        flow.withdraw_declaration(student=student, who=Who(student=student), clock=self.clock)

    def do_on_paper(self):
        student = self.student()
        stories.on_paper(student, self.monitor(student.class_group), self.clock)

    def do_countersign(self):
        for entry in self.any_of(Declaration.objects.exclude(channel="own")):
            flow.countersign(declaration=entry, who=self.officer, clock=self.clock)

    def do_contest(self):
        for entry in self.any_of(Declaration.objects.exclude(channel="own")):
            flow.contest(declaration=entry, who=Who(student=entry.student), clock=self.clock)

    def do_excuse(self):
        student = self.student()
        stories.excuse(student, self.monitor(student.class_group), self.clock)

    def do_lift(self):
        flow.lift_excuse(student=self.student(), who=self.officer, clock=self.clock)

    def do_overdue(self):
        one = self.class_group()
        flow.mark_overdue(
            class_group=one, students=list(one.students.all()), who=self.officer, clock=self.clock
        )

    def do_extend(self):
        campaign = type(self.campaign).objects.get(pk=self.campaign.pk)
        flow.extend_deadlines(
            campaign=campaign,
            deadlines=stories.later(campaign, days=self.dice.randrange(0, 3)),
            who=self.office,
            clock=self.clock,
        )

    def do_submit(self):
        one = self.class_group()
        stories.submit(one, self.monitor(one), self.clock)

    def do_return(self):
        for sheet in self.any_of(ClassSheet.objects):
            flow.return_sheet(sheet=sheet, who=self.officer, reason="再看", clock=self.clock)

    def do_accept(self):
        for sheet in self.any_of(ClassSheet.objects):
            flow.accept_sheet(sheet=sheet, who=self.officer, clock=self.clock)

    def do_hand_in(self):
        exceptions = {str(one.uuid): "以后补" for one in self.classes if self.dice.random() < 0.5}
        flow.hand_in(
            campaign=self.campaign,
            department=self.classes[0].department,
            who=self.officer,
            exceptions=exceptions,
            clock=self.clock,
        )

    def do_reopen(self):
        for one in self.any_of(HandIn.objects):
            flow.reopen(hand_in=one, who=self.office, reason="再看", clock=self.clock)

    def do_settle(self):
        for error in self.any_of(FieldError.objects):
            outcome = self.dice.choice(FieldError.Outcome.values)
            flow.settle_error(error=error, outcome=outcome, note="说明", who=self.office, clock=self.clock)

    def do_leave(self):
        if self.dice.random() < 0.3:
            student = self.student()
            if student.seat != 1:
                flow.withdraw_student(student=student, who=self.office, reason="退学", clock=self.clock)

    def do_import(self):
        student = self.student()
        importing_changes(self, student)


def importing_changes(story: Story, student: Student) -> None:
    """Import a file of one line: the student with another major, or in the other class."""
    header = ",".join(field.label for field in key_fields.KEY_FIELDS)
    values = {
        field.name: key_fields.display(field.name, getattr(student, field.name))
        for field in key_fields.KEY_FIELDS
    }
    values["major"] = story.dice.choice(["软件工程", "机械工程"])
    if story.dice.random() < 0.3 and student.seat != 1:
        values["class_name"] = story.class_group().name
    content = f"{header}\n{','.join(values[field.name] for field in key_fields.KEY_FIELDS)}\n".encode()
    plan = planning.plan(story.campaign, reading.read(content, "one.csv"), TICKED)
    flow.import_roster(plan=plan, who=story.office, clock=story.clock)


def plain_counts(class_group: ClassGroup) -> Counter:
    """Count the class's students by their standing, one by one."""
    return Counter(
        standing.state if (standing := Standing.objects.filter(student=student).first()) else "missing"
        for student in class_group.students.all()
    )


@pytest.mark.parametrize("seed", range(6))
def test_tallies_and_chains_hold_after_any_story(campaign, seed):
    story = Story(seed, campaign)
    for _ in range(MOVES):
        story.play()
    counted = tallies.count(story.classes)
    for class_group in story.classes:
        kept = Tally.objects.get(class_group=class_group)
        assert tallies.differences(kept, counted[class_group.pk]) == {}
        plain = plain_counts(class_group)
        shown = counts_of(kept)
        assert {name: getattr(shown, name) for name in plain} == dict(plain)
        assert shown.expected == sum(plain.values()) - plain["withdrawn"]
    assert [problem for chain in Chain.objects.all() for problem in verify(chain)] == []
    assert Event.objects.count() > 20
    assert deadlines.day_of(story.now) > deadlines.day_of(timezone.now())


def test_a_frozen_sheet_never_changes_whatever_comes_after(campaign):
    story = Story(99, campaign)
    frozen = {}
    for _ in range(MOVES * 2):
        story.play()
        for sheet in ClassSheet.objects.all():
            facts = (sheet.rows, sheet.counts, sheet.digest, sheet.version, sheet.submitted_at)
            assert frozen.setdefault(sheet.pk, facts) == facts
    assert frozen


class TestChains:
    @pytest.fixture
    def chain(self, campaign):
        """A class's chain of three confirmations."""
        class_group = factories.class_group()
        for student in class_group.students.all():
            stories.confirm(student)
        return Chain.objects.get(class_group=class_group)

    def codes(self, chain) -> list[tuple[int, str]]:
        return [(problem.position, problem.code) for problem in verify(chain)]

    def test_a_chain_that_nobody_touched_holds(self, chain):
        assert self.codes(chain) == []

    def test_a_changed_event_is_found(self, chain):
        Event.objects.filter(chain=chain, position=2).update(verb="report")
        assert (2, "changed") in self.codes(chain)

    def test_a_removed_event_is_found(self, chain):
        Event.objects.filter(chain=chain, position=2).delete()
        assert (2, "missing") in self.codes(chain)

    def test_a_missing_last_event_is_found(self, chain):
        Event.objects.filter(chain=chain, position=3).delete()
        assert self.codes(chain) == [(3, "missing")]

    def test_an_event_about_somebody_else_is_found(self, chain):
        first, second = Event.objects.filter(chain=chain)[:2]
        Event.objects.filter(pk=first.pk).update(student=second.student)
        assert self.codes(chain) == [(1, "person")]

    def test_a_purged_payload_leaves_the_chain_whole(self, chain):
        Event.objects.filter(chain=chain).update(payload=None, salt=None, user=None, student=None)
        ClassGroup.objects.update(purged_at=timezone.now())
        assert self.codes(chain) == []
