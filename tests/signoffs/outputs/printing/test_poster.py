"""The poster: class, link, QR code, deadline, three steps."""

from django.utils import timezone

from signoffs.entrance import links
from signoffs.models import ClassLink
from signoffs.outputs import printing
from tests import factories, printed


def test_a_poster_leads_to_the_class_by_text_and_by_code(campaign, tmp_path):
    classes = [factories.class_group(f"软件260{n}班", students=1) for n in (1, 2)]
    urls = [links.url(links.issue(one, ClassLink.Kind.STUDENT, timezone.now())) for one in classes]
    content = b"".join(printing.poster_pdf(classes))
    texts = printed.pypdf_pages(content)
    day = campaign.student_deadline
    for number, (one, url) in enumerate(zip(classes, urls, strict=True)):
        assert one.name in texts[number]
        assert url in texts[number]
        assert f"截止：{day.month}月{day.day}日" in texts[number]
        assert [texts[number].count(f"\n{step} ") for step in (1, 2, 3)] == [1, 1, 1]
        assert printed.qr_codes(content, tmp_path, page=number + 1) == [url]


def test_a_class_without_a_live_link_has_no_poster(campaign):
    class_group = factories.class_group(students=1)
    assert "没有班级链接" in printed.pypdf_pages(b"".join(printing.poster_pdf([class_group])))[0]
