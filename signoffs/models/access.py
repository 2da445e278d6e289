"""How people without an account get in, and who looked at what."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from rosters.encryption import EncryptedTextField
from rosters.models import Campaign, ClassGroup, Department, Student

from .people import User


class ClassLink(models.Model):
    """An unguessable link to a class, for its students or for its monitor. Rotating makes a new row."""

    class Kind(models.TextChoices):
        """/c/<token>/ and /m/<token>/."""

        STUDENT = "student", _("Class link")
        MONITOR = "monitor", _("Monitor link")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    class_group = models.ForeignKey(ClassGroup, on_delete=models.PROTECT, related_name="links")
    kind = models.CharField(max_length=8, choices=Kind)
    token = EncryptedTextField()
    token_digest = models.CharField(max_length=52, unique=True)
    issued_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    # Failed identifications through this link: shown to the officer; they slow it down, never block it.
    failures = models.PositiveIntegerField(default=0)
    last_failure_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["class_group", "kind"],
                condition=models.Q(revoked_at__isnull=True),
                name="one_live_link_of_a_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.class_group}"


class OneTimeCode(models.Model):
    """A way in, issued in person against the student card: eight characters, single use, an hour."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="one_time_codes")
    code_digest = models.CharField(max_length=52, db_index=True)
    issued_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.student)


class Throttle(models.Model):
    """Failed identifications of one record. No row: none yet."""

    student = models.OneToOneField(
        Student, primary_key=True, on_delete=models.PROTECT, related_name="throttle"
    )
    failures = models.PositiveIntegerField(default=0)
    paused_until = models.DateTimeField(null=True, blank=True)
    # Failures on devices that know the student, which pass the pause; they begin anew after a day.
    device_failures = models.PositiveIntegerField(default=0)
    device_since = models.DateTimeField(null=True, blank=True)
    # ID numbers typed on the record's page that were not the roster's; they begin anew after a day.
    number_failures = models.PositiveIntegerField(default=0)
    number_since = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.student}: {self.failures}"


class Identification(models.Model):
    """A student has proved who they are, after a page that showed the notice on personal data."""

    class How(models.TextChoices):
        """By 学号 and last six, the same past a pause on a device that knows them, or by a code."""

        NUMBER = "number", _("student number and last six")
        DEVICE = "device", _("on a known device")
        CODE = "code", _("one-time code")

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="identifications")
    identified_at = models.DateTimeField()
    how = models.CharField(max_length=6, choices=How)
    # Of the notice that stood on the page (guide.notice_version).
    notice_version = models.CharField(max_length=12)

    class Meta:
        ordering = ["-identified_at"]

    def __str__(self) -> str:
        return f"{self.student}: {self.identified_at}"


class AccessRecord(models.Model):
    """A member of staff looked at personal data. Append-only; written even by a GET.

    Of one student, else of a class, a department or a whole campaign: the narrowest that is set.
    """

    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="access_records", verbose_name=_("user")
    )
    # As what, at that time: a Membership.Role, or `admin`.
    role = models.CharField(_("role"), max_length=12, blank=True, default="", db_default="")
    seen_at = models.DateTimeField(_("seen at"))
    # What was opened, as the view is named in the map of the site, and whose data it showed.
    view = models.CharField(_("what was seen"), max_length=60)
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.PROTECT, related_name="+")
    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="+")
    class_group = models.ForeignKey(
        ClassGroup, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("class")
    )
    student = models.ForeignKey(Student, null=True, on_delete=models.PROTECT, related_name="access_records")

    class Meta:
        verbose_name, verbose_name_plural = _("access record"), _("access records")
        indexes = [models.Index(fields=["seen_at"])]

    def __str__(self) -> str:
        return f"{self.user}: {self.view}"
