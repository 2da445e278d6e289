"""What monitors and officers do for the students of a class: excuses, 逾期未核对, monitors, links, codes."""

from collections.abc import Iterable
from typing import cast

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rosters.models import ClassGroup, Student

from ..entrance import identifications, links
from ..models import ClassLink, Excuse, Identification, MissingClaim, MonitorDuty, User
from ..process import rules, states
from ..queries import actors
from ..queries.actors import Who
from .book import class_book, student_book
from .refusals import Clock, Refused, refuse_if
from .standings import end_excuse, fall_back

STAFF = frozenset({states.OFFICER, states.OFFICE})
# Claims of a class that nobody has looked at yet; more are noise, or mischief.
MOST_CLAIMS = 20


def excuse(*, student: Student, who: Who, reason: str, note: str, clock: Clock = timezone.now) -> Excuse:
    """Say why a student will not sign (未签原因). 其他 needs a note. Raise Refused."""
    with student_book(student, clock) as book:
        student = book.student(student)
        book.allow("excuse", who, student)
        if reason not in Excuse.Reason.values:
            raise Refused(_("Choose a reason from the list."))
        if reason == Excuse.Reason.OTHER:
            refuse_if(rules.may_give(note, _("Say what the other reason is.")))
        made = Excuse.objects.create(
            student=student,
            class_group=book.class_group,
            reason=reason,
            note=note.strip() or None,
            entered_by_user=who.user,
            entered_by_student=who.student,
            entered_at=book.now,
        )
        book.wrote(made)
        book.stand(student, states.EXCUSED, excuse=made)
        book.note("excuse", who, student, reason=reason)
        return made


def lift_excuse(*, student: Student, who: Who, clock: Clock = timezone.now) -> None:
    """Take an excuse back. Raise Refused."""
    with student_book(student, clock) as book:
        student = book.student(student)
        book.allow("lift_excuse", who, student)
        end_excuse(book, student)
        fall_back(book, student)
        book.note("lift_excuse", who, student)


def mark_overdue(
    *, class_group: ClassGroup, students: Iterable[Student], who: Who, clock: Clock = timezone.now
) -> None:
    """逾期未核对: who never declared, after the students' deadline. All or none. Raise Refused."""
    with class_book(class_group.pk, clock) as book:
        for one in students:
            student = book.student(one)
            book.allow("mark_overdue", who, student)
            book.stand(student, states.OVERDUE)
            book.note("mark_overdue", who, student)


def claim_missing(
    *, class_group: ClassGroup, name: str, student_number: str, phone: str, clock: Clock = timezone.now
) -> MissingClaim:
    """名册漏人: somebody of the class whom the roster does not name. Raise Refused."""
    with class_book(class_group.pk, clock) as book:
        refuse_if(rules.may_act(frozenset({states.STUDENT}), book.situation(), frozenset({states.STUDENT})))
        waiting = MissingClaim.objects.filter(class_group=book.class_group, settled_at=None)
        if waiting.count() >= MOST_CLAIMS:
            raise Refused(_("Too many such notes wait for this class already. Tell your monitor in person."))
        claim = MissingClaim.objects.create(
            class_group=book.class_group,
            name=name,
            student_number=student_number,
            phone=phone or None,
            claimed_at=book.now,
        )
        book.wrote(claim)
        book.note("claim_missing", Who(), claim=str(claim.uuid))
        return claim


def settle_claim(*, claim: MissingClaim, who: Who, note: str, clock: Clock = timezone.now) -> None:
    """Say what became of it. Raise Refused."""
    with class_book(claim.class_group_id, clock) as book:
        claim = MissingClaim.objects.get(pk=claim.pk)
        refuse_if(rules.may_follow(actors.roles(who, book.class_group), book.situation(), STAFF))
        refuse_if(rules.may_give(note, _("Say what became of it.")))
        if claim.settled_at is not None:
            raise Refused(_("This is settled already."))
        claim.settled_by, claim.settled_at, claim.settled_note = who.user, book.now, note.strip()
        claim.save(update_fields=["settled_by", "settled_at", "settled_note"])
        book.wrote(claim)
        book.note("settle_claim", who, claim=str(claim.uuid), note=claim.settled_note)


def name_monitor(*, student: Student, who: Who, clock: Clock = timezone.now) -> None:
    """Give a student the duty to submit the sheet, besides those of the duty column. Raise Refused."""
    with student_book(student, clock) as book:
        student = book.student(student)
        refuse_if(rules.may_act(actors.roles(who, book.class_group), book.situation(), STAFF))
        if student.withdrawn_at is not None:
            raise Refused(_("The student is no longer on the roster."))
        if actors.is_monitor(student):
            raise Refused(_("The student is a monitor already."))
        duty = MonitorDuty.objects.create(student=student, named_by=who.user, named_at=book.now)
        book.wrote(duty)
        book.note("name_monitor", who, student)


def unname_monitor(*, student: Student, who: Who, clock: Clock = timezone.now) -> None:
    """End a duty that `name_monitor` gave. Raise Refused."""
    with student_book(student, clock) as book:
        student = book.student(student)
        refuse_if(rules.may_act(actors.roles(who, book.class_group), book.situation(), STAFF))
        duty = MonitorDuty.objects.filter(student=student).first()
        if duty is None:
            raise Refused(_("The duty comes from the roster: change it there."))
        book.removed(duty)
        duty.delete()
        book.note("unname_monitor", who, student)


def rotate_link(*, link: ClassLink, who: Who, clock: Clock = timezone.now) -> ClassLink:
    """End a class's link and return the new one. Raise Refused."""
    with class_book(link.class_group_id, clock) as book:
        refuse_if(rules.may_act(actors.roles(who, book.class_group), book.situation(), STAFF))
        new = links.rotate(link, book.now)
        book.note("rotate_link", who, kind=link.kind)
        return new


def issue_code(*, student: Student, who: Who, clock: Clock = timezone.now) -> str:
    """Return a one-time code for a student who stands at the desk with the student card. Raise Refused."""
    with student_book(student, clock) as book:
        student = book.student(student)
        refuse_if(rules.may_follow(actors.roles(who, book.class_group), book.situation(), STAFF))
        if student.withdrawn_at is not None:
            raise Refused(_("The student is no longer on the roster."))
        code = links.issue_code(student, cast(User, who.user), book.now)
        book.note("issue_code", who, student)
        return code


def use_code(*, student: Student, code: str, clock: Clock = timezone.now) -> bool:
    """Use up a one-time code; say whether it was the right one, and record that the student identified."""
    with student_book(student, clock) as book:
        right = links.use_code(student, code, book.now)
        if right:
            identifications.record(student, Identification.How.CODE, book.now)
            book.note("use_code", Who(student=student), student)
        return right
