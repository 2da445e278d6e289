"""What a field, or what else is reported beside the fields, is called on pages and in files."""

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from rosters import key_fields

# Labels besides those of the eleven fields, as they stand and with their glosses.
_WHOLE_LABELS = {
    "status": key_fields.STATUS_LABEL,
    "no_record": "没有学籍信息",
    "place": "所在班级",
    "duty": "职务",
}


_WHOLE_GLOSSED = {
    "status": _("学籍状态 (enrolment status)"),
    "no_record": _("没有学籍信息 (no record)"),
    "place": _("所在班级 (class)"),
    "duty": _("职务 (duty)"),
}


# The columns of every table of counts, on pages, in workbooks and on paper; 应核对 is the sum of those that
# follow it.
COUNTS = {
    "expected": _("Expected"),
    "confirmed": _("Signed"),
    "reported": _("With errors"),
    "excused": _("Excused"),
    "overdue": _("Overdue"),
    "left": _("Left"),
}
# What stands beside them: a part of those that are counted there already.
PARTS = {"recheck": _("Of those left, to be checked again"), "late": _("Of those signed, late")}
COUNT_LABELS = COUNTS | PARTS | {"rate": _("Rate of completion")}
# What was reported in the campaign (queries/reported.py).
REPORTS = {"people": _("People who reported"), "items": _("Errors reported"), "open": _("Without an end")}


def field_label(name: str) -> str:
    """Return the official label of a field, of the record as a whole, or of what else changes beside it."""
    return _WHOLE_LABELS.get(name) or key_fields.BY_NAME[name].label


def glossed_label(name: str) -> str:
    """Return the same with its gloss for whoever reads English."""
    if name in _WHOLE_GLOSSED:
        return str(_WHOLE_GLOSSED[name])
    field = key_fields.BY_NAME[name]
    return f"{field.label} ({field.gloss})" if get_language() == "en" else field.label
