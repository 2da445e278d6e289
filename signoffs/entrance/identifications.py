"""That somebody identified, when, how, and which notice on personal data stood on the page: one INSERT."""

from datetime import datetime

from django.db import transaction

from rosters.models import Student

from ..models import Identification
from ..models.prepared import store
from ..process import guide


def record(student: Student, how: str, now: datetime) -> None:
    """Note an identification that succeeded; `student` comes with its class and the class's campaign."""
    version = guide.notice_version(student.class_group.campaign.texts)
    with transaction.atomic():  # it begins soon (enrollcheck/sqlite.py); a statement alone need not
        store(Identification(student=student, identified_at=now, how=how, notice_version=version))
