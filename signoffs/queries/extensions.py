"""Whether an extension of a deadline can still be taken back: nobody has relied on it."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from rosters.models import Campaign, ClassGroup
from rosters.sentences import Sentence

from ..models import DeadlineChange, Declaration, HandIn
from ..process import rules
from ..process.deadlines import is_late


def why_not_taken_back(change: DeadlineChange, campaign: Campaign, now: datetime) -> Sentence | None:
    """Return why an extension stays as it is; None: it can be taken back."""
    newest = DeadlineChange.objects.filter(campaign=campaign, taken_back_at=None).first()
    earlier = (
        (change.old_student_deadline or campaign.student_deadline, change.student_deadline),
        (change.old_department_deadline or campaign.department_deadline, change.department_deadline),
    )
    classes = ClassGroup.objects.filter(campaign=campaign)
    handed_in = HandIn.objects.filter(campaign=campaign, handed_in_at__gt=change.made_at)
    if change.department is not None:
        classes = classes.filter(department=change.department)
        handed_in = handed_in.filter(department=change.department)
    since = declared(classes).filter(declared_at__gt=change.made_at)
    return rules.may_take_back(
        is_newest=newest is not None and newest.pk == change.pk,
        passed=any(is_late(old, now) for old, new in earlier if old != new),
        acted=since.exists() or handed_in.exists(),
    )


def declared(classes: Iterable[ClassGroup]) -> QuerySet[Declaration]:
    """Return what was declared in these classes."""
    return Declaration.objects.filter(class_group__in=classes)
