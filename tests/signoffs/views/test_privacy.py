"""What people are told of their data, what they see of it, and who saw it."""

from datetime import date, timedelta

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rosters.models import Campaign
from signoffs import flow
from signoffs.entrance import links
from signoffs.models import AccessRecord, Identification
from signoffs.process import guide, keeping
from signoffs.queries import access_log
from signoffs.queries.actors import Who
from tests import factories, pages, stories


def visitor(class_group, kind="student") -> Client:
    client = Client()
    token = links.issue(class_group, kind, timezone.now()).token
    client.get(reverse("class-link" if kind == "student" else "monitor-link", args=[token]))
    return client


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


class TestTheNotice:
    @pytest.mark.parametrize(("kind", "page"), [("student", "class"), ("monitor", "monitor-identify")])
    def test_stands_before_the_identification(self, own_class, kind, page):
        text = pages.text(visitor(own_class, kind).get(reverse(page)))
        assert text.index("仅用于本年度新生学籍查询及核对") < text.index("身份证号后六位")
        for said in ("处理的信息", "谁能看到", "保存期限", "您的权利"):
            assert said in text
        assert f"{keeping.KEPT_DAYS} 天" in text

    def test_names_the_day_of_deletion_once_one_is_announced(self):
        days, announced = guide.guide_of({}), guide.guide_of({}, date(2027, 7, 1))
        changed = [line for line in announced.privacy if line not in days.privacy]
        assert [str(line) for line in changed] == [
            "保存期限：至公告的 2027-07-01，届时删除，仅保留不含姓名的统计数字。"
        ]
        own = {"privacy": "本校自己的告知。"}
        assert guide.guide_of(own, date(2027, 7, 1)).privacy == ("本校自己的告知。",)

    def test_is_the_campaigns_own_where_the_office_has_written_one(self, own_class):
        texts = {"privacy": "本校自己的告知。\n第二行。", "office": "行政楼202室", "phone": "0773-0000"}
        Campaign.objects.update(texts=texts)
        text = pages.text(visitor(own_class).get(reverse("class")))
        assert "本校自己的告知。 联系方式：行政楼202室 · 0773-0000" in text
        assert "180 天" not in text

    def test_its_version_and_the_time_are_recorded_with_each_identification(self, own_class, student):
        client = visitor(own_class)
        assert Identification.objects.count() == 0
        stories.identify(client, "class-identify", student)
        one = Identification.objects.get()
        assert (one.student, one.how) == (student, "number")
        assert one.notice_version == guide.notice_version({})
        assert timezone.now() - one.identified_at < timedelta(minutes=1)

    def test_a_code_counts_as_well_and_a_failure_does_not(self, own_class, student, officer):
        code = flow.issue_code(student=student, who=Who(user=officer))
        client, number = visitor(own_class), student.student_number
        client.post(reverse("class-identify"), {"student_number": number, "last_six": "000000"})
        assert Identification.objects.count() == 0
        client.post(reverse("class-identify"), {"student_number": number, "code": code})
        assert Identification.objects.get().how == "code"

    def test_another_wording_is_another_version_in_either_language_the_same(self):
        versions = [guide.notice_version(texts) for texts in ({}, {"privacy": "甲"}, {"office": "行政楼"})]
        assert len(set(versions)) == 3
        assert all(len(version) == 12 for version in versions)

    def test_asks_for_no_consent(self, own_class):
        assert b'type="checkbox"' not in visitor(own_class).get(reverse("class")).content


def test_a_monitor_sees_names_numbers_and_states_and_nothing_of_what_was_said(own_class, student):
    third = own_class.students.get(seat=3)
    stories.report(student, "major", chsi="机械工程", right="软件工程")
    stories.report(third, "id_number", chsi="990101200701019999", right="990101200701019999")
    client = visitor(own_class, "monitor")
    stories.identify(client, "monitor-identify", own_class.students.get(seat=1))
    seen = [client.get(reverse("monitor"))]
    seen += [client.get(reverse("monitor-student", args=[one.uuid])) for one in (student, third)]
    assert [response.status_code for response in seen] == [200] * 3
    text = " ".join(map(pages.text, seen))
    assert student.name in text
    assert "有误" in text
    secret = (
        "机械工程",
        "软件工程",
        "12000000001",
        "120****0001",
        "990101",
        "019999",
        student.birth_date.isoformat(),
    )
    numbers = [one.id_number[-6:] for one in own_class.students.all()]
    assert [one for one in (*secret, *numbers) if one in text] == []


