"""The facts as tables. Integer keys inside; random UUIDs are what URLs show.

Only importing.py writes rosters; the keys that are retired are rotation.py's.
"""

import uuid
from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from . import key_fields
from .encryption import EncryptedField, EncryptedTextField, ask_for_retired_keys


def _longest(column: str) -> int | None:
    return key_fields.COLUMNS[column].longest


class Campaign(models.Model):
    """One year's check (新生学籍查询及核对): the cohort, its two deadlines, its texts."""

    class State(models.TextChoices):
        """A campaign is prepared, runs, and is closed for good. At most one is open."""

        DRAFT = "draft", _("In preparation")
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.SlugField(_("cohort"), max_length=16, unique=True)
    university = models.CharField(_("university"), max_length=60, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.DRAFT)
    # Both are days: the deadline passes when the next day begins in Asia/Shanghai (docs/process.md).
    student_deadline = models.DateField(_("students' deadline"))
    department_deadline = models.DateField(_("departments' deadline"))
    # Texts that the office has changed, by name; the sensible ones are in signoffs/guide.py.
    texts = models.JSONField(_("texts"), default=dict, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    # Personal data goes on that day at the earliest; when staff were told so; when the last of it went.
    purge_on = models.DateField(_("day of deletion"), null=True, blank=True)
    purge_announced_at = models.DateTimeField(_("deletion announced at"), null=True, blank=True)
    purged_at = models.DateTimeField(_("deleted at"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("campaign"), _("campaigns")
        ordering = ["-slug"]
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="open"), name="one_open_campaign"),
            models.CheckConstraint(
                condition=Q(department_deadline__gte=models.F("student_deadline")),
                name="departments_after_students",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slug}年新生学籍查询及核对"


class Department(models.Model):
    """A 系部 as a place. It outlives campaigns; the checked text is Student.department_name."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("department"), max_length=80, unique=True)

    class Meta:
        verbose_name, verbose_name_plural = _("department"), _("departments")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PresentClasses(models.Manager["ClassGroup"]):
    """The classes that are there: those that became empty and were removed are not."""

    def get_queryset(self) -> models.QuerySet["ClassGroup"]:
        """Return them."""
        return super().get_queryset().filter(removed_at=None)


class ClassGroup(models.Model):
    """A 班级 as a place, in one campaign. Its row is the lock for all that happens in the class."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="class_groups", verbose_name=_("campaign")
    )
    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, related_name="class_groups", verbose_name=_("department")
    )
    name = models.CharField(_("class"), max_length=80)
    # Those of its department where the office has extended them for it alone; null: the campaign's.
    own_student_deadline = models.DateField(_("students' deadline"), null=True, editable=False)
    own_department_deadline = models.DateField(_("departments' deadline"), null=True, editable=False)
    # The highest seat that was ever given, so that the seat of somebody who moved away is not given again.
    seats_given = models.PositiveSmallIntegerField(_("seats given"), default=0, editable=False)
    # Since then it has no students: their data was deleted, the counts and the sheets' states stay.
    purged_at = models.DateTimeField(_("deleted at"), null=True, editable=False)
    # Since then it is shown nowhere: it had become empty. Its events stay, and a roster may bring it back.
    removed_at = models.DateTimeField(_("removed at"), null=True, editable=False)

    objects = PresentClasses()
    everything = models.Manager()

    class Meta:
        verbose_name, verbose_name_plural = _("class"), _("classes")
        ordering = ["department__name", "name"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "department", "name"], name="class_once_a_campaign"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def student_deadline(self) -> date:
        """The day on which the class's students have to have declared: the campaign's, or a later one."""
        return max(self.campaign.student_deadline, self.own_student_deadline or date.min)

    @property
    def department_deadline(self) -> date:
        """The day on which its department has to have handed in."""
        return max(self.campaign.department_deadline, self.own_department_deadline or date.min)


