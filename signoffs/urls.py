"""The pages of the process, by who opens them: one URL, one action."""

from django.contrib.auth.views import LogoutView
from django.urls import include, path
from django.views.i18n import set_language

from .views import account, department, monitor, public, student
from .views.office import (
    access_log,
    accounts,
    archive,
    campaigns,
    dashboard,
    files,
    reports,
    roster,
    whole_numbers,
)

class_pages = [
    path("", student.class_page, name="class"),
    path("identify/", student.identify, name="class-identify"),
    path("guide/", student.guide_page, name="class-guide"),
    path("record/", student.record, name="class-record"),
    path("record/paste/", student.paste, name="class-paste"),
    path("receipt/", student.receipt, name="class-receipt"),
    path("my-data/", student.copy, name="class-copy"),
    path("my-data/file/", student.copy_file, name="class-copy-file"),
    path("not-me/", student.withdraw, name="class-withdraw"),
    path("contest/", student.contest, name="class-contest"),
    path("not-listed/", student.claim, name="class-claim"),
    path("errors/", student.errors, name="class-errors"),
    path("errors/<uuid:uuid>/looked-again/", student.look_again, name="class-looked-again"),
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
    path("", dashboard.dashboard, name="office"),
    path("department/<uuid:uuid>/", dashboard.department, name="office-department"),
    path("class/<uuid:uuid>/", dashboard.class_page, name="office-class"),
    path("class/<uuid:uuid>/form/", files.form, name="office-form"),
    path("student/<uuid:uuid>/", dashboard.student, name="office-student"),
    path("student/<uuid:uuid>/access/", access_log.of_student, name="office-student-access"),
    path("access/<uuid:uuid>/", access_log.of_account, name="office-account-access"),
    path("student/<uuid:uuid>/withdraw/", dashboard.withdraw, name="office-withdraw"),
    path("errors/", reports.reports, name="office-errors"),
    path("errors/export/", reports.reports_export, name="office-errors-export"),
    path("status/export/", files.status_export, name="office-status-export"),
    path("summary/export/", files.summary_export, name="office-summary-export"),
    path("whole-numbers/", whole_numbers.whole_numbers, name="office-whole-numbers"),
    path("error/<uuid:uuid>/number/", reports.number, name="office-number"),
    path("error/<uuid:uuid>/settle/", reports.settle, name="office-settle"),
    path("not-listed/<uuid:uuid>/settle/", reports.settle_claim, name="office-settle-claim"),
    path("roster/", roster.upload, name="office-roster"),
    path("roster/class/<uuid:uuid>/remove/", roster.remove_class, name="office-remove-class"),
    path("roster/template/", roster.template, name="office-roster-template"),
    path("roster/<uuid:uuid>/", roster.preview, name="office-roster-preview"),
    path("roster/<uuid:uuid>/mapping/", roster.mapping, name="office-roster-mapping"),
    path("roster/<uuid:uuid>/marked/", roster.marked, name="office-roster-marked"),
    path("roster/<uuid:uuid>/drop/", roster.drop, name="office-roster-drop"),
    path("roster/<uuid:uuid>/confirm/", roster.confirm, name="office-roster-confirm"),
    path("hand-in/<uuid:uuid>/print/", files.print_hand_in, name="office-hand-in-print"),
    path("hand-in/<uuid:uuid>/receive/", dashboard.receive, name="office-receive"),
    path("hand-in/<uuid:uuid>/reopen/", dashboard.reopen, name="office-reopen"),
    path("campaigns/", campaigns.campaigns, name="office-campaigns"),
    path("campaigns/<slug:slug>/open/", campaigns.open_campaign, name="office-campaign-open"),
    path("campaigns/<slug:slug>/choose/", campaigns.choose_campaign, name="office-campaign-choose"),
    path("campaign/", campaigns.campaign, name="office-campaign"),
    path("campaign/deadlines/", campaigns.own_deadlines, name="office-deadlines-own"),
    path("campaign/deadlines/take-back/", campaigns.take_back_deadlines, name="office-deadlines-take-back"),
    path("campaign/university/", campaigns.university, name="office-university"),
    path("campaign/reopen/", campaigns.reopen_campaign, name="office-campaign-reopen"),
    path("campaign/texts/", campaigns.texts, name="office-texts"),
    path("campaign/close/", campaigns.close_campaign, name="office-campaign-close"),
    path("archive/", archive.archive, name="office-archive"),
    path("campaign/purge/", campaigns.announce_purge, name="office-purge-announce"),
    path("forms/", files.forms, name="office-forms"),
    path("posters/", files.posters, name="office-posters"),
    path("accounts/", accounts.accounts, name="office-accounts"),
    path("accounts/new/", accounts.add, name="office-account-add"),
    path("accounts/second-factor/", accounts.second_factor_rule, name="office-second-factor"),
    path("account/<uuid:uuid>/", accounts.account, name="office-account"),
    path("account/<uuid:uuid>/invite/", accounts.invite, name="office-account-invite"),
    path("account/<uuid:uuid>/deactivate/", accounts.deactivate, name="office-account-deactivate"),
    path("account/<uuid:uuid>/reactivate/", accounts.reactivate, name="office-account-reactivate"),
    path("account/<uuid:uuid>/sign-out/", accounts.sign_out, name="office-account-sign-out"),
    path(
        "account/<uuid:uuid>/remove-second-factor/",
        accounts.remove_second_factor,
        name="office-account-second-factor",
    ),
    path("account/<uuid:uuid>/untie/", accounts.untie, name="office-account-untie"),
]

# Pages of django-allauth keep the names by which it finds them itself.
_shown = account.shown
CAMPUS = {"provider_id": "campus"}
sign_in_pages = [
    path("", _shown(account.SignIn), name="sign-in"),
    path("", _shown(account.SignIn), name="account_login"),
    path("code/", _shown(account.SignInCode), name="mfa_authenticate"),
    path("campus/", account.campus, CAMPUS, name="openid_connect_login"),
    path("campus/callback/", account.campus_callback, CAMPUS, name="openid_connect_callback"),
]

account_pages = [
    path("", account.own_account, name="account"),
    path("password/", _shown(account.ChangePassword), name="account_change_password"),
    path("confirm/", _shown(account.ConfirmPassword), name="account_reauthenticate"),
    path("confirm-by-code/", _shown(account.ConfirmCode), name="mfa_reauthenticate"),
    path("second-factor/", _shown(account.SetUpSecondFactor), name="mfa_activate_totp"),
    path("second-factor/remove/", _shown(account.RemoveSecondFactor), name="mfa_deactivate_totp"),
    path("recovery-codes/", _shown(account.RecoveryCodes), name="mfa_view_recovery_codes"),
    path(
        "recovery-codes/new/",
        _shown(account.NewRecoveryCodes),
        name="mfa_generate_recovery_codes",
    ),
    path("sign-out-everywhere/", account.sign_out_everywhere, name="account-sign-out-everywhere"),
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
    path("sign-in/", include(sign_in_pages)),
    path("invitation/<str:token>/", account.invitation, name="invitation"),
    path("account/", include(account_pages)),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("language/", set_language, name="set-language"),
    path("livez", public.livez, name="livez"),
    path("readyz", public.readyz, name="readyz"),
    path("healthz", public.readyz, name="healthz"),
]
