"""Who is the office, wherever only the office may act; and how a reason names many."""

from datetime import date

import pytest

from signoffs import flow
from signoffs.models import User
from signoffs.process import rules
from signoffs.queries import actors, retention
from signoffs.queries.actors import Who
from tests import factories

TEN = "一、二、三、四、五、六、七、八、九、十"


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


def test_a_long_list_of_names_is_cut_alike_wherever_it_stands():
    names = [f"软件{number:04d}班" for number in range(2601, 2613)]
    of_department = str(rules.may_leave_out(names))
    of_purge = str(
        retention.may_purge(
            closed=True, purged=False, day=date(2027, 6, 30), today=date(2027, 6, 30), not_printed=names
        )
    )
    for said in (of_department, of_purge):
        assert "软件2609班、软件2610班，另有 2 个班" in said
        assert "软件2611班" not in said


def test_beyond_ten_names_the_rest_is_counted_as_what_it_is():
    ten = TEN.split("、")
    assert str(rules.may_balance(ten, 0)) == f"尚未核对：{TEN}。"
    assert str(rules.may_balance([*ten, "王"], 0)) == f"尚未核对：{TEN}，另有 1 人。"
    assert str(rules.may_leave_out([*ten, "甲班", "乙班"])).endswith(f"{TEN}，另有 2 个班。")
