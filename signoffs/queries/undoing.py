"""Whether the last import can be done over, because nobody has acted on it; and which seats are signed."""

from typing import cast

from django.db.models import Model, Q

from rosters.importing import Leeway
from rosters.models import RosterImport, Student
from rosters.planning import Plan
from rosters.seats import PLACE

from ..models import ClassSheet, Declaration, Identification, Standing


def is_unused(roster_import: RosterImport | None) -> bool:
    """Say whether nobody whom an import has brought or moved has identified or signed since."""
    if roster_import is None or "before" not in roster_import.counts:
        return False
    concerned = Student.objects.filter(
        Q(pk__gt=roster_import.counts["before"]["student"])
        | Q(changes__roster_import=roster_import, changes__field=PLACE),
        campaign=roster_import.campaign_id,
    )
    since = roster_import.applied_at
    identified = Identification.objects.filter(student__in=concerned, identified_at__gte=since)
    signed = Declaration.objects.filter(student__in=concerned, declared_at__gte=since)
    return not identified.exists() and not signed.exists()


def leeway(plan: Plan) -> Leeway:
    """Return what applying a plan may do over. The caller holds the locks of the classes."""
    of_campaign = {"class_group__campaign": plan.campaign}
    declared = Standing.objects.filter(student__campaign=plan.campaign, declaration__isnull=False)
    signed = {
        *Declaration.objects.filter(**of_campaign).values_list("class_group", flat=True).distinct(),
        *ClassSheet.objects.filter(**of_campaign).values_list("class_group", flat=True).distinct(),
        *declared.values_list("student__class_group", flat=True).distinct(),
    }
    unused = is_unused(plan.last)
    going = plan.choices.undo_last and unused
    return Leeway(frozenset(signed), unused, _removable(plan) if going else frozenset())


def _removable(plan: Plan) -> frozenset[int]:
    """Return those who came only by the last import and to whom nothing refers."""
    students = {student.pk for student in plan.came_only_by_last}
    for relation in Student._meta.related_objects:
        name, referring = relation.field.attname, cast("type[Model]", relation.related_model)
        rows = referring._base_manager.filter(**{f"{name}__in": students})
        students -= set(rows.values_list(name, flat=True))
    return frozenset(students)
