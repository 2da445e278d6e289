"""What staff send about accounts: the office's entries, and one's own sign-in, password and second factor."""

from typing import Any, cast

from allauth.account.forms import LoginForm
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django import forms
from django.contrib.auth import password_validation
from django.core.validators import MaxLengthValidator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from rosters.models import ClassGroup, Department

from .. import flow
from ..models import Membership, SignInRule, User
from .base import Form

Role = Membership.Role


class AccountForm(Form):
    """Who has an account, and what they may do."""

    name = forms.CharField(label=_("Name"), max_length=150)
    email = forms.EmailField(label=_("E-mail (optional)"), required=False)
    campus_name = forms.CharField(
        label=_("Campus name (optional)"),
        help_text=_(
            "What the campus sign-on calls the person, such as the staff number. Empty: password only."
        ),
        max_length=150,
        required=False,
    )
    role = forms.ChoiceField(label=_("Role"), choices=[("", "—"), *Role.choices])
    department = forms.ModelChoiceField(
        label=_("Department"),
        queryset=Department.objects.none(),
        required=False,
        empty_label="—",
        to_field_name="uuid",
    )
    class_groups = forms.ModelMultipleChoiceField(
        label=_("Classes"), queryset=ClassGroup.objects.none(), required=False, to_field_name="uuid"
    )

    def __init__(self, *args: Any, classes: QuerySet[ClassGroup], campus: bool, **kwargs: Any) -> None:
        """Take the classes that the office sees, and whether there is a campus sign-on."""
        super().__init__(*args, **kwargs)
        cast(forms.ModelChoiceField, self.fields["department"]).queryset = Department.objects.order_by("name")
        self._class_groups.queryset = classes
        if not campus:
            del self.fields["campus_name"]

    @property
    def _class_groups(self) -> forms.ModelMultipleChoiceField:
        return cast(forms.ModelMultipleChoiceField, self.fields["class_groups"])

    @property
    def class_choices(self) -> list[tuple[Department, list[tuple[ClassGroup, bool]], int]]:
        """The classes by department, each with whether it is chosen; and how many of them are."""
        chosen = {str(uuid) for uuid in self["class_groups"].value() or ()}
        found: dict[Department, list[tuple[ClassGroup, bool]]] = {}
        for class_group in self._class_groups.queryset or ():
            is_chosen = str(class_group.uuid) in chosen
            found.setdefault(class_group.department, []).append((class_group, is_chosen))
        return [
            (department, classes, sum(is_chosen for _, is_chosen in classes))
            for department, classes in found.items()
        ]

    def person(self, campus_name: str = "") -> flow.Person:
        """Return who it is, for a valid form; without a field of it, the campus name stays as given."""
        cleaned = self.cleaned_data
        return flow.Person(
            cleaned["name"].strip(), cleaned["email"], cleaned.get("campus_name", campus_name).strip()
        )

    def post(self, kept: tuple[ClassGroup, ...] = ()) -> flow.Post:
        """Return what they may do, for a valid form; `kept` are a counsellor's classes not shown in it."""
        cleaned = self.cleaned_data
        if cleaned["role"] == Role.DEPARTMENT:
            return flow.Post(cleaned["role"], department=cleaned["department"])
        if cleaned["role"] == Role.COUNSELLOR:
            return flow.Post(cleaned["role"], class_groups=(*cleaned["class_groups"], *kept))
        return flow.Post(cleaned["role"])


class NewAccountForm(AccountForm):
    """Somebody who has none yet: the user name too, which stays."""

    username = forms.CharField(
        label=_("User name"),
        help_text=_("To sign in with: letters, digits and . _ - @ +. It can't be changed later."),
        max_length=150,
        validators=[User.username_validator],
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off"}),
    )
    field_order = ("name", "username", "email", "campus_name", "role", "department", "class_groups")


class SecondFactorRuleForm(Form):
    """The office's switch."""

    second_factor = forms.ChoiceField(
        label=_("Who must have it"), choices=SignInRule.SecondFactor, widget=forms.RadioSelect
    )


class InvitationForm(Form):
    """The password that an invited person chooses."""

    password1 = forms.CharField(
        label=_("New password"),
        help_text=_("At least 12 characters. A sentence is easy to keep in mind."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=_("The same once more"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        """Take whose password it will be: it must not resemble the name."""
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password1(self) -> str:
        """Hold it against the site's rules."""
        password_validation.validate_password(self.cleaned_data["password1"], self.user)
        return self.cleaned_data["password1"]

    def clean(self) -> dict[str, Any]:
        """Both must be the same."""
        cleaned = super().clean()
        if cleaned.get("password1") and cleaned["password1"] != cleaned.get("password2"):
            self.add_error("password2", _("The two passwords are not the same."))
        return cleaned


class SignInForm(LoginForm):
    """User name or e-mail, and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Label the fields in our words, and bound what is looked up: a database has limits of its own."""
        super().__init__(*args, **kwargs)
        for name, longest in (("login", 254), ("password", 1000)):
            field = self.fields[name]
            field.max_length = longest
            field.validators.append(MaxLengthValidator(longest))
        self.fields["login"].label = _("User name or e-mail")
        self.fields["login"].widget.attrs = {"autocomplete": "username", "autocapitalize": "none"}
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""
        self.fields["password"].widget.attrs = {"autocomplete": "current-password"}

    def add_prefix(self, field_name: str) -> str:
        """Name the first field `username` in the page, as browsers and password managers know it."""
        return "username" if field_name == "login" else field_name


class SetUpForm(ActivateTOTPForm):
    """A first code of the app. Until it is there, the secret waits in the session, sealed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Let allauth make or find the secret; what the session keeps is its sealed form."""
        session = context.request.session
        sealed = session.pop(SECRET_SESSION_KEY, None)
        if sealed:
            session[SECRET_SESSION_KEY] = get_adapter().decrypt(sealed)
        super().__init__(*args, **kwargs)
        session[SECRET_SESSION_KEY] = get_adapter().encrypt(self.secret)
        self.fields["code"].label = _("Code in the app")
        self.fields["code"].widget.attrs = CODE_ATTRIBUTES


CODE_ATTRIBUTES = {"autocomplete": "one-time-code", "inputmode": "numeric"}


class ProofForm(Form):
    """A reason, and the proof that it is still the same person who sits here."""

    reason = forms.CharField(label=_("Reason"), max_length=200)
    password = forms.CharField(
        label=_("Your password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    code = forms.CharField(
        label=_("Code of your app"),
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        """Ask for what the account has: whoever comes by the campus alone has no password."""
        super().__init__(*args, **kwargs)
        self.user = user
        if not user.has_usable_password():
            del self.fields["password"]
        self.factor = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
        if self.factor is None:
            del self.fields["code"]

    def proves(self, fresh_sign_on: bool) -> bool:
        """Compare; note at its field what is not right. `fresh_sign_on`: by the campus, minutes ago."""
        if "password" not in self.fields:
            if not fresh_sign_on:
                self.add_error(
                    None, _("Sign out, sign in by the campus again, and come back within 5 minutes.")
                )
        elif not self.user.check_password(self.cleaned_data["password"]):
            self.add_error("password", _("This is not your password. The attempt is recorded."))
        if self.factor and not self.factor.wrap().validate_code(self.cleaned_data["code"]):
            self.add_error("code", _("The code is not right. The attempt is recorded."))
        return not self.errors
