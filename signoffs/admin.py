"""The admin, for the IT person: accounts and the process to read, never to change; no personal data."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group

from rosters.admin import RosterChangeAdmin, StudentAdmin
from rosters.models import RosterChange, Student

from . import access
from .models import AccessRecord, ClassSheet, Event, HandIn, User

# As what an account is in the admin (access_log's `role`).
ADMIN = "admin"

# What the libraries show of themselves would be a second way to change an account, without an event.
for model in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession, Group):
    admin.site.unregister(model)


class ReadOnlyAdmin(admin.ModelAdmin):
    """To look at: only the flow writes."""

    def has_add_permission(self, request, obj=None):
        """Nobody adds here."""
        return False

    def has_change_permission(self, request, obj=None):
        """Nobody changes here."""
        return False

    def has_delete_permission(self, request, obj=None):
        """Nobody deletes here."""
        return False


@admin.register(User)
class StaffAdmin(ReadOnlyAdmin):
    """Accounts, to look at; they are made and changed on the office's page of accounts."""

    list_display = ["username", "first_name", "last_name", "is_active", "is_superuser", "last_login"]
    list_filter = ["is_active", "memberships__role"]
    search_fields = ["username", "first_name", "last_name"]
    fields = ["username", "first_name", "last_name", "email", "is_active", "is_superuser", "last_login"]


def _record(request, view: str, student: Student | None = None) -> None:
    """Note that the admin has shown personal data."""
    desk = access.Desk(
        request.user, ADMIN, campaign=student.campaign if student else access.current_campaign()
    )
    access.record_view(desk, view, student=student, class_group=student and student.class_group)


class Logged:
    """A list that shows students: who looks is noted, and so is who exports."""

    def changelist_view(self, request, extra_context=None):
        """Show the list."""
        _record(request, "admin-students")
        return super().changelist_view(request, extra_context)

    def get_export_data(self, file_format, request, queryset, **kwargs):
        """Make the file, noted before it is made."""
        _record(request, "admin-export")
        return super().get_export_data(file_format, request, queryset, **kwargs)


admin.site.unregister([Student, RosterChange])


@admin.register(Student)
class LoggedStudentAdmin(Logged, StudentAdmin):
    """The roster's students."""

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show one."""
        found = self.get_object(request, object_id)
        if found is not None:
            _record(request, "admin-student", found)
        return super().change_view(request, object_id, form_url, extra_context)


@admin.register(RosterChange)
class LoggedRosterChangeAdmin(Logged, RosterChangeAdmin):
    """Which field of whom was changed."""


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """Who did what, when; the payloads stay sealed."""

    list_display = ["happened_at", "verb", "chain", "position", "user"]
    list_filter = ["verb"]
    list_select_related = ["chain__class_group", "chain__department", "chain__campaign", "user"]
    date_hierarchy = "happened_at"
    fields = ["chain", "position", "verb", "happened_at", "user", "link"]


@admin.register(ClassSheet)
class ClassSheetAdmin(ReadOnlyAdmin):
    """The sheets, without their rows and signatures."""

    list_display = ["class_group", "version", "state", "submitted_at", "digest"]
    list_filter = ["state"]
    list_select_related = ["class_group"]
    fields = ["class_group", "version", "state", "counts", "digest", "submitted_at", "chain_head"]


@admin.register(HandIn)
class HandInAdmin(ReadOnlyAdmin):
    """The departments' hand-ins."""

    list_display = ["department", "campaign", "version", "state", "late"]
    list_filter = ["state", "campaign"]
    fields = ["department", "campaign", "version", "state", "late", "chain_head", "received_at"]


@admin.register(AccessRecord)
class AccessRecordAdmin(ReadOnlyAdmin):
    """Who looked where; whose data it was is on the office's pages."""

    list_display = ["seen_at", "user", "role", "view", "class_group"]
    list_filter = ["view"]
    list_select_related = ["user", "class_group"]
    date_hierarchy = "seen_at"
    fields = ["seen_at", "user", "view", "class_group"]
