"""The invented university: 12 departments, 60 classes, 3,000 students, as the workbook an office would send.

Nobody in it exists: the ID numbers begin with 990101, which is no region of GB/T 2260. The same seed makes
the same people.
"""

import io
from datetime import date, timedelta
from random import Random

from openpyxl import Workbook

from rosters import identity

UNIVERSITY = "云麓理工大学"
NO_REGION = "990101"
CLASS_SIZES = (50, 48, 52, 47, 53)

# Department: (short name in class names, major, level, duration in years).
DEPARTMENTS = {
    "信息工程系": ("软件", "软件工程（卓越班）", "本科", "4"),
    "机械工程系": ("机械", "机械设计制造及其自动化", "本科", "4"),
    "土木工程系": ("土木", "土木工程", "本科", "4"),
    "测绘地理系": ("测绘", "测绘工程", "本科", "4"),
    "环境工程系": ("环境", "环境工程", "本科", "4"),
    "材料化学系": ("材料", "材料科学与工程", "本科", "4"),
    "经济管理系": ("会计", "会计学（注册会计师方向）", "本科", "4"),
    "外国语言系": ("英语", "英语（师范）", "本科", "4"),
    "艺术设计系": ("视传", "视觉传达设计", "本科", "4"),
    "旅游管理系": ("旅管", "旅游管理", "专科（高职）", "3"),
    "护理学系": ("护理", "护理学", "专科（高职）", "3"),
    "体育教育系": ("体教", "体育教育", "本科", "4"),
}

SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕"
GIVEN_FIRST = "子梓浩宇雨思欣俊佳文明晓志嘉一可诗若安博天泽昊语心怡承景亦书知云"
GIVEN_SECOND = "涵轩然桐琪萱鸣杰怡文宇彤瑶辰睿航远宁菲雯妍楠哲阳峰霖婷薇岚颖清川舟禾"
# Names that break software: rare hanzi, beyond the BMP too, and the dot of minority names.
SPECIAL_NAMES = (
    ("王䶮", "汉族"),
    ("张𠮷祥", "汉族"),
    ("李㛃", "汉族"),
    ("欧阳𬭎", "汉族"),
    ("阿依古丽·买买提", "维吾尔族"),
    ("古丽扎尔·阿不都热依木", "维吾尔族"),
    ("扎西·次仁多吉", "藏族"),
    ("木合塔尔·艾合买提江", "维吾尔族"),
    ("那日苏", "蒙古族"),
    ("诺敏·巴特尔", "蒙古族"),
)
ETHNIC_GROUPS = ("汉族",) * 20 + ("壮族", "壮族", "瑶族", "苗族", "侗族", "回族", "土家族", "满族")

HEADINGS = (
    "序号",
    "系部",
    "专业名称",
    "班级",
    "学号",
    "姓名",
    "性别",
    "民族",
    "出生日期",
    "身份证号",
    "层次",
    "学制",
    "职务",
)


def invent_id_number(born: date, serial: int) -> str:
    """Return an ID number that nobody has (GB 11643): an odd serial is a man's."""
    first17 = f"{NO_REGION}{born:%Y%m%d}{serial % 1000:03d}"
    return first17 + identity.check_digit(first17)


def rows(cohort: int, seed: int = 22) -> list[tuple[str, ...]]:
    """Return the roster's rows, without the heading, for students who began in that year."""
    random = Random(seed)  # noqa: S311 - invented people, no secret
    special = list(SPECIAL_NAMES)
    made: list[tuple[str, ...]] = []
    for department, (short, major, level, duration) in DEPARTMENTS.items():
        for number, size in enumerate(CLASS_SIZES, start=1):
            class_name = f"{short}{cohort % 100}{number:02d}班"
            for seat in range(1, size + 1):
                serial = len(made) + 1
                given = random.choice(GIVEN_FIRST) + random.choice(("", random.choice(GIVEN_SECOND)))
                name, ethnicity = random.choice(SURNAMES) + given, random.choice(ETHNIC_GROUPS)
                if special and serial % 37 == 0:
                    name, ethnicity = special.pop(0)
                born = date(cohort - 19, 9, 1) + timedelta(days=random.randrange(540))
                made.append(
                    (
                        str(seat),
                        department,
                        major,
                        class_name,
                        f"{cohort}{serial:06d}",
                        name,
                        "男" if serial % 2 else "女",
                        ethnicity,
                        born.isoformat(),
                        invent_id_number(born, serial),
                        level,
                        duration,
                        {1: "班长", 2: "学习委员"}.get(seat, ""),
                    )
                )
    return made


def workbook(cohort: int) -> bytes:
    """Return the roster as an xlsx file, the ID numbers as text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("名册")
    sheet.append((f"{UNIVERSITY}{cohort}级新生名册",))
    sheet.append(HEADINGS)
    for row in rows(cohort):
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