class TestOnesOwnCopy:
    @pytest.fixture
    def browser(self, own_class, student, officer):
        """A student who reported an error, and at whom an officer looked."""
        client = visitor(own_class)
        stories.report(student, "major", chsi="机械工程", right="软件工程")
        drawn = {"strokes": [[10, 20, 30, 45, 60, 20]], "size": [600, 200]}
        stories.confirm(own_class.students.get(seat=3), signature=drawn)
        signed_in(officer).get(reverse("department-student", args=[student.uuid]))
        stories.identify(client, "class-identify", student)
        return client

    def test_shows_the_record_the_declaration_and_who_looked(self, browser, student):
        text = pages.text(browser.get(reverse("class-copy")))
        for held in (student.name, student.student_number, "机械工程", "软件工程", "120****0001"):
            assert held in text
        assert "系负责人 · 学生页面" in text
        assert f"告知版本 {guide.notice_version({})}" in text

    def test_hands_out_neither_the_id_number_nor_the_phone_nor_a_name_of_staff(
        self, browser, student, officer
    ):
        for response in (browser.get(reverse("class-copy")), browser.post(reverse("class-copy-file"))):
            content = response.content.decode()
            assert student.id_number not in content
            assert student.id_number[-6:] not in content
            assert "12000000001" not in content
            assert officer.username not in content

    def test_is_a_file_that_a_person_reads(self, browser, student):
        response = browser.post(reverse("class-copy-file"))
        assert response["Content-Type"] == "text/html; charset=utf-8"
        assert response["Content-Disposition"].startswith("attachment;")
        assert student.name in pages.text(response)
        assert "<link" not in response.content.decode()

    def test_holds_the_signature_as_it_was_drawn(self, own_class):
        third, client = own_class.students.get(seat=3), visitor(own_class)
        drawn = {"strokes": [[10, 20, 30, 45, 60, 20]], "size": [600, 200]}
        stories.confirm(third, signature=drawn)
        stories.identify(client, "class-identify", third)
        assert 'd="M10 20l20 25l30 -25"' in client.get(reverse("class-copy")).content.decode()

    def test_is_of_nobody_else(self, browser, own_class):
        text = pages.text(browser.get(reverse("class-copy")))
        others = own_class.students.exclude(seat=2)
        assert [one.name for one in others if one.name in text or one.student_number in text] == []

    def test_costs_the_same_however_much_there_is(
        self, browser, student, officer, django_assert_num_queries, django_assert_max_num_queries
    ):
        with django_assert_max_num_queries(25) as asked:
            browser.get(reverse("class-copy"))
        first = len(asked.captured_queries)
        client = signed_in(officer)
        for _ in range(3):
            stories.report(student, "level")
            client.get(reverse("department-student", args=[student.uuid]))
        assert first > 5
        with django_assert_num_queries(first):
            browser.get(reverse("class-copy"))


