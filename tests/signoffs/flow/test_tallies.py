"""The kept tally against the rows: counted from scratch, held against them, mended under the lock."""

import pytest

from signoffs import flow
from signoffs.flow import tallies
from signoffs.models import Event, Tally
from tests import factories, stories


@pytest.fixture
def standing_apart(class_group, monitor, student):
    """The class: one signed, one reported two errors, one is excused."""
    stories.confirm(monitor)
    stories.report(student, "major", "name")
    stories.excuse(class_group.students.get(seat=3), monitor)
    return class_group


def test_counted_from_the_rows_it_is_what_the_moves_kept(standing_apart):
    counted = tallies.count([standing_apart])[standing_apart.pk]
    assert tallies.differences(Tally.objects.get(), counted) == {}
    assert (counted.expected, counted.confirmed, counted.reported, counted.excused) == (3, 1, 1, 1)
    assert (counted.cells, counted.reporters, sum(counted.reports.values())) == ("CRE", 1, 2)


def test_counting_three_classes_costs_what_one_costs(standing_apart, django_assert_num_queries):
    classes = [standing_apart, *(factories.class_group(f"软件26{number}班") for number in (11, 12))]
    for some in (classes[:1], classes):
        with django_assert_num_queries(3):
            tallies.count(some)


def test_a_wrong_one_is_named_without_a_write_and_mended_with_an_event(standing_apart):
    Tally.objects.update(confirmed=3, cells="CCC")
    wrong = {"confirmed": (3, 1), "cells": ("CCC", "CRE")}
    assert flow.wrong_tally(class_group=standing_apart) == wrong
    assert Tally.objects.get().confirmed == 3
    assert flow.recount(class_group=standing_apart) == wrong
    assert flow.wrong_tally(class_group=standing_apart) == {}
    assert flow.recount(class_group=standing_apart) == {}
    assert [event.payload["found"]["confirmed"] for event in Event.objects.filter(verb="recount")] == [[3, 1]]
