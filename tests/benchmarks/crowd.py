"""The students of the benchmarks: their roster imported as the office does it, and what their phones send."""

from typing import NamedTuple
from urllib.parse import urlencode

from rosters import key_fields
from tests.benchmarks.browser import Browser

_ANSWERS = {f"answer_{one.name}": "ok" for one in key_fields.KEY_FIELDS if one.name != "id_number"}
# A phone sends what stayed empty, too.
_EMPTY = {name.replace("answer", part): "" for name in _ANSWERS for part in ("chsi", "right")}
_REST = {"status": key_fields.GOOD_STATUS, "phone": "", "signature": ""}
_SAME_FOR_ALL = urlencode(_ANSWERS | _EMPTY | _REST)
# The plain site (tests/benchmarks/plain) has an answer to each field, and nothing of the rest.
_PLAINLY = urlencode(
    {f"answer_{one.name}": "ok" for one in key_fields.KEY_FIELDS} | {"status": key_fields.GOOD_STATUS}
)
# What the receipt says, and no other page.
SIGNED = "核对无误，已签名".encode()


class Person(NamedTuple):
    """What a student brings along: the class's link, 学号, ID number, name."""

    token: str
    number: str
    id_number: str
    name: str

    @property
    def last_six(self) -> str:
        """The identification form, urlencoded."""
        return urlencode({"student_number": self.number, "last_six": self.id_number[-6:]})

    @property
    def all_right(self) -> str:
        """The record's form with every answer 无误, signed by name, urlencoded."""
        return f"{_SAME_FOR_ALL}&{urlencode({'chsi_id_number': self.id_number, 'typed_name': self.name})}"

    @property
    def all_right_plainly(self) -> str:
        """The same for the plain site."""
        return f"{_PLAINLY}&{urlencode({'typed_id_number': self.id_number, 'typed_name': self.name})}"


async def open_class(browser: Browser, person: Person) -> tuple[int, bytes]:
    """Follow the class's link, as somebody of whom the browser knows nothing."""
    browser.forget()
    return await browser.get(f"/c/{person.token}/")


async def identify(browser: Browser, person: Person) -> tuple[int, bytes]:
    """From the class's page to the record."""
    return await browser.post("/class/identify/", person.last_six)


async def confirm(browser: Browser, person: Person) -> tuple[int, bytes]:
    """From the record to the receipt."""
    return await browser.post("/class/record/", person.all_right)


def imported(count: int) -> list[Person]:
    """Import a roster of that many into a campaign that ends today; return who is on it."""
    from django.core.management import call_command

    from rosters import planning, reading
    from rosters.models import Student
    from signoffs import flow
    from signoffs.models import ClassLink
    from signoffs.queries.actors import Who
    from tests import factories
    from tests.benchmarks import rosters

    call_command("collectstatic", interactive=False, verbosity=0)
    campaign = factories.campaign(days_left=0)
    plan = planning.plan(campaign, reading.read(rosters.workbook(count), "roster.xlsx"))
    flow.import_roster(plan=plan, who=Who(command="benchmark"))
    live = ClassLink.objects.filter(kind=ClassLink.Kind.STUDENT)
    tokens = {link.class_group_id: link.token for link in live}
    return [
        Person(tokens[student.class_group_id], student.student_number, student.id_number, student.name)
        for student in Student.objects.order_by("pk")
    ]
