"""`manage.py createsuperuser`: Django's, and an event in the chain of the accounts."""

from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.db import transaction

from signoffs import flow
from signoffs.models import User
from signoffs.queries.actors import Who


class Command(createsuperuser.Command):
    """Django's command; the account is there with its event, or not at all."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the account. Raise what Django's command raises."""
        before = set(User.objects.values_list("pk", flat=True))
        with transaction.atomic():
            super().handle(*args, **options)
            made = User.objects.exclude(pk__in=before)
            who = Who(command="createsuperuser")
            flow.note_accounts(users=list(made), verb="create_superuser", who=who)
