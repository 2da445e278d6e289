"""Plain functions that make the facts: a campaign, a class, its invented students, staff.

They write rosters directly, as no product code but importing.py may: a test of a page needs a class, not a
file. What people did is made through the flow itself.
"""

from datetime import date, timedelta
from decimal import Decimal
from itertools import count

from django.utils import timezone

from rosters import key_fields
from rosters.encryption import key_ring
from rosters.models import Campaign, ClassGroup, Department, Student
from signoffs.models import Membership, Tally, User
from signoffs.process.states import LETTERS, MISSING

# Not a region of GB/T 2260: no resident ID number begins with it.
NO_REGION = "990101"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
GIVEN = ["子涵", "雨桐", "浩然", "思琪", "梓萱", "一鸣", "可欣", "俊杰", "欣怡", "博文", "诗涵", "宇轩"]

_numbers = count(1)


def id_number(birth_date: date, serial: int) -> str:
    """Return an invented ID number (GB 11643): no region's, with a valid check digit; odd serials are men."""
    first17 = f"{NO_REGION}{birth_date:%Y%m%d}{serial % 1000:03d}"
    remainder = sum(int(digit) * weight for digit, weight in zip(first17, WEIGHTS, strict=True)) % 11
    return first17 + "10X98765432"[remainder]


def name(number: int) -> str:
    """Return an invented name, the same for the same number."""
    return SURNAMES[number % len(SURNAMES)] + GIVEN[(number // len(SURNAMES)) % len(GIVEN)]


def campaign(slug: str = "2026", *, days_left: int = 10, **values) -> Campaign:
    """Return an open campaign with that many whole days left to its students; negative: past."""
    today = timezone.localdate()
    values.setdefault("state", Campaign.State.OPEN)
    values.setdefault("university", "云麓理工大学")
    values.setdefault("student_deadline", today + timedelta(days=days_left))
    values.setdefault("department_deadline", values["student_deadline"] + timedelta(days=2))
    return Campaign.objects.create(slug=slug, **values)


def department(name: str = "信息工程系") -> Department:
    """Return the department of that name."""
    return Department.objects.get_or_create(name=name)[0]


def student(class_group: ClassGroup, seat: int, **values) -> Student:
    """Return an invented student on that seat. Does not touch the class's tally: `class_group` does."""
    number = next(_numbers)
    born = date(2007, 1, 1) + timedelta(days=number % 600)
    values.setdefault("name", name(number))
    values.setdefault("birth_date", born)
    values.setdefault("id_number", id_number(born, number))
    values.setdefault("sex", "男" if number % 2 else "女")
    values.setdefault("ethnicity", "汉族")
    values.setdefault("student_number", f"{class_group.campaign.slug}{number:06d}")
    values.setdefault("department_name", class_group.department.name)
    values.setdefault("major", "软件工程（卓越班）")
    values.setdefault("class_name", class_group.name)
    values.setdefault("level", "本科")
    values.setdefault("duration", Decimal(4))
    made = Student(campaign=class_group.campaign, class_group=class_group, seat=seat, **values)
    made.id_digest = key_ring().digest("id_number", made.id_number) if made.id_number else ""
    made.record_digest = key_ring().digest("record", key_fields.normalised_record(made))
    made.save()
    return made


def class_group(
    name: str = "软件2601班",
    *,
    students: int = 3,
    of: Campaign | None = None,
    department_name: str = "信息工程系",
    monitor: bool = True,
) -> ClassGroup:
    """Return a class with that many students; the first is its monitor (班长) unless told otherwise."""
    of = of or Campaign.objects.filter(state=Campaign.State.OPEN).first() or campaign()
    made = ClassGroup.objects.create(campaign=of, department=department(department_name), name=name)
    for seat in range(1, students + 1):
        student(made, seat, duty="班长" if monitor and seat == 1 else "")
    Tally.objects.create(class_group=made, expected=students, cells=LETTERS[MISSING] * students)
    return made


def user(
    username: str, *, role: str = Membership.Role.OFFICE, in_department: Department | None = None
) -> User:
    """Return a member of staff with that role; the password is the user name twice."""
    made = User.objects.create_user(username, password=username * 2, first_name=username)
    Membership.objects.create(user=made, role=role, department=in_department)
    return made
