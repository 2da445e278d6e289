"""The roster as it was imported, one declaration a student, and an audit log."""

from django.db import models

FIELDS = (
    "name",
    "sex",
    "ethnicity",
    "birth_date",
    "id_number",
    "student_number",
    "department_name",
    "major",
    "class_name",
    "level",
    "duration",
)
ANSWERS = [("ok", "无误"), ("wrong", "有误")]
STATUSES = [
    (status, status)
    for status in (
        "在籍（注册学籍）",
        "在籍（暂缓注册）",
        "在籍（休学）",
        "在籍（保留学籍）",
        "不在籍（保留入学资格）",
        "不在籍（放弃入学资格）",
        "不在籍（取消入学资格）",
        "不在籍（退学）",
        "其他",
    )
]


class ClassGroup(models.Model):
    """A class, with the token of its link."""

    name = models.CharField("班级", max_length=80)
    token = models.CharField(max_length=64, unique=True)

    def __str__(self):
        return self.name


class Student(models.Model):
    """A row of the roster."""

    class_group = models.ForeignKey(ClassGroup, on_delete=models.PROTECT, related_name="students")
    name = models.CharField("姓名", max_length=80)
    sex = models.CharField("性别", max_length=4)
    ethnicity = models.CharField("民族", max_length=40)
    birth_date = models.DateField("出生日期")
    id_number = models.CharField("身份证号", max_length=20)
    student_number = models.CharField("学号", max_length=32, unique=True)
    department_name = models.CharField("系部", max_length=80)
    major = models.CharField("专业名称", max_length=120)
    class_name = models.CharField("班级", max_length=80)
    level = models.CharField("层次", max_length=30)
    duration = models.CharField("学制", max_length=10)

    def __str__(self):
        return self.name


def _answer(label: str) -> models.CharField:
    return models.CharField(label, max_length=5, choices=ANSWERS)


class Declaration(models.Model):
    """What a student answered, and signed by name."""

    student = models.OneToOneField(Student, on_delete=models.PROTECT)
    answer_name = _answer("姓名")
    answer_sex = _answer("性别")
    answer_ethnicity = _answer("民族")
    answer_birth_date = _answer("出生日期")
    answer_id_number = _answer("身份证号")
    answer_student_number = _answer("学号")
    answer_department_name = _answer("系部")
    answer_major = _answer("专业名称")
    answer_class_name = _answer("班级")
    answer_level = _answer("层次")
    answer_duration = _answer("学制")
    status = models.CharField("学籍状态", max_length=30, choices=STATUSES)
    typed_id_number = models.CharField("学信网显示的身份证号", max_length=20)
    typed_name = models.CharField("本人签名（输入姓名）", max_length=80)
    declared_at = models.DateTimeField(auto_now_add=True)

    def __str__(self):
        return f"{self.student_id}"

    @property
    def is_all_right(self) -> bool:
        """Whether every answer is 无误."""
        return all(getattr(self, f"answer_{name}") == "ok" for name in FIELDS)


class AuditEntry(models.Model):
    """Who did what, when, from where."""

    student = models.ForeignKey(Student, on_delete=models.PROTECT)
    action = models.CharField(max_length=30)
    address = models.GenericIPAddressField(null=True)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self):
        return self.action
