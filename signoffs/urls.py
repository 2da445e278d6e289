"""The pages of the process, by who opens them: one URL, one action."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path
from django.views.i18n import set_language

from .views import (
    campaigns,
    department,
    feedback,
    monitor,
    office,
    office_files,
    public,
    roster,
    student,
)

class_pages = [
    path("", student.class_page, name="class"),
    path("identify/", student.identify, name="class-identify"),
    path("guide/", student.guide_page, name="class-guide"),
    path("record/", student.record, name="class-record"),
    path("record/paste/", student.paste, name="class-paste"),
    path("receipt/", student.receipt, name="class-receipt"),
    path("not-me/", student.withdraw, name="class-withdraw"),
    path("contest/", student.contest, name="class-contest"),
    path("not-listed/", student.claim, name="class-claim"),
    path("leave/", student.leave, name="class-leave"),
]

monitor_pages = [
    path("", monitor.grid, name="monitor"),
    path("identify/", monitor.identify, name="monitor-identify"),
    path("student/<uuid:uuid>/", monitor.student, name="monitor-student"),
    path("student/<uuid:uuid>/excuse/", monitor.excuse, name="monitor-excuse"),
    path("student/<uuid:uuid>/lift-excuse/", monitor.lift_excuse, name="monitor-lift-excuse"),
    path("student/<uuid:uuid>/paper/", monitor.paper, name="monitor-paper"),
    path("overdue/", monitor.overdue, name="monitor-overdue"),
    path("submit/", monitor.submit, name="monitor-submit"),
    path("leave/", monitor.leave, name="monitor-leave"),
]

department_pages = [
    path("", department.overview, name="department"),
    path("class/<uuid:uuid>/", department.class_page, name="department-class"),
    path("class/<uuid:uuid>/rotate/", department.rotate, name="department-rotate"),
    path("class/<uuid:uuid>/poster/", department.poster, name="department-poster"),
    path("class/<uuid:uuid>/form/", department.form, name="department-form"),
    path("student/<uuid:uuid>/", department.student, name="department-student"),
    path("student/<uuid:uuid>/code/", department.code, name="department-code"),
    path("student/<uuid:uuid>/monitor/", department.name_monitor, name="department-name-monitor"),
    path("sheets/accept/", department.accept_many, name="department-accept-many"),
    path("sheets/return/", department.return_many, name="department-return-many"),
    path("hand-in/print/", department.print_hand_in, name="department-hand-in-print"),
    path("sheet/<uuid:uuid>/accept/", department.accept, name="department-accept"),
    path("sheet/<uuid:uuid>/return/", department.return_sheet, name="department-return"),
    path("declaration/<uuid:uuid>/countersign/", department.countersign, name="department-countersign"),
    path("hand-in/", department.hand_in, name="department-hand-in"),
    path("posters/", department.posters, name="department-posters"),
    path("forms/", department.forms, name="department-forms"),
]

office_pages = [
    path("", office.dashboard, name="office"),
    path("department/<uuid:uuid>/", office.department, name="office-department"),
    path("class/<uuid:uuid>/", office.class_page, name="office-class"),
    path("class/<uuid:uuid>/form/", office_files.form, name="office-form"),
    path("student/<uuid:uuid>/", office.student, name="office-student"),
    path("student/<uuid:uuid>/withdraw/", office.withdraw, name="office-withdraw"),
    path("errors/", feedback.errors, name="office-errors"),
    path("errors/export/", feedback.errors_export, name="office-errors-export"),
    path("status/export/", office_files.status_export, name="office-status-export"),
    path("summary/export/", office_files.summary_export, name="office-summary-export"),
    path("error/<uuid:uuid>/settle/", feedback.settle, name="office-settle"),
    path("not-listed/<uuid:uuid>/settle/", feedback.settle_claim, name="office-settle-claim"),
    path("roster/", roster.upload, name="office-roster"),
    path("roster/<uuid:uuid>/", roster.preview, name="office-roster-preview"),
    path("roster/<uuid:uuid>/mapping/", roster.mapping, name="office-roster-mapping"),
    path("roster/<uuid:uuid>/marked/", roster.marked, name="office-roster-marked"),
    path("roster/<uuid:uuid>/drop/", roster.drop, name="office-roster-drop"),
    path("roster/<uuid:uuid>/confirm/", roster.confirm, name="office-roster-confirm"),
    path("hand-in/<uuid:uuid>/print/", office.print_hand_in, name="office-hand-in-print"),
    path("hand-in/<uuid:uuid>/receive/", office.receive, name="office-receive"),
    path("hand-in/<uuid:uuid>/reopen/", office.reopen, name="office-reopen"),
    path("campaigns/", campaigns.campaigns, name="office-campaigns"),
    path("campaigns/<slug:slug>/open/", campaigns.open_campaign, name="office-campaign-open"),
    path("campaigns/<slug:slug>/choose/", campaigns.choose_campaign, name="office-campaign-choose"),
    path("campaign/", campaigns.campaign, name="office-campaign"),
    path("campaign/texts/", campaigns.texts, name="office-texts"),
    path("campaign/close/", campaigns.close_campaign, name="office-campaign-close"),
    path("forms/", office_files.forms, name="office-forms"),
    path("posters/", office_files.posters, name="office-posters"),
]

urlpatterns = [
    path("", public.home, name="home"),
    path("c/<str:token>/", public.class_link, name="class-link"),
    path("class/", include(class_pages)),
    path("m/<str:token>/", public.monitor_link, name="monitor-link"),
    path("monitor/", include(monitor_pages)),
    path("department/", include(department_pages)),
    path("office/", include(office_pages)),
    path("verify/<slug:code>/", public.verify, name="verify"),
    path("sign-in/", LoginView.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("language/", set_language, name="set-language"),
    path("healthz", public.healthz, name="healthz"),
]
