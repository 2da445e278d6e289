"""What monitors, officers and the office send: reasons, entries, deadlines, files."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import MAXYEAR, date, datetime
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from rosters import key_fields
from rosters.models import Campaign, Department, Student

from ..models import Declaration, Excuse, FieldError
from ..process import guide, states
from ..process.answers import Answers, FieldReport, snapshot_of
from ..process.deadlines import Deadlines
from ..queries.classes import ClassRow
from .base import Form
from .signature import SignatureMixin
from .student import check_phone, key_label


class ExcuseForm(Form):
    """Why a student will not sign."""

    reason = forms.ChoiceField(label=_("Reason"), choices=[("", "—"), *Excuse.Reason.choices])
    note = forms.CharField(label=_("Note"), max_length=200, required=False)


class ReasonForm(Form):
    """A move that needs its reason."""

    # The shortest of the columns that keep a reason.
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class HandInForm(Form):
    """系部上交: for each class that isn't accepted, why it is left out: what the flow's `hand_in` takes."""

    prefix = "exception"

    def __init__(self, *args: Any, rows: Iterable[ClassRow], **kwargs: Any) -> None:
        """Ask for a reason for each of these classes."""
        super().__init__(*args, **kwargs)
        for row in rows:
            words = {"class": row.class_group, "state": row.sheet_label}
            self.fields[str(row.class_group.uuid)] = forms.CharField(
                label=_("%(class)s (%(state)s)") % words,
                max_length=200,
                error_messages={"required": _("Please give the reason.")},
            )

    @property
    def first_wrong(self) -> forms.BoundField | None:
        """The first field that has an error."""
        return next((field for field in self if field.errors), None)


class NoteForm(Form):
    """A few words on what became of something."""

    note = forms.CharField(label=_("What became of it"), max_length=200)


class EntryForm(Form):
    """An entry for somebody: on paper or by proxy, all right or with one error."""

    submission_id = forms.UUIDField(widget=forms.HiddenInput)
    channel = forms.ChoiceField(
        label=_("How was it signed?"),
        choices=[("", "—"), *(c for c in Declaration.Channel.choices if c[0] != Declaration.Channel.OWN)],
    )
    reason = forms.CharField(label=_("Who signed, and why not online"), max_length=200)
    field = forms.ChoiceField(label=_("What it says"), required=False)
    chsi_value = forms.CharField(label=_("What CHSI shows"), max_length=120, required=False)
    right_value = forms.CharField(label=_("What is right"), max_length=120, required=False)
    phone = forms.CharField(label=_("Phone number (联系号码)"), max_length=20, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the key fields, the status and the record as a whole."""
        kwargs.setdefault("initial", {"submission_id": uuid.uuid4()})
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["field"]).choices = [
            ("", _("Nothing: all right")),
            *((name, key_label(name)) for name in (*key_fields.BY_NAME, "status", "no_record")),
        ]

    def clean(self) -> dict[str, Any]:
        """An error needs its values and a phone number."""
        cleaned = super().clean()
        field = cleaned.get("field")
        if not field:
            return cleaned
        if field != "no_record":
            for name in ("chsi_value", "right_value"):
                if not cleaned.get(name, "").strip():
                    self.add_error(name, _("An error needs what CHSI shows and what is right."))
        try:
            cleaned["phone"] = check_phone(cleaned.get("phone", ""))
        except forms.ValidationError as error:
            self.add_error("phone", error)
        return cleaned

    def answers(self, student: Student, arrived_at: datetime) -> Answers:
        """Return what a valid form answers for the student, for a request that arrived then."""
        sent = self.cleaned_data
        field = sent["field"]
        # As CHSI shows it, as far as a status is a word; nothing where it has no record of them.
        shown = sent["chsi_value"].strip()[: Declaration._meta.get_field("status").max_length]
        status = {"status": shown, "no_record": ""}.get(field, key_fields.GOOD_STATUS)
        return Answers(
            submission_id=sent["submission_id"],
            arrived_at=arrived_at,
            status=status,
            snapshot=snapshot_of(student, status, wrong={field}),
            errors=(FieldReport(field, sent["chsi_value"], sent["right_value"]),) if field else (),
            phone=sent["phone"] if field else "",
        )


class SubmitForm(SignatureMixin):
    """The collator's signature under the class's sheet, as the page has shown it."""

    submission_id = forms.UUIDField(widget=forms.HiddenInput)
    shown_cells = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, signer: str, **kwargs: Any) -> None:
        """Take the monitor's name."""
        kwargs.setdefault("initial", {"submission_id": uuid.uuid4()})
        super().__init__(*args, **kwargs)
        self.signer = signer


class SettleForm(Form):
    """The next outcome of a reported error."""

    outcome = forms.ChoiceField(label=_("Outcome"))
    note = forms.CharField(label=_("Note (needed for “Explained”)"), max_length=300, required=False)
    alike = forms.BooleanField(label=_("And those alike"), required=False)

    def __init__(self, *args: Any, report: FieldError, **kwargs: Any) -> None:
        """Offer what may follow on the present outcome; a page has many of them, each with ids of its own."""
        kwargs["auto_id"] = f"id_{report.uuid}_%s"
        super().__init__(*args, **kwargs)
        self.report = report
        # Nothing is preselected: an outcome is a decision.
        follow = states.OUTCOMES[report.outcome]
        whole = report.field not in key_fields.BY_NAME
        outcomes = cast(forms.ChoiceField, self.fields["outcome"])
        outcomes.choices = [("", "—")] + [
            (value, label)
            for value, label in FieldError.Outcome.choices
            if value in follow and not (whole and value == FieldError.Outcome.MENDED)
        ]
        # What the roster would hold.
        can_mend = FieldError.Outcome.MENDED in [value for value, _label in outcomes.choices]
        self.writes = report.right_value if can_mend else ""


