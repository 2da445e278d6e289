"""What the office's roster page tells of the roster as it is: who can't identify by an ID number."""

from django.db.models import QuerySet

from rosters.models import Campaign, Student


def without_number(campaign: Campaign | None) -> QuerySet[Student]:
    """Return the students without a usable ID number: campus sign-on or a one-time code lets them in."""
    students = Student.objects.filter(campaign=campaign, id_digest="", withdrawn_at=None)
    in_order = students.select_related("class_group__department")
    return in_order.order_by("class_group__department__name", "class_group__name", "seat")
