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


def field_label(name: str) -> str:
    """Return the official label of a field, of the record as a whole, or of what else changes beside it."""
    return _WHOLE_LABELS.get(name) or key_fields.BY_NAME[name].label


def glossed_label(name: str) -> str:
    """Return the same with its gloss for whoever reads English."""
    if name in _WHOLE_GLOSSED:
        return str(_WHOLE_GLOSSED[name])
    field = key_fields.BY_NAME[name]
    return f"{field.label} ({field.gloss})" if get_language() == "en" else field.label
