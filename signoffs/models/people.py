"""Staff and their roles; students with the duty of a monitor."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from rosters.models import ClassGroup, Department, Student


class User(AbstractUser):
    """A member of staff. Students have no account: they come in through their class's link."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # The name by which the campus's single sign-on knows the person, entered by the office; empty: no way in
    # by it. Never taken over from a user name: who is let in by it is the office's decision.
    campus_name = models.CharField(max_length=150, blank=True, default="", db_default="")

    class Meta(AbstractUser.Meta):  # type: ignore[name-defined]  # which no stub mentions
        verbose_name, verbose_name_plural = _("user"), _("users")
        constraints = [
            models.UniqueConstraint(
                fields=["campus_name"], condition=~Q(campus_name=""), name="campus_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class Membership(models.Model):
    """What a member of staff may do, and where."""

    class Role(models.TextChoices):
        """The office sees all; an officer one department; a counsellor some classes, to read and remind."""

        OFFICE = "office", _("Academic affairs office")
        DEPARTMENT = "department", _("Department officer")
        COUNSELLOR = "counsellor", _("Counsellor")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=12, choices=Role)
    department = models.ForeignKey(Department, null=True, blank=True, on_delete=models.PROTECT)
    class_groups = models.ManyToManyField(ClassGroup, blank=True, related_name="counsellors")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(role="department") & Q(department__isnull=False))
                | (~Q(role="department") & Q(department__isnull=True)),
                name="department_officers_have_one",
            ),
            models.UniqueConstraint(fields=["user", "role", "department"], name="membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"


class MonitorDuty(models.Model):
    """An officer has named this student monitor; the roster's duty column (职务) is the other way."""

    student = models.OneToOneField(Student, on_delete=models.PROTECT, related_name="monitor_duty")
    named_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    named_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.student)
