"""What the office's roster page tells of the roster: who can't identify by an ID number; empty classes."""

from django.db.models import QuerySet

from rosters.models import Campaign, ClassGroup, Student


def without_number(campaign: Campaign | None) -> QuerySet[Student]:
    """Return the students without a usable ID number: campus sign-on or a one-time code lets them in."""
    students = Student.objects.filter(campaign=campaign, id_digest="", withdrawn_at=None)
    in_order = students.select_related("class_group__department")
    return in_order.order_by("class_group__department__name", "class_group__name", "seat")


def empty_classes(campaign: Campaign | None) -> QuerySet[ClassGroup]:
    """Return the classes that have nobody, neither withdrawn: a file has moved all of them elsewhere."""
    found = ClassGroup.objects.filter(campaign=campaign, students=None, purged_at=None)
    return found.select_related("department").order_by("department__name", "name")
