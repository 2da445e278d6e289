"""Tells what the plain site has stored: a list of [学号, receipt number]."""

import json

from django.core.management import BaseCommand

from ...models import Declaration


class Command(BaseCommand):
    """Prints JSON."""

    help = "Print the declarations that are stored."

    def handle(self, *args, **options):
        """Print them."""
        self.stdout.write(json.dumps(list(Declaration.objects.values_list("student__student_number", "pk"))))