class TestTheAccessLog:
    @pytest.fixture
    def looked(self, own_class, other_class, student, officer, counsellor, office) -> dict:
        """Looks and files of every width, one after another."""
        desk, chief, reader = signed_in(office), signed_in(officer), signed_in(counsellor)
        reader.get(reverse("department-class", args=[own_class.uuid]))
        chief.get(reverse("department-student", args=[student.uuid]))
        chief.get(reverse("department-student", args=[own_class.students.get(seat=3).uuid]))
        chief.post(reverse("department-form", args=[own_class.uuid]))
        chief.post(reverse("department-forms"))
        desk.get(reverse("office-class", args=[other_class.uuid]))
        desk.post(reverse("office-form", args=[other_class.uuid]))
        desk.get(reverse("office-errors"))
        desk.post(reverse("office-status-export"))
        desk.get(reverse("office-student", args=[student.uuid]))
        return {"desk": desk}

    def test_says_who_saw_a_students_data_on_pages_and_in_files(self, looked, student):
        response = looked["desk"].get(reverse("office-student-access", args=[student.uuid]))
        rows = [tuple(row[1:]) for row in pages.tables(response)[0][1:]]
        assert rows == [
            ("office", "教务管理部", "学生的查看记录", str(student)),
            ("office", "教务管理部", "学生页面", str(student)),
            ("office", "教务管理部", "学生状态表", "2026年新生学籍查询及核对"),
            ("office", "教务管理部", "错误列表", "2026年新生学籍查询及核对"),
            ("officer", "系负责人", "登记表", "信息工程系"),
            ("officer", "系负责人", "登记表", "软件2601班"),
            ("officer", "系负责人", "学生页面", str(student)),
            ("counsellor", "辅导员", "班级页面", "软件2601班"),
        ]

    def test_says_whom_an_account_saw(self, looked, officer, student, own_class):
        response = looked["desk"].get(reverse("office-account-access", args=[officer.uuid]))
        rows = [tuple(row[1:]) for row in pages.tables(response)[0][1:]]
        assert rows == [
            ("系负责人", "登记表", "信息工程系"),
            ("系负责人", "登记表", "软件2601班"),
            ("系负责人", "学生页面", str(own_class.students.get(seat=3))),
            ("系负责人", "学生页面", str(student)),
        ]

    def test_a_role_is_the_one_of_that_time(self, looked, officer, student):
        officer.memberships.all().delete()
        log = access_log.of_user(officer)[:10]
        assert {one.role for one in log} == {"department"}

    def test_is_found_from_the_accounts_page(self, looked, officer):
        page = looked["desk"].get(reverse("office-account", args=[officer.uuid])).content.decode()
        assert f'href="{reverse("office-account-access", args=[officer.uuid])}"' in page

    def test_is_paged_at_the_same_cost(
        self, looked, student, officer, django_assert_num_queries, django_assert_max_num_queries
    ):
        url = reverse("office-student-access", args=[student.uuid])
        with django_assert_max_num_queries(13) as asked:
            looked["desk"].get(url)
        first = len(asked.captured_queries)
        AccessRecord.objects.bulk_create(
            AccessRecord(
                user=officer, role="department", view="department-student", student=student,
                class_group=student.class_group, campaign=student.campaign, seen_at=timezone.now(),
            )
            for _ in range(250)
        )  # fmt: skip
        with django_assert_num_queries(first):
            response = looked["desk"].get(url + "?page=3")
        last = len(pages.tables(response)[0]) - 1
        response = looked["desk"].get(url)
        assert len(pages.tables(response)[0]) == 101
        assert "?page=2" in pages.links(response)
        assert last == 250 + 8 + 1 - 200

    @pytest.mark.parametrize(
        ("who", "name", "view"),
        [
            ("counsellor", "department", "department"),
            ("officer", "department", "department"),
            ("office", "office", "office"),
        ],
    )
    def test_a_page_that_names_who_is_missing_is_noted_and_one_without_names_is_not(
        self, request, own_class, who, name, view
    ):
        client = signed_in(request.getfixturevalue(who))
        client.get(reverse(name))
        assert AccessRecord.objects.count() == 0
        stories.claim(own_class)
        client.get(reverse(name))
        assert list(AccessRecord.objects.values_list("view", flat=True)) == [view]

    @pytest.mark.parametrize(
        ("who", "name"), [("counsellor", "department"), ("officer", "department"), ("office", "office")]
    )
    def test_a_claim_is_of_its_class_and_of_nobody_else(self, request, own_class, other_class, who, name):
        client = signed_in(request.getfixturevalue(who))
        for _ in range(2):
            stories.claim(own_class)
        client.get(reverse(name))
        assert [access_log.of_student(one.students.first()).count() for one in (own_class, other_class)] == [
            1,
            0,
        ]

    def test_the_dashboards_refresh_shows_no_claim_and_is_no_look(self, own_class, office):
        stories.claim(own_class)
        response = signed_in(office).get(reverse("office"), headers={"HX-Request": "true"})
        assert AccessRecord.objects.count() == 0
        assert "名册漏人 " not in pages.text(response)
        assert 'id="overview"' in response.content.decode()


