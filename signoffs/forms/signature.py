"""A signature: drawn by finger as integer strokes, or typed. Never a picture."""

import itertools
import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rosters import key_fields

from .base import Form

# Bytes of the strokes as JSON; a long name drawn slowly takes about half of it.
LARGEST = 4096
# The box that a page may send, and the least ink, in the box's own units: a dot is no signature.
WIDEST = 2000
LEAST_INK = 0.25


def _ink(strokes: list[list[int]], height: int) -> float:
    """Return the length of all strokes, in heights of the box."""
    length = 0.0
    for stroke in strokes:
        points = list(zip(stroke[::2], stroke[1::2], strict=True))
        for (x1, y1), (x2, y2) in itertools.pairwise(points):
            length += ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
    return length / height


def read_strokes(text: str) -> dict[str, Any] | None:
    """Return {"strokes": …, "size": …} for what signature.js sends; None where it is not that."""
    if len(text) > LARGEST:
        return None
    try:
        drawn = json.loads(text)
        strokes, (width, height) = drawn["strokes"], drawn["size"]
    except (ValueError, KeyError, TypeError, RecursionError):  # the last: brackets in brackets in brackets
        return None
    whole = isinstance(strokes, list) and all(
        isinstance(stroke, list) and len(stroke) >= 2 and len(stroke) % 2 == 0 for stroke in strokes
    )
    if not whole or not all(
        type(number) is int for number in (width, height, *(n for s in strokes for n in s))
    ):
        return None
    inside = all(0 <= x <= width for s in strokes for x in s[::2]) and all(
        0 <= y <= height for s in strokes for y in s[1::2]
    )
    if not (strokes and 0 < width <= WIDEST and 0 < height <= WIDEST and inside):
        return None
    return {"strokes": strokes, "size": [width, height]}


class SignatureMixin(Form):
    """The two inputs of a signature; `cleaned_data["signature"]` is what a declaration keeps.

    A form that uses it sets `signer`, the name that may be typed.
    """

    signature = forms.CharField(
        label=_("Signature (签名)"), required=False, max_length=LARGEST, widget=forms.HiddenInput
    )
    typed_name = forms.CharField(
        label=_("Or sign by typing your name"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    signer = ""

    def clean_signature(self) -> dict[str, Any] | None:
        """Return the strokes; None where nothing was drawn. Raise ValidationError."""
        text = self.cleaned_data["signature"]
        if not text:
            return None
        drawn = read_strokes(text)
        if drawn is None:
            raise forms.ValidationError(_("The drawing can't be read. Clear it and sign again."))
        if _ink(drawn["strokes"], drawn["size"][1]) < LEAST_INK:
            raise forms.ValidationError(_("This is only a dot. Please sign with your name."))
        return drawn

    def clean(self) -> dict[str, Any]:
        """Keep what was drawn, else what was typed."""
        cleaned = super().clean()
        typed = cleaned.get("typed_name", "").strip()
        if "signature" in self.errors or cleaned.get("signature"):
            return cleaned
        if not typed:
            self.add_error("signature", _("Draw your name, or type it."))
        elif not key_fields.same("name", typed, self.signer):
            self.add_error("typed_name", _("Type your own name as the roster has it."))
        else:
            cleaned["signature"] = {"typed": typed}
        return cleaned