class DeadlinesForm(Form):
    """Both deadlines, to extend them."""

    student_deadline = forms.DateField(
        label=_("Students' deadline"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    department_deadline = forms.DateField(
        label=_("Departments' deadline"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    @property
    def deadlines(self) -> Deadlines:
        """Both, of a valid form."""
        return Deadlines(self.cleaned_data["student_deadline"], self.cleaned_data["department_deadline"])


class DepartmentDeadlinesForm(DeadlinesForm):
    """Both deadlines of one department."""

    department = forms.ModelChoiceField(
        label=_("Department"), queryset=Department.objects.none(), to_field_name="uuid"
    )
    field_order = ("department", "student_deadline", "department_deadline")

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        """Offer the departments of the campaign."""
        super().__init__(*args, **{"auto_id": "id_own_%s"} | kwargs)
        offered = cast(forms.ModelChoiceField, self.fields["department"])
        offered.queryset = Department.objects.filter(class_groups__campaign=campaign).distinct()


class UniversityForm(Form):
    """The university's name, at any time."""

    university = forms.CharField(label=_("University"), max_length=60)


class CampaignForm(DeadlinesForm):
    """Another year's campaign; what can be foreseen is filled in from the last one."""

    slug = forms.CharField(label=_("Cohort year"), max_length=4)
    university = forms.CharField(label=_("University"), max_length=60)
    copy_texts = forms.BooleanField(label=_("Copy the texts for students"), required=False, initial=True)
    field_order = ("slug", "university", "student_deadline", "department_deadline", "copy_texts")

    def __init__(self, *args: Any, latest: Campaign | None, **kwargs: Any) -> None:
        """Begin from the latest campaign, a year on."""
        initial: dict[str, Any] = {"copy_texts": True}
        if latest is not None:
            initial |= {
                "slug": str(int(latest.slug) + 1) if latest.slug.isdigit() else "",
                "university": latest.university,
                "student_deadline": a_year_on(latest.student_deadline),
                "department_deadline": a_year_on(latest.department_deadline),
            }
        kwargs["initial"] = initial
        super().__init__(*args, **kwargs)


def a_year_on(day: date) -> date:
    """Return the same day of the next year, if there is one; 29 February becomes the 28th."""
    year = min(day.year + 1, MAXYEAR)
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


class TextsForm(Form):
    """What the students' pages tell; an empty text is the given one."""

    office = forms.CharField(label=_("Where the office is"), max_length=120, required=False)
    phone = forms.CharField(label=_("How to reach it"), max_length=120, required=False)
    steps = forms.CharField(
        label=_("How to look it up on CHSI"),
        help_text=_("One step a line."),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    troubles = forms.CharField(
        label=_("Known trouble"),
        help_text=_("A question, its answers on the lines below; an empty line between two."),
        max_length=8000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 14}),
    )
    privacy = forms.CharField(
        label=_("What happens with my data"),
        help_text=_("One line a sentence: who, contact, purpose, which data, how long, which rights."),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
    )

    def __init__(self, *args: Any, texts: Mapping[str, str], **kwargs: Any) -> None:
        """Take the campaign's texts; where it has none, begin from the given ones."""
        kwargs.setdefault("initial", {**guide.as_typed(), **{k: v for k, v in texts.items() if v}})
        super().__init__(*args, **kwargs)

    @property
    def texts(self) -> dict[str, str]:
        """What the campaign keeps: only what differs from the given texts."""
        given = guide.as_typed()
        typed = {name: text.replace("\r\n", "\n").strip() for name, text in self.cleaned_data.items()}
        return {name: text for name, text in typed.items() if text and text != given.get(name)}


class WholeNumbersForm(Form):
    """What the export with whole ID numbers asks for."""

    department = forms.ModelChoiceField(
        label=_("Department"), queryset=Department.objects.none(), required=False, to_field_name="uuid"
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)
    password = forms.CharField(
        label=_("Your password"),
        help_text=_("The one that you sign in with: somebody else may have come to your computer."),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, departments: QuerySet[Department], **kwargs: Any) -> None:
        """Offer the departments of the campaign."""
        super().__init__(*args, **kwargs)
        field = cast(forms.ModelChoiceField, self.fields["department"])
        field.queryset = departments
        field.empty_label = _("All departments")


class CloseForm(Form):
    """The end of a campaign is meant for good, so the cohort year is typed once more."""

    year = forms.CharField(label=_("Type the cohort year to confirm"), max_length=20)

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        """Take the campaign that is to end."""
        super().__init__(*args, **kwargs)
        self.campaign = campaign

    def clean_year(self) -> str:
        """Refuse any other year."""
        if self.cleaned_data["year"].strip() != self.campaign.slug:
            raise forms.ValidationError(_("This is not the campaign's year."))
        return self.cleaned_data["year"]
