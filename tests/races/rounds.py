"""Rounds in which several processes do at the same moment what can't both happen.

    python -m tests.races.rounds [--rounds 300] [--processes 8] [RACE …]

runs on the database of DATABASE_URL, which must be fresh, prints how many rounds of each race came out wrong,
and exits 1 if one did. A wrong outcome is a row that contradicts another, never which of them came first.
"""

import argparse
import multiprocessing
import os
import queue
import sys
from collections.abc import Callable
from uuid import UUID, uuid4

import django

# Every process begins here, the spawned ones too.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from rosters import importing, key_fields, planning, reading
from rosters.models import Campaign, ClassGroup, Student
from signoffs import flow
from signoffs.flow import chains
from signoffs.models import Chain, ClassSheet, Declaration, Standing, Tally, User
from signoffs.process.deadlines import Deadlines
from signoffs.queries.actors import Who
from tests import factories, stories

START_TIMEOUT = 60  # seconds that a process may take for one round

# What one process does in a round -------------------------------------------------------------------------


def confirm(student: int, submission: str) -> None:
    """Confirm on the record as it is now; refused where it changes before the lock is held."""
    one = Student.objects.get(pk=student)
    stories.confirm(one, submission_id=UUID(submission))


def submit(monitor: int) -> None:
    """Submit the class's sheet; refused, look again and once more: somebody may have signed meanwhile."""
    one = Student.objects.select_related("class_group__campaign", "class_group__department").get(pk=monitor)
    try:
        stories.submit(one.class_group, one)
    except flow.Refused:
        stories.submit(one.class_group, one)


def bring_in(class_group: int, major: str) -> None:
    """Import the class's list again, with another major for everybody."""
    one = ClassGroup.objects.select_related("campaign", "department").get(pk=class_group)
    header = ",".join(field.label for field in key_fields.KEY_FIELDS)
    lines = [header]
    for student in one.students.all():
        values = {field.name: getattr(student, field.name) for field in key_fields.KEY_FIELDS}
        values["major"] = major
        lines.append(",".join(key_fields.display(name, value) for name, value in values.items()))
    plan = planning.plan(one.campaign, reading.read("\n".join(lines).encode(), "again.csv"))
    flow.import_roster(plan=plan, who=Who(command="race"))


def deactivate(user: int, by: int) -> None:
    """End another account of the office."""
    who = Who(user=User.objects.get(pk=by))
    flow.deactivate(user=User.objects.get(pk=user), who=who)


def accept(token: str, password: str) -> None:
    """Use an invitation."""
    flow.accept_invitation(token=token, password=password)


def create(slug: str) -> None:
    """Prepare the campaign of that year."""
    today = timezone.localdate()
    flow.create_campaign(
        slug=slug, university="", deadlines=Deadlines(today, today), texts={},
        who=Who(command="race"),
    )  # fmt: skip


def begin(campaign: int) -> None:
    """Open the campaign that is in preparation."""
    one = Campaign.objects.get(pk=campaign)
    flow.open_campaign(campaign=one, who=Who(command="race"))


DEEDS: dict[str, Callable] = {
    "confirm": confirm,
    "submit": submit,
    "bring_in": bring_in,
    "deactivate": deactivate,
    "accept": accept,
    "create": create,
    "begin": begin,
}


def work(orders: multiprocessing.Queue, barrier, answers: multiprocessing.Queue) -> None:
    """Do what is ordered, all processes at once, and answer: done, refused, or what failed."""
    while (order := orders.get()) is not None:
        deed, values = order
        barrier.wait(START_TIMEOUT)
        try:
            DEEDS[deed](**values)
            answers.put("done")
        except (flow.Refused, importing.Stale):
            answers.put("refused")
        except Exception as error:  # noqa: BLE001 - whatever it is, the round came out wrong
            answers.put(f"{type(error).__name__}: {error}")
    connection.close()


# What must hold after any round ---------------------------------------------------------------------------


