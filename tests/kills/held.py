"""What must hold in a database whatever has happened: each promise kept, nothing twice, all of it adds up."""

from collections import Counter
from collections.abc import Set

from signoffs.flow import tallies
from signoffs.flow.chains import verify
from signoffs.models import Chain, Declaration, Event, FieldError, Standing, Tally


def problems(promised: Set[str]) -> dict[str, int]:
    """Hold the open database's rows against what was acknowledged, by submission id, and against each other.

    Return how many of what came out wrong; empty: nothing.
    """
    stored = {str(one.submission_id): one for one in Declaration.objects.all()}
    told = Counter(
        event.payload["declaration"] for event in Event.objects.filter(verb__in=["confirm", "report"])
    )
    reported = set(FieldError.objects.values_list("declaration_id", flat=True))
    newest = {one.student_id: one.pk for one in sorted(stored.values(), key=lambda one: one.pk)}
    standing = dict(Standing.objects.values_list("student_id", "declaration_id"))
    kept = list(Tally.objects.select_related("class_group"))
    fresh = tallies.count([one.class_group for one in kept])
    found = {
        "acknowledged and not stored": promised - set(stored),
        "without its event, or with two": [one for one in stored.values() if told[str(one.uuid)] != 1],
        "an event without its declaration": set(told) - {str(one.uuid) for one in stored.values()},
        "reported without an error": [
            one for one in stored.values() if (one.kind == "reported") != (one.pk in reported)
        ],
        "a standing that is not the newest declaration": newest.items() ^ standing.items(),
        "a tally that differs": [one for one in kept if tallies.differences(one, fresh[one.class_group_id])],
        "a chain that does not hold": [chain.pk for chain in Chain.objects.all() if verify(chain)],
    }
    return {name: len(what) for name, what in found.items() if what}
