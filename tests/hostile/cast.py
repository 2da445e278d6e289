"""Who tries things: browsers of every role in a university where each thing that there can be is there."""

from dataclasses import dataclass

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rosters.models import ClassGroup
from signoffs.entrance import links
from signoffs.models import Membership
from tests import factories, stories


def visitor(class_group: ClassGroup, kind: str = "student") -> Client:
    """Return a browser that opened the class's link of that kind."""
    client = Client()
    token = links.issue(class_group, kind, timezone.now()).token
    client.get(reverse("class-link" if kind == "student" else "monitor-link", args=[token]))
    return client


def identified(student, kind: str = "student") -> Client:
    """Return a browser in which this student has identified, by the link of that kind."""
    client = visitor(student.class_group, kind)
    name = "class-identify" if kind == "student" else "monitor-identify"
    assert stories.identify(client, name, student).status_code == 302
    return client


def staff(username: str, **values) -> Client:
    """Return a browser in which a new account of that role is signed in."""
    client = Client()
    client.force_login(factories.user(username, **values))
    return client


@dataclass
class Cast:
    """Two classes of one department: one has been through everything, the other is in the middle of it."""

    done: dict
    fresh: ClassGroup
    clients: dict[str, Client]


def university() -> Cast:
    """Make the classes and the browsers, by role."""
    class_group = factories.class_group("软件2601班", students=6)
    officer = factories.user("officer", role=Membership.Role.DEPARTMENT, in_department=class_group.department)
    other = factories.class_group("机械2601班", students=6, department_name="机械工程系")
    head = factories.user("head", role=Membership.Role.DEPARTMENT, in_department=other.department)
    done = stories.everything(other, head)
    first, second, third, fourth, fifth, sixth = class_group.students.order_by("seat")
    stories.confirm(second)
    stories.report(third, "major", "id_number", chsi="990101200701010000", right="990101200701010001")
    stories.excuse(fourth, first)
    stories.on_paper(fifth, first)
    stories.claim(class_group)
    root = factories.user("root")
    root.is_superuser = root.is_staff = True
    root.save()
    clients = {
        "nobody": Client(),
        "visitor": visitor(class_group),
        "student": identified(sixth),
        "student who has declared": identified(second),
        "student with an entry": identified(fifth),
        "monitor": identified(first, "monitor"),
        "counsellor": Client(),
        "officer": Client(),
        "officer who handed in": Client(),
        "office": staff("office"),
        "superuser": Client(),
    }
    counsellor = factories.user("counsellor", role=Membership.Role.COUNSELLOR)
    counsellor.memberships.get().class_groups.add(class_group)
    for name, user in (
        ("counsellor", counsellor),
        ("officer", officer),
        ("officer who handed in", head),
        ("superuser", root),
    ):
        clients[name].force_login(user)
    return Cast(done, class_group, clients)


# Where each begins.
STARTS = {
    # Not /healthz: its probe writes (tests/signoffs/upkeep/test_readiness.py).
    "nobody": ["/", "/sign-in/", "/office/", "/department/", "/class/", "/monitor/", "/admin/", "/livez"],
    "visitor": ["/", "/class/"],
    "student": ["/", "/class/", "/class/record/", "/class/guide/"],
    "student who has declared": ["/", "/class/", "/class/record/?again=1", "/class/receipt/"],
    "student with an entry": ["/", "/class/", "/class/receipt/"],
    "monitor": ["/", "/monitor/"],
    "counsellor": ["/", "/department/"],
    "officer": ["/", "/department/"],
    "officer who handed in": ["/", "/department/"],
    "office": ["/", "/office/"],
    "superuser": ["/", "/office/", "/admin/"],
}
