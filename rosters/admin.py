"""The roster in Django's admin: to look things up, and to export. Nothing is written there."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from import_export.admin import ExportMixin
from import_export.forms import ExportForm

from . import identity
from .models import Campaign, ClassGroup, Department, RosterChange, RosterImport, Student
from .resources import EXPORT_FORMATS, StudentResource


class ReadOnly(admin.ModelAdmin):
    """Shows, and changes nothing: only importing.py writes rosters, only the flow the process."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes."""
        return False


@admin.register(Campaign)
class CampaignAdmin(ReadOnly):
    """Campaigns by year."""

    list_display = ("slug", "university", "state", "student_deadline", "department_deadline")


@admin.register(Department)
class DepartmentAdmin(ReadOnly):
    """Departments by name."""

    list_display = ("name",)
    search_fields = ("name",)


@admin.register(ClassGroup)
class ClassGroupAdmin(ReadOnly):
    """Classes by campaign and department."""

    list_display = ("name", "department", "campaign")
    list_filter = ("campaign", "department")
    list_select_related = ("department", "campaign")
    search_fields = ("name",)


@admin.register(Student)
class StudentAdmin(ExportMixin, ReadOnly):  # type: ignore[misc]  # the stubs of both contradict each other
    """Students; the ID number masked."""

    list_display = ("student_number", "name", "class_group", "seat", "duty", "withdrawn_at")
    list_filter = ("campaign", "class_group__department")
    list_select_related = ("class_group",)
    search_fields = ("student_number", "name")
    exclude = ("id_number", "id_digest", "record_digest")
    readonly_fields = ("masked_id_number",)

    resource_classes = (StudentResource,)
    export_formats = EXPORT_FORMATS
    # The form that lets one choose columns has a script in its page, which the CSP forbids.
    export_form_class = ExportForm

    @admin.display(description="身份证号")
    def masked_id_number(self, student: Student) -> str:
        """Return the ID number without what identifies."""
        return identity.mask(student.id_number or "")


@admin.register(RosterImport)
class RosterImportAdmin(ReadOnly):
    """What was imported, when, and by whom."""

    list_display = ("file_name", "campaign", "state", "uploaded_by", "uploaded_at", "applied_at")
    list_filter = ("campaign", "state")
    exclude = ("upload",)


@admin.register(RosterChange)
class RosterChangeAdmin(ReadOnly):
    """Which field of whom was changed; the values are on the office's page of the student."""

    list_display = ("changed_at", "student", "field", "roster_import")
    list_select_related = ("student", "roster_import")
    exclude = ("old", "new")