def contradictions(class_group: ClassGroup) -> list[str]:
    """Return which rows of the class contradict each other."""
    found = []
    tally = Tally.objects.get(class_group=class_group)
    standings = list(Standing.objects.filter(student__class_group=class_group).select_related("declaration"))
    for state in ("confirmed", "reported", "recheck", "excused"):
        if getattr(tally, state) != sum(one.state == state for one in standings):
            found.append(f"the tally's {state}")
    students = {one.pk: one for one in class_group.students.all()}
    for one in standings:
        fresh = one.declaration and one.declaration.record_digest == students[one.student_id].record_digest
        if one.state == "confirmed" and not fresh:
            found.append("confirmed on a record that is no longer so")
    found += [
        f"the chain: {one}"
        for chain in Chain.objects.filter(class_group=class_group)
        for one in chains.verify(chain)
    ]
    for sheet in ClassSheet.objects.filter(class_group=class_group):
        for row in sheet.rows:
            told = row["declaration"]
            if (row["state"] == "confirmed") != (told is not None):
                found.append("half a declaration in the sheet")
            if told and Declaration.objects.get(uuid=told).declared_at > sheet.submitted_at:
                found.append("a declaration in a sheet that is older")
        if sum(row["state"] == "confirmed" for row in sheet.rows) != sheet.counts["confirmed"]:
            found.append("the sheet's own count")
    return found


# The races: what is there before, who does what, and what else must hold ------------------------------------


def double_confirm(class_group: ClassGroup, processes: int) -> tuple[list, Callable]:
    """One student sends the same declaration from everywhere at once."""
    student, submission = class_group.students.last(), str(uuid4())
    orders = [("confirm", {"student": student.pk, "submission": submission})] * processes
    return (
        orders,
        lambda answers: (
            ([] if Declaration.objects.filter(student=student).count() == 1 else ["not one declaration"])
            + ([] if set(answers) == {"done"} else ["a retry was not the same declaration"])
        ),
    )


def confirm_while_edited(class_group: ClassGroup, processes: int) -> tuple[list, Callable]:
    """A student signs while an import changes the record."""
    student = class_group.students.last()
    sign = [("confirm", {"student": student.pk, "submission": str(uuid4())}) for _ in range(processes - 1)]
    return [*sign, ("bring_in", {"class_group": class_group.pk, "major": "土木工程"})], lambda answers: []


def import_while_signing(class_group: ClassGroup, processes: int) -> tuple[list, Callable]:
    """The whole class signs while its list comes in again, twice."""
    students = list(class_group.students.all())
    sign = [
        ("confirm", {"student": students[number % len(students)].pk, "submission": str(uuid4())})
        for number in range(processes - 2)
    ]
    again = [
        ("bring_in", {"class_group": class_group.pk, "major": major}) for major in ("土木工程", "测绘工程")
    ]
    return [*sign, *again], lambda answers: []


