"""Who is the office, wherever only the office may act."""

import pytest

from signoffs import flow
from signoffs.models import User
from signoffs.queries import actors
from signoffs.queries.actors import Who
from tests import factories


@pytest.fixture
def people(own_class, office, officer, counsellor) -> dict[str, Who]:
    """Everybody who may ask."""
    root = factories.user("root", role="counsellor")
    root.is_superuser = True
    return {
        "office": Who(user=office),
        "superuser": Who(user=root),
        "command": Who(command="purge"),
        "officer": Who(user=officer),
        "counsellor": Who(user=counsellor),
        "monitor": Who(student=own_class.students.get(seat=1)),
        "nobody": Who(),
    }


def test_the_office_is_the_office_the_superuser_and_a_command(people):
    may = {name for name, who in people.items() if actors.may_as_office(who) is None}
    assert may == {"office", "superuser", "command"}
    assert actors.may_as_office(people["office"], is_open=False) is not None


def test_who_was_deactivated_meanwhile_changes_no_account_any_more(people):
    other = factories.user("other")
    flow.invite(user=other, who=people["office"])
    User.objects.filter(pk=people["office"].user.pk).update(is_active=False)
    with pytest.raises(flow.Refused):
        flow.invite(user=other, who=people["office"])
