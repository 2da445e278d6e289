"""The identification, and the eleven answers with status, typed number and name."""

from django import forms

from .models import ANSWERS, FIELDS, Declaration


class IdentifyForm(forms.Form):
    """学号 and the last six of the ID number."""

    student_number = forms.CharField(label="学号", max_length=32)
    last_six = forms.CharField(label="身份证号后六位", max_length=6, min_length=6)


def _answer(label: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=ANSWERS, widget=forms.RadioSelect)


class DeclarationForm(forms.ModelForm):
    """A declaration of `instance.student`, who types the number and the name as the roster has them."""

    # The model's own would offer a third choice, "---------", and hide both behind a tap.
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

    class Meta:
        model = Declaration
        fields = [f"answer_{name}" for name in FIELDS] + ["status", "typed_id_number", "typed_name"]

    def clean_typed_id_number(self) -> str:
        """Refuse a number that is not the roster's."""
        typed = self.cleaned_data["typed_id_number"].strip().upper()
        if typed != self.instance.student.id_number:
            raise forms.ValidationError("与名册上的身份证号不一致。")
        return typed

    def clean_typed_name(self) -> str:
        """Refuse a name that is not the student's."""
        typed = self.cleaned_data["typed_name"].strip()
        if typed != self.instance.student.name:
            raise forms.ValidationError("请输入本人姓名。")
        return typed
