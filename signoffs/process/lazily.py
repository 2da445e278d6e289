"""A sentence that has to be put together, written once as a function and translated when it is shown."""

from collections.abc import Callable
from typing import ParamSpec, cast

from django.utils.functional import lazy

from rosters.sentences import Sentence

Values = ParamSpec("Values")


def lazily(words: Callable[Values, str]) -> Callable[Values, Sentence]:
    """Make a function that puts a sentence together return it lazily: in the language of its reader."""
    return cast(Callable[Values, Sentence], lazy(words, str))
