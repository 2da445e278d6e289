"""What a roster's change means for those who have declared: asked again, or left in peace."""

import pytest

from rosters import importing, key_fields, planning, reading
from rosters.models import Campaign, Student
from signoffs import flow
from signoffs.flow import chains
from signoffs.models import ClassLink, Declaration, Event, MonitorDuty, Standing, Tally
from signoffs.process import labels
from signoffs.queries import actors
from signoffs.queries.actors import Who, is_monitor
from tests import factories, stories


@pytest.fixture
def student(campaign):
    """Who has signed."""
    one = factories.class_group().students.get(seat=2)
    stories.confirm(one)
    return one


def bring_in(student, **changed) -> importing.Applied:
    """Import one line: the student, with these fields changed; a duty has a column only where it is named."""
    names = [*key_fields.BY_NAME, *(changed.keys() & {"duty"})]
    values = {name: key_fields.display(name, getattr(student, name)) for name in names} | changed
    header = ",".join(labels.field_label(name) for name in names)
    content = f"{header}\n{','.join(values[name] for name in names)}\n".encode()
    plan = planning.plan(student.campaign, reading.read(content, "one.csv"))
    return flow.import_roster(plan=plan, who=Who(command="test"))


def standing(student) -> str:
    return Standing.objects.get(student=student).state


def test_a_changed_field_asks_again_and_the_declaration_stays(student):
    bring_in(student, major="机械工程")
    assert standing(student) == "recheck"
    assert Declaration.objects.filter(student=student, withdrawn_at=None).count() == 1
    tally = Tally.objects.get()
    assert (tally.confirmed, tally.recheck, tally.cells) == (0, 1, "MKM")


def test_another_writing_of_the_same_asks_nobody(student):
    bring_in(student, ethnicity="汉", major="软件工程（创新班）", duration="4年")
    assert standing(student) == "confirmed"


def test_a_record_that_is_again_what_was_signed_needs_no_second_look(student):
    bring_in(student, major="机械工程")
    bring_in(student, major="软件工程（卓越班）")
    assert standing(student) == "confirmed"


def test_who_moves_class_takes_the_declaration_along(student):
    old = student.class_group
    bring_in(student, class_name="软件2602班")
    student.refresh_from_db()
    assert student.class_group.name == "软件2602班"
    assert student.declarations.count() == 1
    tallies = {tally.class_group.name: (tally.expected, tally.cells) for tally in Tally.objects.all()}
    assert tallies[old.name] == (2, "M-M")
    assert tallies["软件2602班"][0] == 1


def test_a_new_class_gets_both_its_links(student):
    bring_in(student, class_name="软件2602班")
    new = ClassLink.objects.filter(class_group__name="软件2602班", revoked_at=None)
    assert sorted(new.values_list("kind", flat=True)) == ["monitor", "student"]


def test_a_duty_of_the_list_is_changed_by_the_list_and_nobody_signs_again(student):
    old = student.class_group.students.get(seat=1)
    stories.confirm(old)
    bring_in(old, duty="")
    bring_in(student, duty="班长")
    old.refresh_from_db()
    student.refresh_from_db()
    assert (is_monitor(old), is_monitor(student)) == (False, True)
    assert (standing(old), standing(student)) == ("confirmed", "confirmed")
    events = Event.objects.filter(chain__class_group=student.class_group, verb="import_roster").order_by("pk")
    assert [event.payload["duties"] for event in events] == [[str(old.uuid)], [str(student.uuid)]]


def test_who_was_named_monitor_of_a_class_is_none_in_the_next(student):
    old = student.class_group
    flow.name_monitor(student=student, who=Who(command="test"))
    bring_in(student, major="机械工程")
    assert MonitorDuty.objects.filter(student=student).exists()

    bring_in(student, class_name="软件2602班")
    student = Student.objects.get(pk=student.pk)
    assert actors.roles(Who(student=student), student.class_group) == set()
    (event,) = Event.objects.filter(verb="unname_monitor")
    assert (event.chain.class_group, event.student) == (old, student)
    assert chains.verify(event.chain) == []


def born(campaign) -> list[tuple]:
    """Return the events of a campaign's birth: verb, and who it was by."""
    return [(event.verb, event.payload["by"]) for event in Event.objects.filter(chain__campaign=campaign)]


def test_a_year_without_a_campaign_gets_one_with_its_deadlines_and_its_birth_in_the_chain(db):
    by_command = {"who": Who(command="test")}
    first, second = (flow.campaign_for(slug=slug, **by_command) for slug in ("2019", "2020"))

    assert (str(first.student_deadline), str(first.department_deadline)) == ("2019-12-22", "2019-12-24")
    assert (first.state, second.state) == (Campaign.State.OPEN, Campaign.State.DRAFT)
    assert flow.campaign_for(slug="2019", **by_command) == first
    assert born(first) == born(second) == [("create_campaign", "test")]
    for slug in ("spring", "１９２０", "0999"):
        with pytest.raises(flow.Refused):
            flow.campaign_for(slug=slug, **by_command)


def test_who_left_while_excused_returns_to_what_they_had_declared(student):
    """The excuse ends with the leaving; of the declarations the newest that counts stands again."""
    monitor = student.class_group.students.get(seat=1)
    bring_in(student, major="机械工程")  # asked again, and away
    excuse = stories.excuse(student, monitor)
    flow.withdraw_student(student=student, who=Who(command="test"), reason="退学")
    excuse.refresh_from_db()
    assert excuse.lifted_at is not None
    student.refresh_from_db()
    bring_in(student)
    assert standing(student) == "recheck"
    assert Standing.objects.get(student=student).declaration is not None
    assert Tally.objects.get().recheck == 1
