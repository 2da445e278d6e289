"""The print has a word for whatever it may have to print."""

import pytest

from signoffs.models import Declaration, FieldError
from signoffs.outputs.printing import content
from signoffs.process.states import Outcome, StandingState


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - {Outcome.OPEN}), ids=str)
def test_every_outcome_of_an_error_has_its_words(outcome):
    error = FieldError(field="no_record", outcome=outcome)
    assert content.error_text(error) == f"没有学籍信息（{content._OUTCOMES[outcome]}）"


def test_an_open_error_has_none():
    assert content.error_text(FieldError(field="no_record", outcome=Outcome.OPEN)) == "没有学籍信息"


def test_the_models_outcomes_are_those_of_the_table():
    assert FieldError.Outcome.values == [outcome.value for outcome in Outcome]


def test_every_standing_and_every_kind_of_entry_has_its_word():
    assert set(content._STATES) == set(StandingState)
    assert set(content._TAGS) == set(Declaration.Channel) - {Declaration.Channel.OWN}
