"""What is new to a campaign stands above the button, with the nearest name that is there."""

from django.utils import timezone

from rosters import importing, planning, reading

from . import files


def plan_for(campaign, *rows: dict) -> planning.Plan:
    return planning.plan(campaign, reading.read(files.roster(*rows), "roster.xlsx"))


def import_rows(campaign, *rows: dict) -> None:
    importing.apply(plan_for(campaign, *rows), now=timezone.now())


def news(campaign, *rows: dict) -> list[tuple[str, str]]:
    plan = plan_for(campaign, *rows)
    assert {problem.level for problem in plan.news} <= {"warning"}
    return [(problem.code, problem.message) for problem in plan.news]


def a_class(first: int, count: int = 10, **values) -> list[dict]:
    return [files.row(number, **values) for number in range(first, first + count)]


def test_the_first_roster_of_a_campaign_brings_no_news(campaign):
    assert news(campaign, *a_class(1)) == []


def test_a_new_department_is_named_with_the_nearest_one_and_its_classes_are_not(campaign):
    import_rows(campaign, *a_class(1, 系部="计算机应用系"))
    assert news(campaign, *a_class(21, 系部="计算机系", 班级="网络2601班")) == [
        (
            "new_department",
            "计算机系: a department that this campaign does not have yet. There is 计算机应用系.",
        )
    ]
    assert news(campaign, *a_class(21, 系部="护理", 班级="护理2601班")) == [
        ("new_department", "护理: a department that this campaign does not have yet.")
    ]


def test_a_new_class_is_named_with_the_nearest_one_of_its_department(campaign):
    import_rows(campaign, *a_class(1), *a_class(11, 系部="机械工程系", 班级="软件2602"))
    assert news(campaign, *a_class(21, 班级="软件2602班")) == [
        (
            "new_class",
            "信息工程系 软件2602班: a class that this campaign does not have yet. There is 软件2601班.",
        )
    ]


def test_a_class_from_another_department_and_a_class_left_empty(campaign):
    import_rows(campaign, *a_class(1), *a_class(11, 系部="机械工程系", 班级="机械2601班"))
    found = news(campaign, *a_class(1, 系部="机械工程系", 班级="机械2601班"))
    assert [code for code, _ in found] == ["class_from_elsewhere", "class_left_empty", "many_changes"]
    assert [message for _, message in found][:2] == [
        "机械工程系 机械2601班: nearly all of it, 10 students, come from 信息工程系.",
        "信息工程系 软件2601班: all of its 10 students go to another class.",
    ]


def test_over_a_fifth_of_changes_is_said_and_a_fifth_is_not(campaign):
    import_rows(campaign, *a_class(1, 30))
    assert news(campaign, *a_class(1, 6, 专业名称="网络工程"), *a_class(7, 24)) == []
    assert news(campaign, *a_class(1, 7, 专业名称="网络工程"), *a_class(8, 23)) == [
        ("many_changes", "7 of 30 students change. Is this the right file, and the right year?")
    ]