class Student(models.Model):
    """One roster row in one campaign: the key fields as the record has them, and the place."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="students", verbose_name=_("campaign")
    )
    class_group = models.ForeignKey(
        ClassGroup, on_delete=models.PROTECT, related_name="students", verbose_name=_("class")
    )
    # 1…n in the class, fixed at the first import; a leaver's stays, struck out; never given again.
    seat = models.PositiveSmallIntegerField(_("seat"))
    duty = models.CharField(_("duty"), max_length=_longest("duty"), blank=True)

    # The key fields, in the notice's order. Their rules are in key_fields.py.
    name = models.CharField(_("name"), max_length=_longest("name"))
    sex = models.CharField(_("sex"), max_length=_longest("sex"), blank=True)
    ethnicity = models.CharField(_("ethnic group"), max_length=_longest("ethnicity"), blank=True)
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    id_number = EncryptedTextField(_("ID number"), null=True)
    student_number = models.CharField(_("student number"), max_length=_longest("student_number"))
    department_name = models.CharField(
        _("department in the record"), max_length=_longest("department_name"), blank=True
    )
    major = models.CharField(_("major"), max_length=_longest("major"), blank=True)
    class_name = models.CharField(_("class in the record"), max_length=_longest("class_name"), blank=True)
    level = models.CharField(_("level"), max_length=_longest("level"), blank=True)
    duration = models.DecimalField(_("duration"), max_digits=3, decimal_places=1, null=True, blank=True)

    # Not unique: the same ID number twice is something to find, not to refuse.
    id_digest = models.CharField(max_length=52, blank=True, db_index=True, editable=False)
    # Of the normalised key fields: two rows that mean the same have the same (汉 and 汉族).
    record_digest = models.CharField(max_length=52, editable=False)

    withdrawn_at = models.DateTimeField(_("struck off at"), null=True, blank=True)
    withdrawn_reason = models.CharField(_("struck off because"), max_length=200, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("student"), pgettext_lazy("a list", "students")
        ordering = ["class_group_id", "seat"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "student_number"], name="student_number_once"),
            models.UniqueConstraint(fields=["class_group", "seat"], name="seat_once_a_class"),
        ]

    def __str__(self) -> str:
        return f"{self.seat} {self.name}"


class RosterImport(models.Model):
    """An uploaded roster: waiting for the office to confirm its preview, then applied or gone."""

    class State(models.TextChoices):
        """The upload's text is kept, encrypted, only while it waits, and an hour at most."""

        WAITING = "waiting", _("Waiting for confirmation")
        APPLIED = "applied", _("Applied")
        DROPPED = "dropped", _("Not applied")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="roster_imports", verbose_name=_("campaign")
    )
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    file_name = models.CharField(_("file"), max_length=200)
    upload = EncryptedField(null=True)
    # Of the plan that was previewed: confirming applies just that, or previews again.
    plan_digest = models.CharField(_("digest of the plan"), max_length=64, blank=True)
    counts = models.JSONField(_("counts"), default=dict)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="roster_imports",
        verbose_name=_("uploaded by"),
    )
    uploaded_at = models.DateTimeField(_("uploaded at"))
    applied_at = models.DateTimeField(_("applied at"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("roster import"), _("roster imports")
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        return self.file_name


class RosterChange(models.Model):
    """One field of one student, as an import or a settled error changed it. New students have none."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Null: a single value was mended from an error report.
    roster_import = models.ForeignKey(
        RosterImport,
        null=True,
        on_delete=models.PROTECT,
        related_name="changes",
        verbose_name=_("roster import"),
    )
    student = models.ForeignKey(
        Student, on_delete=models.PROTECT, related_name="changes", verbose_name=_("student")
    )
    field = models.CharField(_("field"), max_length=20)
    old = EncryptedTextField()
    new = EncryptedTextField()
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name, verbose_name_plural = _("roster change"), _("roster changes")
        ordering = ["changed_at", "id"]

    def __str__(self) -> str:
        return self.field


class RetiredDigestKey(models.Model):
    """What made the digests of a field key that FIELD_KEY no longer holds: it compares, and opens nothing.

    The links of a chain, a sheet's digest and what stands printed on paper can't be made anew under another
    key. `rotate_keys` keeps here what they are compared by, sealed under the key that writes.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key_id = models.CharField(max_length=16, unique=True)
    secret = EncryptedField()
    retired_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key_id


def _retired(key_id: str) -> bytes | None:
    kept = RetiredDigestKey.objects.filter(key_id=key_id).first()
    return kept.secret if kept else None


ask_for_retired_keys(_retired)
