"""Fills the plain site's database: `manage.py load < students.json`."""

import json
import sys

from django.core.management import BaseCommand, call_command

from ...models import FIELDS, ClassGroup, Student


class Command(BaseCommand):
    """Takes a list of [token, eleven fields] from standard input."""

    help = "Make the tables and load students."

    def handle(self, *args, **options):
        """Make the tables and load the students."""
        call_command("migrate", run_syncdb=True, verbosity=0)
        rows = json.load(sys.stdin)
        names = {token: values[FIELDS.index("class_name")] for token, values in rows}
        groups = ClassGroup.objects.bulk_create(
            ClassGroup(token=token, name=name) for token, name in names.items()
        )
        keys = {group.token: group.pk for group in groups}
        Student.objects.bulk_create(
            Student(class_group_id=keys[token], **dict(zip(FIELDS, values, strict=True)))
            for token, values in rows
        )
