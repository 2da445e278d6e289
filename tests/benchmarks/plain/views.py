"""The four pages: the class, the identification, the record, the receipt."""

from functools import wraps

from django.contrib import messages
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from .forms import DeclarationForm, IdentifyForm
from .models import FIELDS, AuditEntry, ClassGroup, Declaration, Student


def class_page(request, token):
    """Show the class and the identification."""
    class_group = get_object_or_404(ClassGroup, token=token)
    request.session["class_group"] = class_group.pk
    return render(request, "plain/class.html", {"class_group": class_group, "form": IdentifyForm()})


@require_POST
def identify(request):
    """Compare 学号 and last six; then to the record."""
    class_group = request.session.get("class_group")
    form = IdentifyForm(request.POST)
    if form.is_valid():
        number = form.cleaned_data["student_number"]
        student = Student.objects.filter(class_group=class_group, student_number=number).first()
        if student and student.id_number[-6:] == form.cleaned_data["last_six"].upper():
            request.session["student"] = student.pk
            return redirect("record")
        form.add_error(None, "学号与身份证号后六位不符。")
    context = {"class_group": get_object_or_404(ClassGroup, pk=class_group), "form": form}
    return render(request, "plain/class.html", context)


def for_student(view):
    """Give a view the student whom the session has identified; without one, go to the front page."""

    @wraps(view)
    def wrapped(request):
        students = Student.objects.select_related("class_group", "declaration")
        student = students.filter(pk=request.session.get("student")).first()
        return view(request, student) if student else redirect("home")

    return wrapped


@for_student
def record(request, student):
    """Show the record with an answer to each field, or store the answers; then to the receipt."""
    if hasattr(student, "declaration"):
        return redirect("receipt")
    form = DeclarationForm(request.POST or None, instance=Declaration(student=student))
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            AuditEntry.objects.create(
                student=student, action="declared", address=request.META.get("REMOTE_ADDR")
            )
        messages.success(request, "提交成功，谢谢。")
        return redirect("receipt")
    rows = [(getattr(student, name), form[f"answer_{name}"]) for name in FIELDS]
    rest = [form[name] for name in ("status", "typed_id_number", "typed_name")]
    context = {
        "student": student,
        "class_group": student.class_group,
        "form": form,
        "rows": rows,
        "rest": rest,
    }
    return render(request, "plain/record.html", context)


@for_student
def receipt(request, student):
    """Show what was declared."""
    if not hasattr(student, "declaration"):
        return redirect("record")
    context = {
        "student": student,
        "class_group": student.class_group,
        "declaration": student.declaration,
    }
    return render(request, "plain/receipt.html", context)


@require_POST
def leave(request):
    """End the visit."""
    request.session.flush()
    return redirect("home")


def home(request):
    """Say that the class's link is needed."""
    return render(request, "plain/home.html")
