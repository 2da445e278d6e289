"""The poster of a class: its link as text and as a QR code, the deadline, three steps. One A4 page each."""

from collections.abc import Iterable, Iterator

from rosters.models import ClassGroup

from ...entrance import links
from ...models import ClassLink
from .fonts import BOLD
from .pen import FAINT, HEIGHT, WIDTH, Box, Pen

LEFT, RIGHT = 60.0, WIDTH - 60.0
QR = 260.0
STEPS = (
    "登录学信网（www.chsi.com.cn），进入学信档案，查看学籍信息",
    "扫码或打开链接，用学号和身份证号后六位登录",
    "逐项核对十一项信息和学籍状态，签名；有误则填写正确内容",
)


def poster_pdf(class_groups: Iterable[ClassGroup]) -> Iterator[bytes]:
    """Return one PDF, piece by piece, with a page for each class that has a live link."""
    classes = list(class_groups)
    live = {
        link.class_group_id: link
        for link in ClassLink.objects.filter(
            class_group__in=classes, kind=ClassLink.Kind.STUDENT, revoked_at=None
        )
    }
    linked = [one for one in classes if one.pk in live]
    pen = Pen("新生学籍查询及核对")
    return pen.streamed(_pages(pen, linked, live), len(linked))


def _pages(pen: Pen, classes: list[ClassGroup], live: dict[int, ClassLink]) -> Iterator[None]:
    for class_group in classes:
        _page(pen, class_group, links.url(live[class_group.pk]))
        yield
    if not classes:
        pen.text(LEFT, HEIGHT - 100, "没有班级链接", 12)
        pen.canvas.showPage()


def _page(pen: Pen, class_group: ClassGroup, url: str) -> None:
    campaign = class_group.campaign
    key = str(class_group.uuid)
    pen.canvas.bookmarkPage(key)
    pen.canvas.addOutlineEntry(str(class_group), key)
    whole = RIGHT - LEFT
    if campaign.university:
        pen.centred(Box(LEFT, HEIGHT - 92, whole, 20), campaign.university, 14, colour=FAINT)
    pen.centred(Box(LEFT, HEIGHT - 138, whole, 34), str(campaign), 26, BOLD)
    pen.centred(Box(LEFT, HEIGHT - 196, whole, 40), str(class_group), 30, BOLD)
    pen.qr(Box((WIDTH - QR) / 2, HEIGHT - 480, QR, QR), url)
    pen.centred(Box(LEFT, HEIGHT - 512, whole, 16), url, 12)
    day = class_group.student_deadline
    pen.centred(Box(LEFT, HEIGHT - 566, whole, 30), f"截止：{day.month}月{day.day}日 24:00", 22, BOLD)
    y = HEIGHT - 616
    for number, step in enumerate(STEPS, start=1):
        pen.text(LEFT + 20, y, f"{number}", 14, BOLD)
        pen.text(LEFT + 44, y, step, pen.fitting(step, whole - 60, 13))
        y -= 30
    note = "不要把链接发到班级以外；没有本人信息的，在页面上点“名册漏人”。"
    pen.centred(Box(LEFT, 70, whole, 14), note, 10, colour=FAINT)
    pen.canvas.showPage()
