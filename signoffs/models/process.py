"""What people did: declarations, excuses, class sheets, hand-ins; and the chains of events that prove it."""

import uuid
from typing import Any

from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from rosters.encryption import EncryptedJSONField, EncryptedTextField
from rosters.models import Campaign, ClassGroup, Department, Student

from ..process import states
from ..process.answers import Snapshot
from .people import User

# What the sealed JSON of a declaration, a sheet and an event holds, as the comments beside the columns say.
Signature = dict[str, Any]
Rows = list[dict[str, Any]]
Payload = dict[str, Any]


class Declaration(models.Model):
    """A student's confirmation or error report. Append-only: the newest that was not withdrawn counts.

    Three things are added to a row later, once each: its countersignature, its withdrawal, its contest. And
    `late` is about the student's first word: never set where an earlier one in time stands; it follows the
    deadline in force.
    """

    class Kind(models.TextChoices):
        """核对无误并签名, or 信息错误反馈."""

        CONFIRMED = "confirmed", _("Confirmed")
        REPORTED = "reported", _("Error reported")

    class Channel(models.TextChoices):
        """By the student; or entered for them, from paper or by proxy: then a second person countersigns."""

        OWN = "own", _("By the student")
        PAPER = "paper", _("On paper (纸质)")
        PROXY = "proxy", _("By proxy (代签)")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="declarations")
    class_group = models.ForeignKey(ClassGroup, on_delete=models.PROTECT, related_name="declarations")
    # Chosen by the page before it is sent: sending again is the same declaration.
    submission_id = models.UUIDField(unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    # What CHSI showed as 学籍状态, as the student chose it; empty where CHSI shows no record.
    status = models.CharField(max_length=30, blank=True)
    # Of the record as it was shown, and that record itself with the answer to each field.
    record_digest = models.CharField(max_length=52)
    snapshot: EncryptedJSONField[Snapshot, Snapshot] = EncryptedJSONField()
    # {"typed": "…"} or {"strokes": [[x, y, x, y, …], …], "size": [width, height]}, integers.
    signature: EncryptedJSONField[Signature, Signature] = EncryptedJSONField()
    phone = EncryptedTextField(null=True)
    # Tells devices apart without telling which: a keyed digest of a random cookie.
    device_mark = models.CharField(max_length=52, blank=True)
    declared_at = models.DateTimeField()
    late = models.BooleanField(default=False)

    channel = models.CharField(max_length=6, choices=Channel, default=Channel.OWN)
    entered_by_user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    entered_by_student = models.ForeignKey(Student, null=True, on_delete=models.PROTECT, related_name="+")
    entered_reason = models.CharField(max_length=200, blank=True)
    countersigned_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    countersigned_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    contested_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            # Among these few are those that wait for an officer: what rules.waiting_entries asks first. By
            # their student, so that a dashboard reads this index alone, and no declaration.
            models.Index(
                fields=["student"],
                condition=~models.Q(channel="own")
                & models.Q(countersigned_at=None, withdrawn_at=None, contested_at=None),
                name="entries_that_wait",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class FieldError(models.Model):
    """One thing that a report says is wrong: three values, an owner, and what became of it."""

    class Owner(models.TextChoices):
        """Who can have CHSI corrected (docs/process.md, and CHSI's division of duties)."""

        SCHOOL = "school", _("School")
        PROVINCE = "province", _("Province")
        OFFICE = "office", _("Office, in person")

    class Outcome(models.TextChoices):
        """Open, on its way, or settled."""

        OPEN = states.Outcome.OPEN.value, pgettext_lazy("an error", "Open")
        MENDED = states.Outcome.MENDED.value, _("Roster mended")
        ASKED = states.Outcome.ASKED.value, _("Correction asked of CHSI")
        UNDER_WAY = states.Outcome.UNDER_WAY.value, _("Correction under way")
        DONE = states.Outcome.DONE.value, _("Corrected on CHSI")
        EXPLAINED = states.Outcome.EXPLAINED.value, _("Explained")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="field_errors")
    # A key field's name; or `status`, or `no_record` (没有学籍信息).
    field = models.CharField(max_length=20)
    owner = models.CharField(max_length=10, choices=Owner)
    roster_value = EncryptedTextField()
    chsi_value = EncryptedTextField()
    right_value = EncryptedTextField()
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN)
    outcome_note = EncryptedTextField(null=True)
    settled_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(null=True)
    # After the close: that the student has looked again is noted here, and changes nothing else.
    looked_again_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["declaration", "field"], name="field_once_a_report")]

    def __str__(self) -> str:
        return self.field