def submit_while_signing(class_group: ClassGroup, processes: int) -> tuple[list, Callable]:
    """The sheet is submitted, by several, while the last student, who was excused, signs after all."""
    monitor, *others, last = class_group.students.order_by("seat")
    for one in (monitor, *others):
        stories.confirm(one)
    stories.excuse(last, monitor)
    sign = [("confirm", {"student": last.pk, "submission": str(uuid4())}) for _ in range(processes // 2)]
    sheets = [("submit", {"monitor": monitor.pk}) for _ in range(processes - len(sign))]
    return (
        [*sheets, *sign],
        lambda answers: (
            [] if ClassSheet.objects.filter(class_group=class_group).count() == 1 else ["not one sheet"]
        ),
    )


def end_each_other(class_group: ClassGroup, processes: int) -> tuple[list, Callable]:
    """All accounts of the office deactivate each other, in a ring: one must remain."""
    User.objects.update(is_active=False)
    ring = [factories.user(f"{class_group.name}-{number}") for number in range(processes)]
    orders = [
        ("deactivate", {"user": ring[number].pk, "by": ring[number - 1].pk}) for number in range(processes)
    ]
    return orders, lambda answers: [] if User.objects.filter(is_active=True).exists() else ["no office"]


def one_invitation(class_group: ClassGroup, processes: int) -> tuple[list, Callable]:
    """Everybody who got hold of a one-time link opens it at once: one of them chooses the password."""
    user = factories.user(class_group.name)
    token = flow.invite(user=user, who=Who(command="race"))
    words = [f"the sentence of number {number}" for number in range(processes)]
    orders = [("accept", {"token": token, "password": word}) for word in words]

    def holds(answers: list[str]) -> list[str]:
        user.refresh_from_db()
        right = sum(user.check_password(word) for word in words)
        return [] if (answers.count("done"), right) == (1, 1) else ["not one password"]

    return orders, holds


def two_years(class_group: ClassGroup, processes: int) -> tuple[list, Callable]:
    """While none is open, everybody prepares the campaign of one year or of another."""
    Campaign.objects.filter(pk=class_group.campaign_id).update(state=Campaign.State.CLOSED)
    years = ("2101", "2102")
    orders = [("create", {"slug": years[number % 2]}) for number in range(processes)]

    def holds(answers: list[str]) -> list[str]:
        made = Campaign.objects.filter(slug__in=years)
        found = sorted(made.values_list("state", flat=True))
        for one in made:  # out of the way of the next round
            Campaign.objects.filter(pk=one.pk).update(slug=f"{one.slug}-{one.pk}", state="closed")
        Campaign.objects.filter(pk=class_group.campaign_id).update(state=Campaign.State.OPEN)
        return [] if (answers.count("done"), found) == (2, ["draft", "open"]) else ["not one of each year"]

    return orders, holds


def open_drafts(class_group: ClassGroup, processes: int) -> tuple[list, Callable]:
    """While none is open, every campaign in preparation is opened: one of them is."""
    Campaign.objects.filter(pk=class_group.campaign_id).update(state=Campaign.State.CLOSED)
    drafts = [
        factories.campaign(f"{class_group.pk}-{number}", state=Campaign.State.DRAFT)
        for number in range(processes)
    ]
    orders = [("begin", {"campaign": draft.pk}) for draft in drafts]

    def holds(answers: list[str]) -> list[str]:
        opened = Campaign.objects.filter(state=Campaign.State.OPEN).count()
        Campaign.objects.filter(slug__startswith=f"{class_group.pk}-").update(state=Campaign.State.CLOSED)
        Campaign.objects.filter(pk=class_group.campaign_id).update(state=Campaign.State.OPEN)
        return [] if (answers.count("done"), opened) == (1, 1) else ["not one open campaign"]

    return orders, holds


RACES = {
    race.__name__: race
    for race in (
        double_confirm,
        confirm_while_edited,
        import_while_signing,
        submit_while_signing,
        end_each_other,
        one_invitation,
        two_years,
        open_drafts,
    )
}


def run(names: list[str], rounds: int, processes: int) -> dict[str, list[str]]:
    """Run the races on a migrated database; return what came out wrong, by race."""
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(processes), context.Queue()
    orders = [context.Queue() for _ in range(processes)]
    workers = [context.Process(target=work, args=(own, barrier, answers), daemon=True) for own in orders]
    campaign = Campaign.objects.first() or factories.campaign("2026")
    wrong: dict[str, list[str]] = {name: [] for name in names}
    for worker in workers:
        worker.start()
    try:
        for number in range(rounds):
            for name in names:
                class_group = factories.class_group(f"{name}-{number}", students=4, of=campaign)
                deeds, holds = RACES[name](class_group, processes)
                for own, deed in zip(orders, deeds, strict=True):
                    own.put(deed)
                said = [answers.get(timeout=2 * START_TIMEOUT) for _ in deeds]
                wrong[name] += [f"round {number}: {one}" for one in said if one not in ("done", "refused")]
                wrong[name] += [f"round {number}: {one}" for one in holds(said) + contradictions(class_group)]
    except queue.Empty:
        wrong[name].append(f"round {number}: a process did not answer")
    finally:
        for own in orders:
            own.put(None)
        for worker in workers:
            worker.join(10)
    return wrong


def main() -> int:
    """Run as a command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("races", nargs="*", default=list(RACES))
    chosen = parser.parse_args()
    call_command("migrate", verbosity=0)
    wrong = run(chosen.races, chosen.rounds, chosen.processes)
    for name, found in wrong.items():
        print(
            f"{connection.vendor}: {name}: {chosen.rounds} rounds of {chosen.processes} processes, "
            f"wrong: {len(found)}"
        )
        for line in found[:5]:
            print(f"  {line}")
    return int(any(wrong.values()))


if __name__ == "__main__":
    sys.exit(main())
