"""Who acts, and as what: a student, a monitor, an officer, the office."""

import re
from dataclasses import dataclass

from rosters.models import ClassGroup, Department, Student
from rosters.sentences import Sentence

from ..models import Membership, User
from ..process import rules, states

MONITOR_DUTIES = ("班长", "学习委员")


@dataclass(frozen=True)
class Who:
    """Who acts: a member of staff, an identified student, or a command."""

    user: User | None = None
    student: Student | None = None
    command: str = ""
    # As what a user acts (a Membership.Role), for the record alone: what they may is asked of `staff_roles`.
    role: str = ""

    @property
    def label(self) -> str:
        """The name under which an event remembers them; empty for a visitor who has none."""
        if self.user is not None:
            return str(self.user)
        if self.student is not None:
            return f"{self.student.name} {self.student.student_number}"
        return self.command


def is_monitor(student: Student) -> bool:
    """Say whether the student may submit the class's sheet: by the roster's duty column, or named so."""
    if student.withdrawn_at is not None:
        return False
    duties = re.split(r"[\s、，,；;/／和兼]+", student.duty)
    return any(duty in MONITOR_DUTIES for duty in duties) or hasattr(student, "monitor_duty")


def roles(who: Who, class_group: ClassGroup | None = None, student: Student | None = None) -> frozenset[str]:
    """Return as what somebody acts on a class and one of its students (names of states.ACTORS)."""
    if who.command:
        return frozenset({states.OFFICE})
    found = set()
    if who.student is not None:
        acting = who.student
        if acting == student:
            acting = student  # as it was just loaded, with the duty
            found.add(states.STUDENT)
        if class_group and acting.class_group_id == class_group.pk and is_monitor(acting):
            found.add(states.MONITOR)
    if who.user is not None:
        found |= staff_roles(who.user, class_group.department if class_group else None)
    return frozenset(found)


def staff_roles(user: User, department: Department | None) -> set[str]:
    """Return as what a member of staff acts on a department. Counsellors read and remind: none."""
    found = {states.OFFICE} if user.is_superuser else set()
    for membership in Membership.objects.filter(user=user):
        if membership.role == Membership.Role.OFFICE:
            found.add(states.OFFICE)
        elif membership.role == Membership.Role.DEPARTMENT and department is not None:
            found |= {states.OFFICER} if membership.department_id == department.pk else set()
    return found


def may_as_office(who: Who, *, is_open: bool = True) -> Sentence | None:
    """Ask for what the office alone does, of a campaign (`is_open`, where that matters) or of the house."""
    return rules.may_act(roles(who), rules.Situation(open=is_open), frozenset({states.OFFICE}))
