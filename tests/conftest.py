"""A cast with meaning, for every test that wants one."""

import pytest

from rosters.models import Campaign, ClassGroup, Student
from signoffs.models import Membership, User

from . import factories


@pytest.fixture
def campaign(db) -> Campaign:
    """The open campaign, ten days before the students' deadline."""
    return factories.campaign()


@pytest.fixture
def own_class(campaign) -> ClassGroup:
    """软件2601班 of 信息工程系: three students, the first of whom is the monitor."""
    return factories.class_group()


@pytest.fixture
def class_group(own_class) -> ClassGroup:
    """The class of a test in which there is no other."""
    return own_class


@pytest.fixture
def monitor(own_class) -> Student:
    """The first of the class: its monitor (班长)."""
    return own_class.students.get(seat=1)


@pytest.fixture
def student(own_class) -> Student:
    """The second of the class."""
    return own_class.students.get(seat=2)


@pytest.fixture
def other_class(campaign) -> ClassGroup:
    """机械2601班 of 机械工程系: what nobody of 信息工程系 may see."""
    return factories.class_group("机械2601班", department_name="机械工程系")


@pytest.fixture
def office(db) -> User:
    """An account of the academic affairs office."""
    return factories.user("office")


@pytest.fixture
def officer(own_class) -> User:
    """The officer of 信息工程系."""
    return factories.user("officer", role=Membership.Role.DEPARTMENT, in_department=own_class.department)


@pytest.fixture
def counsellor(own_class) -> User:
    """The counsellor of 软件2601班, who reads and reminds."""
    made = factories.user("counsellor", role=Membership.Role.COUNSELLOR)
    made.memberships.get().class_groups.add(own_class)
    return made
