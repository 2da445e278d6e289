"""How members of staff come to their accounts: invitations, and what a sign-in must bring."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .people import User


class Invitation(models.Model):
    """A one-time link with which a member of staff chooses a password: the first one, or a new one.

    The link's token is shown once and not kept: only its digest is, to find it by.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="invitations")
    token_digest = models.CharField(max_length=52, unique=True)
    issued_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # Used, or ended before: by the next invitation, or since the account was deactivated.
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(used_at__isnull=True, revoked_at__isnull=True),
                name="one_open_invitation",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)


class SignInRule(models.Model):
    """Who needs a second factor, as the office has decided: one row; none yet means nobody."""

    class SecondFactor(models.TextChoices):
        """Whose accounts must have it."""

        NOBODY = "nobody", _("Nobody: everyone may set it up")
        OFFICE = "office", _("The office's accounts")
        EVERYBODY = "everybody", _("All accounts")

    second_factor = models.CharField(max_length=10, choices=SecondFactor, default=SecondFactor.NOBODY)

    def __str__(self) -> str:
        return self.get_second_factor_display()
