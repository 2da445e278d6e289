"""What the witness has seen and the database no longer knows."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..models import Chain, Event
from .witness import Line


class Forgotten(NamedTuple):
    """A move that the database has forgotten; `chain` is None where it has forgotten the whole chain."""

    line: Line
    chain: Chain | None
    # Another move stands in its place: after it was set back, the site went on.
    replaced: bool


def forgotten(lines: Iterable[Line]) -> Iterator[Forgotten]:
    """Hold lines against the database, and yield what it has forgotten, chain by chain, in order."""
    seen: dict[str, set[Line]] = defaultdict(set)
    for line in lines:
        seen[line.chain].add(line)
    chains = Chain.objects.select_related("class_group__department", "department", "campaign")
    known = {str(chain.uuid): chain for chain in chains.order_by("pk")}
    for uuid in sorted(seen, key=lambda one: (one not in known, known[one].pk if one in known else one)):
        chain = known.get(uuid)
        stored = dict(Event.objects.filter(chain=chain).values_list("position", "link")) if chain else {}
        for line in sorted(seen[uuid], key=lambda one: (one.position, one.at)):
            there = stored.get(line.position)
            if there != line.head:
                yield Forgotten(line, chain, there is not None)