class Excuse(models.Model):
    """Why a student will not sign (未签原因). Lifted when the student declares after all."""

    class Reason(models.TextChoices):
        """The list of docs/glossary.md."""

        GIVEN_UP = "given_up", "放弃入学资格"
        RESERVED = "reserved", "保留入学资格"
        SUSPENDED = "suspended", "休学"
        LEFT = "left", "退学"
        NEVER_CAME = "never_came", "未报到"
        OUT_OF_REACH = "out_of_reach", "联系不上"
        OTHER = "other", "其他"

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="excuses")
    class_group = models.ForeignKey(ClassGroup, on_delete=models.PROTECT, related_name="excuses")
    reason = models.CharField(max_length=12, choices=Reason)
    note = EncryptedTextField(null=True)
    entered_by_user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    entered_by_student = models.ForeignKey(Student, null=True, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.get_reason_display()


class Standing(models.Model):
    """Where a student stands. No row: `missing`, so that an import of a whole year writes none."""

    student = models.OneToOneField(
        Student, primary_key=True, on_delete=models.PROTECT, related_name="standing"
    )
    # A name of signoffs/process/states.py.
    state = models.CharField(max_length=10)
    late = models.BooleanField(default=False)
    since = models.DateTimeField()
    # On which days (Asia/Shanghai) a word of the student's came to stand (1), and ceased to (-1): what the
    # curve adds up, so that no past day of it ever changes.
    days = models.JSONField(default=dict)
    declaration = models.ForeignKey(Declaration, null=True, on_delete=models.PROTECT, related_name="+")
    excuse = models.ForeignKey(Excuse, null=True, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.state


class MissingClaim(models.Model):
    """Somebody says that they belong to the class and are not on its roster (名册漏人)."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    class_group = models.ForeignKey(ClassGroup, on_delete=models.PROTECT, related_name="missing_claims")
    name = models.CharField(max_length=80)
    student_number = models.CharField(max_length=32, blank=True)
    phone = EncryptedTextField(null=True)
    claimed_at = models.DateTimeField()
    settled_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(null=True)
    settled_note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["claimed_at"]

    def __str__(self) -> str:
        return self.name


class ClassSheet(models.Model):
    """The class's 登记表 as its monitor submitted it: frozen. A return makes room for the next version."""

    class State(models.TextChoices):
        """A sheet is never edited; only its standing with the department changes."""

        SUBMITTED = "submitted", _("Submitted")
        RETURNED = "returned", _("Returned")
        ACCEPTED = "accepted", _("Accepted")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    class_group = models.ForeignKey(
        ClassGroup, on_delete=models.PROTECT, related_name="sheets", verbose_name=_("class")
    )
    version = models.PositiveSmallIntegerField(_("version"))
    submission_id = models.UUIDField(unique=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.SUBMITTED)
    # One row a seat, as flow.submit_sheet writes them; counts by standing; the digest of both.
    rows: EncryptedJSONField[Rows, Rows] = EncryptedJSONField()
    counts = models.JSONField(_("counts"))
    digest = models.CharField(_("digest"), max_length=52)
    # Null once the personal data of the campaign was deleted; the signature is empty then.
    collator = models.ForeignKey(Student, null=True, on_delete=models.PROTECT, related_name="+")
    signature: EncryptedJSONField[Signature, Signature] = EncryptedJSONField()
    submitted_at = models.DateTimeField(_("submitted at"))
    # The head of the class's chain when the sheet was submitted, and the code in the print's QR.
    chain_head = models.CharField(_("head of the chain"), max_length=52)
    verify_code = models.CharField(max_length=24, unique=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    return_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("class sheet"), _("class sheets")
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["class_group", "version"], name="sheet_version_once")]

    def __str__(self) -> str:
        return f"{self.class_group} v{self.version}"


class HandIn(models.Model):
    """A department's whole, handed to the office (系部上交). Reopened by the office: the next version."""

    class State(models.TextChoices):
        """Handed in, taken by the office, or opened again by it."""

        HANDED_IN = "handed_in", _("Handed in")
        RECEIVED = "received", _("Received")
        REOPENED = "reopened", _("Reopened")

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="hand_ins", verbose_name=_("campaign")
    )
    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, related_name="hand_ins", verbose_name=_("department")
    )
    version = models.PositiveSmallIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.HANDED_IN)
    counts = models.JSONField()
    # Classes that are handed in without an accepted sheet, and why: [{"class": …, "reason": …}].
    exceptions = models.JSONField(default=list)
    digest = models.CharField(max_length=52)
    handed_in_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    handed_in_at = models.DateTimeField()
    late = models.BooleanField(_("late"), default=False)
    chain_head = models.CharField(_("head of the chain"), max_length=52)
    received_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    received_at = models.DateTimeField(_("received at"), null=True)
    reopened_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    reopened_at = models.DateTimeField(null=True)
    reopen_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("hand-in"), _("hand-ins")
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "department", "version"], name="hand_in_version_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.department} v{self.version}"


