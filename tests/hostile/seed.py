"""Fills the database of a server under test, and prints who and what is in it, as JSON.

Run by real_server.py as a program, under the product's own settings.
"""

import json

import django

django.setup()

from django.utils import timezone  # noqa: E402

from signoffs.entrance import links  # noqa: E402
from tests import factories  # noqa: E402


def main() -> None:
    """One class of four and its links; an account of the office and one of its department."""
    campaign = factories.campaign()
    class_group = factories.class_group(students=4, of=campaign)
    now = timezone.now()
    tokens = {kind: links.issue(class_group, kind, now).token for kind in ("student", "monitor")}
    factories.user("office")
    factories.user("officer", role="department", in_department=class_group.department)
    students = [
        {"name": one.name, "student_number": one.student_number, "id_number": one.id_number}
        for one in class_group.students.order_by("seat")
    ]
    print(json.dumps({"tokens": tokens, "students": students}))


if __name__ == "__main__":
    main()