class TestTheAdminIsNotedToo:
    @pytest.fixture
    def browser(self, own_class) -> Client:
        """The superuser, at the admin."""
        root = factories.user("root")
        root.is_superuser = root.is_staff = True
        root.save()
        return signed_in(root)

    @pytest.fixture
    def world(self, officer, office) -> list:
        """All students: of a class that went through everything and of last year's, closed."""
        long_ago = factories.campaign("2025", state=Campaign.State.CLOSED)
        classes = [
            factories.class_group("软件2602班", students=6),
            factories.class_group("旧班", of=long_ago),
        ]
        error = stories.everything(classes[0], officer, with_hand_in=False)["error"]
        flow.settle_error(error=error, who=Who(user=office), outcome="mended", note="")
        return [one for group in classes for one in group.students.all()]

    def test_as_a_list_as_one_and_as_a_file(self, browser, student):
        browser.get(reverse("admin:rosters_student_changelist"))
        browser.get(reverse("admin:rosters_student_change", args=[student.pk]))
        browser.post(reverse("admin:rosters_student_export"), {"format": "0", "resource": "0"})
        seen = list(AccessRecord.objects.order_by("pk").values_list("role", "view", "student"))
        assert seen == [
            ("admin", "admin-students", None),
            ("admin", "admin-student", student.pk),
            ("admin", "admin-export", None),
        ]

    def test_every_page_that_names_somebody_stands_in_their_log(self, browser, world):
        """Of all lists, pages and histories of the admin."""
        opened = []
        for model in admin.site._registry:
            at = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            opened.append(reverse(f"{at}_changelist"))
            for row in model._default_manager.all():
                opened += [reverse(f"{at}_{page}", args=[row.pk]) for page in ("change", "history")]
        unnoted, named = [], 0
        for url in opened:
            before = {one.pk: access_log.of_student(one).count() for one in world}
            text = pages.text(browser.get(url))
            shown = [one for one in world if one.name in text]
            named += bool(shown)
            if any(access_log.of_student(one).count() == before[one.pk] for one in shown):
                unnoted.append(url)
        assert unnoted == []
        assert named > 2 * len(world)

    @pytest.mark.parametrize(
        ("method", "name"), [("get", "changelist"), ("post", "export")], ids=["list", "file"]
    )
    def test_what_is_of_one_campaign_is_noted_of_that_one(self, browser, world, method, name):
        last = world[-1].campaign
        url = f"{reverse(f'admin:rosters_student_{name}')}?campaign__id__exact={last.pk}"
        getattr(browser, method)(url, {"format": "0", "resource": "0"} if method == "post" else {})
        assert list(AccessRecord.objects.values_list("campaign", flat=True)) == [last.pk]

    def test_a_page_that_finds_nobody_is_no_look(self, browser, world):
        for url in (
            reverse("admin:rosters_student_changelist") + "?q=nobody",
            reverse("admin:rosters_student_changelist") + "?campaign__id__exact=none",
            reverse("admin:rosters_student_change", args=[0]),
        ):
            assert browser.get(url).status_code in (200, 302)
        assert AccessRecord.objects.count() == 0


def test_every_page_of_staff_that_names_a_student_is_noted(own_class, officer, office, student):
    """Of all pages that staff open by GET: whichever shows a student's name has left a record."""
    stories.report(student)
    stories.claim(own_class)
    names = [one.name for one in own_class.students.all()]
    unnoted = []
    for who, opened in (
        (
            officer,
            [
                ("department", []), ("department-class", [own_class.uuid]),
                ("department-student", [student.uuid]),
            ],
        ),
        (
            office,
            [
                ("office", []), ("office-class", [own_class.uuid]), ("office-student", [student.uuid]),
                ("office-department", [own_class.department.uuid]), ("office-errors", []),
                ("office-campaign", []), ("office-campaigns", []), ("office-texts", []),
                ("office-roster", []), ("office-whole-numbers", []),
                ("office-student-access", [student.uuid]), ("office-account-access", [officer.uuid]),
            ],
        ),
    ):  # fmt: skip
        client = signed_in(who)
        for name, arguments in opened:
            before = AccessRecord.objects.count()
            text = pages.text(client.get(reverse(name, args=arguments)))
            if any(one in text for one in (*names, "名册漏人 ")) and AccessRecord.objects.count() == before:
                unnoted.append(name)
    assert unnoted == []
