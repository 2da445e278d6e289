"""The admin, for the IT person: accounts and the process to read, never to change; no personal data."""

from collections.abc import Iterable
from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from import_export.formats.base_formats import Format

from rosters.admin import ReadOnly, RosterChangeAdmin, StudentAdmin
from rosters.models import Campaign, RosterChange, Student

from . import access
from .models import AccessRecord, ClassSheet, Event, HandIn, User

# As what an account is in the admin (access_log's `role`).
ADMIN = "admin"

# What the libraries show of themselves would be a second way to change an account, without an event.
for model in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession, Group):
    admin.site.unregister(model)


@admin.register(User)
class StaffAdmin(ReadOnly):
    """Accounts, to look at; they are made and changed on the office's page of accounts."""

    list_display = ["username", "first_name", "last_name", "is_active", "is_superuser", "last_login"]
    list_filter = ["is_active", "memberships__role"]
    search_fields = ["username", "first_name", "last_name"]
    fields = ["username", "first_name", "last_name", "email", "is_active", "is_superuser", "last_login"]


def _record_campaigns(request: HttpRequest, view: str, campaigns: Iterable[Any]) -> None:
    """Note that the admin shows students of these campaigns, by their keys."""
    for campaign in Campaign.objects.filter(pk__in=campaigns):
        access.record_view(access.Desk(user=cast(User, request.user), role=ADMIN, campaign=campaign), view)


class Logged(ReadOnly):
    """Pages that name students: who looks is noted, before the page is made."""

    def student_of(self, row: Any) -> Student:
        """Return the student whom a row of this model names."""
        return row

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list: of a whole campaign for each that is on this page of it."""
        response = super().changelist_view(request, extra_context)
        # Without a list it leads elsewhere, as after a filter that is none.
        found = getattr(response, "context_data", {}).get("cl")
        if found is not None:
            campaigns = {self.student_of(row).campaign_id for row in found.result_list}
            _record_campaigns(request, "admin-students", campaigns)
        return response

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one."""
        response = super().changeform_view(request, object_id, form_url, extra_context)
        self._record_one(request, object_id)
        return response

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what the admin has changed of one: nothing, under the name."""
        response = super().history_view(request, object_id, extra_context)
        self._record_one(request, object_id)
        return response

    def _record_one(self, request: HttpRequest, object_id: str | None) -> None:
        found = self.get_object(request, unquote(object_id or ""))
        if found is not None:
            student = self.student_of(found)
            desk = access.Desk(user=cast(User, request.user), role=ADMIN, campaign=student.campaign)
            access.record_view(desk, "admin-student", class_group=student.class_group, student=student)


admin.site.unregister([Student, RosterChange])


@admin.register(Student)
class LoggedStudentAdmin(Logged, StudentAdmin):  # type: ignore[misc]  # as StudentAdmin
    """The roster's students."""

    def get_export_data(
        self, file_format: Format, request: HttpRequest, queryset: QuerySet[Student], **kwargs: Any
    ) -> str | bytes:
        """Make the file, noted before it is made."""
        _record_campaigns(request, "admin-export", queryset.order_by().values("campaign"))
        return super().get_export_data(file_format, request, queryset, **kwargs)


@admin.register(RosterChange)
class LoggedRosterChangeAdmin(Logged, RosterChangeAdmin):
    """Which field of whom was changed."""

    def student_of(self, row: Any) -> Student:
        """Return whom the change is about."""
        return row.student


@admin.register(Event)
class EventAdmin(ReadOnly):
    """Who did what, when; the payloads stay sealed."""

    list_display = ["happened_at", "verb", "chain", "position", "user"]
    list_filter = ["verb"]
    list_select_related = ["chain__class_group", "chain__department", "chain__campaign", "user"]
    date_hierarchy = "happened_at"
    fields = ["chain", "position", "verb", "happened_at", "user", "link"]


@admin.register(ClassSheet)
class ClassSheetAdmin(ReadOnly):
    """The sheets, without their rows and signatures."""

    list_display = ["class_group", "version", "state", "submitted_at", "digest"]
    list_filter = ["state"]
    list_select_related = ["class_group"]
    fields = ["class_group", "version", "state", "counts", "digest", "submitted_at", "chain_head"]


@admin.register(HandIn)
class HandInAdmin(ReadOnly):
    """The departments' hand-ins."""

    list_display = ["department", "campaign", "version", "state", "late"]
    list_filter = ["state", "campaign"]
    fields = ["department", "campaign", "version", "state", "late", "chain_head", "received_at"]


@admin.register(AccessRecord)
class AccessRecordAdmin(ReadOnly):
    """Who looked where; whose data it was is on the office's pages."""

    list_display = ["seen_at", "user", "role", "view", "class_group"]
    list_filter = ["view"]
    list_select_related = ["user", "class_group"]
    date_hierarchy = "seen_at"
    fields = ["seen_at", "user", "view", "class_group"]