class DeadlineChange(models.Model):
    """An extension, of a campaign or of one department in it, with what was before: it can be taken back."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="deadline_changes")
    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="+")
    # Null: the department had none of its own.
    old_student_deadline = models.DateField(null=True)
    old_department_deadline = models.DateField(null=True)
    student_deadline = models.DateField()
    department_deadline = models.DateField()
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.department or self.campaign}: {self.student_deadline}"


class Tally(models.Model):
    """The counts of one class, kept under its lock, so that a dashboard never counts students.

    `missing` is what remains of `expected`. Every number equals a GROUP BY over the students.
    """

    class_group = models.OneToOneField(
        ClassGroup, primary_key=True, on_delete=models.PROTECT, related_name="tally"
    )
    expected = models.PositiveIntegerField(default=0)
    confirmed = models.PositiveIntegerField(default=0)
    reported = models.PositiveIntegerField(default=0)
    recheck = models.PositiveIntegerField(default=0)
    excused = models.PositiveIntegerField(default=0)
    overdue = models.PositiveIntegerField(default=0)
    withdrawn = models.PositiveIntegerField(default=0)
    late = models.PositiveIntegerField(default=0)
    # One letter a seat (states.LETTERS), lower case where late, "-" for a seat that nobody has:
    # the thumbnail of the form's grid, without a look at the students.
    cells = models.TextField(blank=True, default="")
    # The days of its standings, added up: {"2026-12-20": 17}.
    days = models.JSONField(default=dict)
    # What was reported in the campaign (queries/reported.py): how many people did, and how many items there
    # are by field, owner and outcome: {"major/province/open": 3}.
    reporters = models.PositiveIntegerField(default=0)
    reports = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.class_group}: {self.expected}"

    @property
    def missing(self) -> int:
        """Students who have not been accounted for in any way."""
        return self.expected - self.confirmed - self.reported - self.recheck - self.excused - self.overdue


class Chain(models.Model):
    """A chain of events: of a class, of a department in a campaign, or of a campaign. Its head is stored.

    One chain belongs to no campaign: that of the accounts, which outlive campaigns.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.PROTECT, related_name="chains")
    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="chains")
    class_group = models.OneToOneField(ClassGroup, null=True, on_delete=models.PROTECT, related_name="chain")
    length = models.PositiveIntegerField(default=0)
    head = models.CharField(max_length=52, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign"],
                condition=models.Q(department__isnull=True, class_group__isnull=True),
                name="one_chain_a_campaign",
            ),
            models.UniqueConstraint(
                fields=["campaign", "department"],
                condition=models.Q(department__isnull=False),
                name="one_chain_a_department",
            ),
            models.UniqueConstraint(
                Coalesce("campaign", 0),
                condition=models.Q(campaign__isnull=True),
                name="one_chain_of_accounts",
            ),
            models.CheckConstraint(
                condition=models.Q(department__isnull=True) | models.Q(class_group__isnull=True),
                name="chain_of_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return str(self.class_group or self.department or self.campaign or _("Accounts"))

    @property
    def place(self) -> str:
        """Return whose chain it is, from the campaign down, as commands name it."""
        if self.campaign is None:
            return "accounts"
        if self.class_group is not None:
            return f"{self.campaign.slug} {self.class_group.department} {self.class_group}"
        return f"{self.campaign.slug} {self.department or 'campaign'}"


class Event(models.Model):
    """Who did what, when. Append-only.

    `link` is a keyed digest of the link before it, the position, the verb, the time and `payload_digest`;
    that one is a keyed digest of the salt and the payload. So a payload can be purged, with its salt, and
    the chain still verifies.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="events", verbose_name=_("chain"))
    position = models.PositiveIntegerField(_("position"))
    verb = models.CharField(_("move"), max_length=30)
    happened_at = models.DateTimeField(_("happened at"))
    # Who, and what else is to be known: {"by": …, "student": …, "reason": …}. Null once purged.
    payload: EncryptedJSONField[Payload | None, Payload | None] = EncryptedJSONField(null=True)
    salt = models.BinaryField(max_length=16, null=True)
    payload_digest = models.CharField(max_length=52)
    link = models.CharField(_("link of the chain"), max_length=52)
    user = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="events", verbose_name=_("user")
    )
    student = models.ForeignKey(Student, null=True, on_delete=models.PROTECT, related_name="events")

    class Meta:
        verbose_name, verbose_name_plural = _("event"), _("events")
        ordering = ["chain_id", "position"]
        constraints = [models.UniqueConstraint(fields=["chain", "position"], name="position_once_a_chain")]

    def __str__(self) -> str:
        return self.verb


class Reminder(models.Model):
    """A letter to a member of staff (催办): claimed before it is sent, so that nobody gets it twice."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    # What it is about, once: `sheets 2026-12-20`, `students 2026-12-22 3`.
    occasion = models.CharField(max_length=40)
    claimed_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "user", "occasion"], name="reminded_once")]

    def __str__(self) -> str:
        return self.occasion
