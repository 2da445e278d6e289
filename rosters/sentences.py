"""A sentence that people read: a text, or one that is translated when it is shown. A leaf."""

from typing import TYPE_CHECKING

from django.utils.functional import Promise

if TYPE_CHECKING:
    # What gettext_lazy returns: it exists in django-stubs alone, and can be added to a text as a text can.
    from django.utils.functional import _StrPromise

    Sentence = str | _StrPromise
else:
    Sentence = str | Promise
