"""The deadlines: set freely until the first declaration, then extended; a slip is taken back.

Of a campaign, or of one department in it: then its classes hold the later day (ClassGroup.student_deadline).
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, cast

from django.db.models import Q
from django.utils import timezone

from rosters import importing
from rosters.models import Campaign, ClassGroup, Department

from ..models import DeadlineChange, Declaration, Standing
from ..process import rules, states
from ..process.deadlines import Deadlines, day_of, end_of, in_force
from ..queries import actors, extensions
from ..queries.actors import Who
from .book import Shelf, campaign_shelf
from .refusals import Clock, Refused, refuse_if
from .standings import all_words


def extend_deadlines(
    *,
    campaign: Campaign,
    deadlines: Deadlines,
    who: Who,
    department: Department | None = None,
    clock: Clock = timezone.now,
) -> None:
    """Extend one deadline or both, of the campaign or of one department; at first: set them freely.

    Which student is late is judged by the new one. What is frozen stays as it is: a sheet, a hand-in and
    whether that came late. Raise Refused.
    """
    with campaign_shelf(campaign, clock) as shelf:
        refuse_if(actors.may_as_office(who, is_open=shelf.campaign.state != Campaign.State.CLOSED))
        classes = _of(shelf, department)
        old = in_force(classes[0] if department else shelf.campaign)
        is_free = department is None and not extensions.declared(shelf.classes).exists()
        refuse_if(rules.may_set(shelf.campaign.slug, old, deadlines, day_of(shelf.now), is_free=is_free))
        _keep_change(shelf, department, classes, deadlines, who)
        _set(shelf, department, classes, deadlines)
        _judge_anew(shelf, classes, deadlines.students, who)
        days: dict[str, Any] = {
            "old": [day.isoformat() for day in old],
            "new": [day.isoformat() for day in deadlines],
        }
        if department is not None:
            days["department"] = department.name
        shelf.note("extend_deadlines", who, **days)


def take_back_deadlines(*, change: DeadlineChange, who: Who, clock: Clock = timezone.now) -> None:
    """Take the newest extension back, before anybody has acted on it. Raise Refused."""
    with campaign_shelf(change.campaign, clock) as shelf:
        refuse_if(actors.may_as_office(who, is_open=shelf.campaign.state != Campaign.State.CLOSED))
        change = DeadlineChange.objects.select_related("department").get(pk=change.pk)
        refuse_if(extensions.why_not_taken_back(change, shelf.campaign, shelf.now))
        classes = _of(shelf, change.department)
        _set(shelf, change.department, classes, (change.old_student_deadline, change.old_department_deadline))
        change.taken_back_at = shelf.now
        change.save(update_fields=["taken_back_at"])
        days = (change.student_deadline.isoformat(), change.department_deadline.isoformat())
        scope: dict[str, Any] = {"department": change.department.name} if change.department else {}
        shelf.note("take_back_deadlines", who, taken_back=list(days), **scope)


def _of(shelf: Shelf, department: Department | None) -> list[ClassGroup]:
    """Return the locked classes whose deadline it is. Raise Refused for a department without any."""
    if department is None:
        return shelf.classes
    classes = [one for one in shelf.classes if one.department_id == department.pk]
    for one in classes:
        one.campaign = shelf.campaign
    if not classes:
        raise Refused(rules.NO_CLASSES)
    return classes


def _keep_change(
    shelf: Shelf,
    department: Department | None,
    classes: Sequence[ClassGroup],
    new: tuple[date, date],
    who: Who,
) -> None:
    old: tuple[date | None, date | None]
    if department is None:
        old = (shelf.campaign.student_deadline, shelf.campaign.department_deadline)
    else:
        old = (classes[0].own_student_deadline, classes[0].own_department_deadline)
    DeadlineChange.objects.create(
        campaign=shelf.campaign,
        department=department,
        old_student_deadline=old[0],
        old_department_deadline=old[1],
        student_deadline=new[0],
        department_deadline=new[1],
        made_by=who.user,
        made_at=shelf.now,
    )


def _set(
    shelf: Shelf,
    department: Department | None,
    classes: list[ClassGroup],
    days: tuple[date | None, date | None],
) -> None:
    if department is None:
        importing.set_deadlines(shelf.campaign, cast(Deadlines, days))
    else:
        importing.set_own_deadlines(classes, days)


def _judge_anew(shelf: Shelf, classes: list[ClassGroup], deadline: date, who: Who) -> None:
    """Let who declared within the students' new deadline be in time, and who still can be missing again.

    An event of each class whose form that changes. A declaration is judged by when it was written: when it
    arrived, a moment before, is not kept.
    """
    end = end_of(deadline)
    # Whose first word that is: some word of theirs is before it.
    words = all_words().filter(student__class_group__in=classes, declared_at__lt=end)
    spoke = list(words.values_list("student", flat=True))
    changed = Q(late=True, student__in=spoke)
    if shelf.now < end:
        changed |= Q(state=states.OVERDUE)
    by_class = defaultdict(list)
    standings = Standing.objects.filter(changed, student__class_group__in=classes)
    for standing in standings.select_related("student", "declaration"):
        by_class[standing.student.class_group_id].append(standing)
    # Of all that they have declared: another may count one day, and none is late after a word in time.
    late = Declaration.objects.filter(student__class_group__in=classes, late=True)
    judged = defaultdict(list)
    for declaration in late.filter(Q(declared_at__lt=end) | Q(student__in=spoke)).select_related("student"):
        declaration.late = False
        declaration.save(update_fields=["late"])
        judged[declaration.student.class_group_id].append(declaration)
    for class_group in classes:
        if by_class[class_group.pk] or judged[class_group.pk]:
            book, missing, in_time = shelf.book(class_group), [], []
            book.wrote(*judged[class_group.pk])
            for standing in by_class[class_group.pk]:
                student = standing.student
                if standing.state == states.OVERDUE:
                    book.stand(student, states.MISSING)
                    missing.append(str(student.uuid))
                else:
                    book.stand(student, standing.state, declaration=standing.declaration)
                    in_time.append(str(student.uuid))
            book.note("extend_deadlines", who, missing_again=missing, in_time_again=in_time)
            book.close()
