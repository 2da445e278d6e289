"""What anybody may open: where to go, a print's record, the server's health, the language."""

import shutil
from collections import namedtuple

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from signoffs import flow
from signoffs.entrance import links
from signoffs.queries.actors import Who
from signoffs.upkeep import health, readiness
from signoffs.upkeep.readiness import Readiness
from tests import factories, pages, stories


@pytest.fixture
def sheet(campaign, own_class, officer):
    """A submitted sheet."""
    for student in own_class.students.all():
        stories.confirm(student)
    return stories.submit(own_class, own_class.students.get(seat=1))


def test_home_tells_students_and_staff_where_to_go(db):
    text = pages.text(Client().get("/"))
    assert "我是学生" in text
    assert "我是教职工" in text


@pytest.mark.parametrize(
    "who, where", [("office", "/office/"), ("officer", "/department/"), ("counsellor", "/department/")]
)
def test_home_leads_staff_to_their_desk(request, who, where):
    client = Client()
    client.force_login(request.getfixturevalue(who))
    assert client.get("/").url == where


class TestVerify:
    def test_the_current_version_is_told_without_personal_data(self, sheet, own_class):
        response = Client().get(reverse("verify", args=[sheet.verify_code]))
        text = pages.text(response)
        assert "是，这是最新版本" in text
        assert sheet.digest in text
        assert not any(student.name in text for student in own_class.students.all())

    def test_staff_of_the_department_see_its_counts(self, sheet, officer, other_class):
        url = reverse("verify", args=[sheet.verify_code])
        client = Client()
        client.force_login(officer)
        assert "3 · 已签 3 · 有误 0" in pages.text(client.get(url))
        stranger = factories.user("stranger", role="department", in_department=other_class.department)
        client.force_login(stranger)
        assert "已签" not in pages.text(client.get(url))

    def test_an_old_version_names_the_one_that_replaced_it(self, sheet, own_class, officer):
        flow.return_sheet(sheet=sheet, who=Who(user=officer), reason="再看")
        stories.submit(own_class, own_class.students.get(seat=1))
        text = pages.text(Client().get(reverse("verify", args=[sheet.verify_code])))
        assert "否，已由第 2 版取代" in text

    def test_a_code_of_no_print_is_404_and_a_sentence(self, db):
        response = Client().get(reverse("verify", args=["NOSUCHCODE"]))
        assert response.status_code == 404
        assert "没有这张登记表" in pages.text(response)


class TestHealth:
    @pytest.fixture(params=["/readyz", "/healthz"])
    def address(self, request) -> str:
        return request.param

    @pytest.fixture
    def probe(self, transactional_db, tmp_path, monkeypatch) -> None:
        """A probe of the test's own, which knows of none before."""
        monkeypatch.setattr(readiness, "node", Readiness(tmp_path / "readiness", health.ailments))

    def test_a_process_that_answers_lives_and_asks_no_database(self):
        response = Client().get("/livez")
        assert (response.status_code, response.content) == (200, b"ok\n")

    def test_all_is_well(self, probe, address):
        response = Client().get(address)
        assert (response.status_code, response.content) == (200, b"ok\n")

    def test_a_full_disk_is_503(self, probe, address, monkeypatch):
        usage = namedtuple("usage", "total used free")
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, health.DISK_NEEDED - 1))
        response = Client().get(address)
        assert (response.status_code, response.content) == (503, b"the disk is nearly full\n")


class TestLanguage:
    def test_chinese_is_the_default_whatever_the_browser_says(self, db):
        assert "我是学生" in pages.text(Client().get("/", headers={"accept-language": "en"}))

    def test_english_can_be_chosen_and_stays(self, db):
        client = Client()
        client.post(reverse("set-language"), {"language": "en", "next": "/"})
        assert "I am a student" in pages.text(client.get("/"))

    def test_official_labels_stay_chinese_with_a_gloss(self, own_class):
        client = Client()
        client.post(reverse("set-language"), {"language": "en", "next": "/"})
        client.get(f"/c/{links.issue(own_class, 'student', timezone.now()).token}/")
        stories.identify(client, "class-identify", own_class.students.get(seat=2))
        text = pages.text(client.get(reverse("class-record")))
        assert "专业名称 (major)" in text
        assert "无误 (right)" in text


class TestWhatIsNotThere:
    def test_404_is_a_page_of_ours(self, db):
        response = Client().get("/no/such/page/")
        assert response.status_code == 404
        assert "这里没有内容" in pages.text(response)

    def test_an_expired_form_is_a_page_of_ours(self, db):
        client = Client(enforce_csrf_checks=True)
        response = client.post(reverse("sign-in"), {})
        assert response.status_code == 403
        assert "页面已过期" in pages.text(response)

    def test_a_wrong_password_says_so(self, office):
        response = Client().post(reverse("sign-in"), {"username": "office", "password": "wrong"})
        assert response.status_code in (200, 422)
        assert pages.text(response).count("密码") > 0


def test_every_page_has_a_strict_policy(db):
    policy = Client().get("/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert Client().get("/")["X-Frame-Options"] == "DENY"
