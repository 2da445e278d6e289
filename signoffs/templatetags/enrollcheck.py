"""What the pages draw with: the form's grid in small, field labels and values, a stacked bar."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language

from rosters import key_fields

from .. import progress, states

register = template.Library()

ROWS, PAIRS = 16, 4
PAGE = ROWS * PAIRS
WORDS = {letter: state for state, letter in states.LETTERS.items()}


@register.simple_tag
def thumb(cells: str, own: int = 0, large: bool = False) -> str:
    """Return the form's grid in small, numbers running down four columns; `own` is a seat to point at.

    Drawn for the eye alone: the counts stand beside it in words.
    """
    pages = max(1, -(-len(cells) // PAGE))
    drawn = []
    for index in range(pages * PAGE):
        letter = cells[index] if index < len(cells) else "-"
        kind = "x" if letter == "-" else letter.lower()
        column, row = divmod(index % PAGE, ROWS)
        column += PAIRS * (index // PAGE)
        kind += " own" if index + 1 == own else ""
        drawn.append((kind, column * 3.4, row))
    width = pages * PAIRS * 3.4
    return format_html(
        '<svg class="thumb{}" viewBox="-0.2 -0.2 {} {}" preserveAspectRatio="{}" aria-hidden="true">{}</svg>',
        " thumb--large" if large else "",
        f"{width:.1f}",
        f"{ROWS + 0.4:.1f}",
        "xMinYMid" if large else "none",
        format_html_join("", '<rect class="{}" x="{}" y="{}" width="3.2" height="0.84"/>', drawn),
    )


@register.simple_tag
def stack(counts: progress.Counts) -> str:
    """Return a thin bar of the standings; the counts stand beside it in figures."""
    parts, at = [], 0.0
    left = counts.missing + counts.recheck
    for name in ("confirmed", "reported", "excused", "overdue", "missing"):
        share = left if name == "missing" else getattr(counts, name)
        width = share * 120 / counts.expected if counts.expected else 0
        if width:
            parts.append((name, f"{at:.1f}", f"{width:.1f}"))
        at += width
    bars = format_html_join("", '<rect class="{}" x="{}" y="0" width="{}" height="10"/>', parts)
    return format_html('<svg class="stack" viewBox="0 0 120 10" aria-hidden="true">{}</svg>', bars)


@register.filter
def key_label(name: str) -> str:
    """Return a field's official label, with its gloss for whoever reads English."""
    label = progress.field_label(name)
    if get_language() == "en" and name in key_fields.BY_NAME:
        return f"{label} ({key_fields.BY_NAME[name].gloss})"
    return label


@register.filter
def shown(record, name: str) -> str:
    """Return a field of a record as a page shows it."""
    return key_fields.display(name, getattr(record, name))


@register.filter
def state_label(state: str) -> str:
    """Return a standing in words."""
    return states.label(state)


@register.filter
def at_key(mapping, key):
    """Return a mapping's value; None where there is none."""
    return mapping.get(key)
