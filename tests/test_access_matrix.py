"""Every URL of the site, for everybody: two tables, held against the resolver.

GATES says for each URL name which gate it stands behind; LETS_IN says what each gate does with each person.
A URL that the first table does not name fails; so does a GET, HEAD or OPTIONS that writes more than the log.
"""

from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from rosters.models import ClassGroup
from signoffs import flow
from signoffs.entrance import links
from signoffs.models import ClassLink, Membership
from signoffs.queries.actors import Who
from signoffs.upkeep import readiness
from tests import factories, stories

ANYBODY, CLASS, STUDENT, MONITOR_LINK, MONITOR = "anybody", "class link", "student", "monitor link", "monitor"
DEPARTMENT, OFFICER, OFFICE, ADMIN = "department", "officer", "office", "admin"
STAFF, NOBODY, CLOSED = "staff", "nobody", "after the close"

# What a gate does with somebody: lets them in, refuses (403), finds nothing (404), or leads elsewhere.
IN, REFUSED, NOTHING = "in", "refused", "nothing"
TO_SIGN_IN, TO_CLASS, TO_MONITOR = "to sign-in", "to the class page", "to identify"

GATES = {
    "home": ANYBODY,
    "class-link": ANYBODY,
    "monitor-link": ANYBODY,
    "verify": ANYBODY,
    "sign-in": ANYBODY,
    "account_login": ANYBODY,
    "invitation": ANYBODY,
    # Signed in: what they see of their account, or that there is nothing to confirm, to show or to remove.
    "mfa_authenticate": STAFF,
    "account": STAFF,
    "account-sign-out-everywhere": STAFF,
    "account_change_password": STAFF,
    "account_reauthenticate": STAFF,
    "mfa_reauthenticate": STAFF,
    "mfa_activate_totp": STAFF,
    "mfa_deactivate_totp": STAFF,
    "mfa_view_recovery_codes": STAFF,
    "mfa_generate_recovery_codes": STAFF,
    # Off until configured: test_single_sign_on.py switches them on.
    "openid_connect_login": NOBODY,
    "openid_connect_callback": NOBODY,
    "sign-out": ANYBODY,
    "set-language": ANYBODY,
    "livez": ANYBODY,
    "readyz": ANYBODY,
    "healthz": ANYBODY,
    "class": CLASS,
    "class-identify": CLASS,
    "class-guide": CLASS,
    "class-claim": CLASS,
    "class-leave": CLASS,
    # Of a closed campaign alone; before that they lead to the class page (test_after_the_close.py).
    "class-errors": CLOSED,
    "class-looked-again": CLOSED,
    "class-record": STUDENT,
    "class-paste": STUDENT,
    "class-receipt": STUDENT,
    "class-copy": STUDENT,
    "class-copy-file": STUDENT,
    "class-withdraw": STUDENT,
    "class-contest": STUDENT,
    "monitor": MONITOR,
    "monitor-identify": MONITOR_LINK,
    "monitor-leave": MONITOR_LINK,
    "monitor-student": MONITOR,
    "monitor-excuse": MONITOR,
    "monitor-lift-excuse": MONITOR,
    "monitor-paper": MONITOR,
    "monitor-overdue": MONITOR,
    "monitor-submit": MONITOR,
    "department": DEPARTMENT,
    "department-class": DEPARTMENT,
    "department-student": DEPARTMENT,
    "department-rotate": OFFICER,
    "department-poster": OFFICER,
    "department-form": OFFICER,
    "department-code": OFFICER,
    "department-name-monitor": OFFICER,
    "department-accept-many": OFFICER,
    "department-return-many": OFFICER,
    "department-hand-in-print": OFFICER,
    "department-accept": OFFICER,
    "department-return": OFFICER,
    "department-countersign": OFFICER,
    "department-hand-in": OFFICER,
    "department-posters": OFFICER,
    "department-forms": OFFICER,
    "office": OFFICE,
    "office-department": OFFICE,
    "office-class": OFFICE,
    "office-form": OFFICE,
    "office-student": OFFICE,
    "office-student-access": OFFICE,
    "office-account-access": OFFICE,
    "office-withdraw": OFFICE,
    "office-errors": OFFICE,
    "office-errors-export": OFFICE,
    "office-status-export": OFFICE,
    "office-summary-export": OFFICE,
    "office-whole-numbers": OFFICE,
    "office-archive": OFFICE,
    "office-number": OFFICE,
    "office-settle": OFFICE,
    "office-settle-claim": OFFICE,
    "office-roster": OFFICE,
    "office-roster-template": OFFICE,
    "office-remove-class": OFFICE,
    "office-roster-preview": OFFICE,
    "office-roster-mapping": OFFICE,
    "office-roster-marked": OFFICE,
    "office-roster-drop": OFFICE,
    "office-roster-confirm": OFFICE,
    "office-hand-in-print": OFFICE,
    "office-receive": OFFICE,
    "office-reopen": OFFICE,
    "office-campaign": OFFICE,
    "office-deadlines-own": OFFICE,
    "office-deadlines-take-back": OFFICE,
    "office-university": OFFICE,
    "office-campaign-reopen": OFFICE,
    "office-texts": OFFICE,
    "office-campaigns": OFFICE,
    "office-campaign-open": OFFICE,
    "office-campaign-choose": OFFICE,
    "office-campaign-close": OFFICE,
    "office-purge-announce": OFFICE,
    "office-forms": OFFICE,
    "office-posters": OFFICE,
    "office-accounts": OFFICE,
    "office-account-add": OFFICE,
    "office-second-factor": OFFICE,
    "office-account": OFFICE,
    "office-account-invite": OFFICE,
    "office-account-deactivate": OFFICE,
    "office-account-reactivate": OFFICE,
    "office-account-sign-out": OFFICE,
    "office-account-second-factor": OFFICE,
    "office-account-untie": OFFICE,
}

PEOPLE = (
    "anonymous",
    "visitor",  # of the class's link, not identified
    "student",
    "monitor visitor",
    "monitor",
    "counsellor",
    "officer",
    "other officer",  # of another department
    "office",
    "superuser",
)
NO_ACCOUNT = ("anonymous", "visitor", "student", "monitor visitor", "monitor")


def _gate(default: str, **verdicts: str) -> dict[str, str]:
    return {person: verdicts.get(person.replace(" ", "_"), default) for person in PEOPLE}


_NO_ACCOUNT = {person.replace(" ", "_"): TO_SIGN_IN for person in NO_ACCOUNT}
LETS_IN = {
    ANYBODY: _gate(IN),
    CLASS: _gate(REFUSED, visitor=IN, student=IN),
    STUDENT: _gate(REFUSED, visitor=TO_CLASS, student=IN),
    MONITOR_LINK: _gate(REFUSED, monitor_visitor=IN, monitor=IN),
    MONITOR: _gate(REFUSED, monitor_visitor=TO_MONITOR, monitor=IN),
    # The office and the superuser have pages of their own; "other officer" is let in to their own department.
    DEPARTMENT: _gate(REFUSED, **_NO_ACCOUNT, counsellor=IN, officer=IN, other_officer=IN),
    OFFICER: _gate(REFUSED, **_NO_ACCOUNT, officer=IN, other_officer=IN),
    OFFICE: _gate(REFUSED, **_NO_ACCOUNT, office=IN, superuser=IN),
    ADMIN: _gate(REFUSED, **_NO_ACCOUNT, superuser=IN),
    STAFF: _gate(IN, **_NO_ACCOUNT),
    NOBODY: _gate(NOTHING),
    CLOSED: _gate(REFUSED, visitor=TO_CLASS, student=TO_CLASS),
}
# Where the object of an address is somebody else's, these find nothing; the others meet the gate first.
SCOPED = {"monitor", "counsellor", "officer", "other officer"}


def urls(resolver: URLResolver, namespace: str = "") -> list[tuple[str, URLPattern]]:
    """Return every address of the site by its name, with its namespace."""
    found = []
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            within = f"{pattern.namespace}:" if pattern.namespace else namespace
            found += urls(pattern, within)
        else:
            found.append((f"{namespace}{pattern.name}", pattern))
    return found


def addresses() -> dict[str, list[str]]:
    """Return the names of the site's own URLs, with the names of their arguments."""
    return {
        name: list(pattern.pattern.converters)
        for name, pattern in urls(get_resolver())
        if not name.startswith("admin:")
    }


def test_every_url_stands_in_the_table_and_nothing_else_does():
    own = [name for name, _ in urls(get_resolver()) if not name.startswith("admin:")]
    assert sorted(own) == sorted(GATES)


# The cast: two departments, each with a class that has been through everything ---------------------------


def _link(class_group: ClassGroup, kind: str) -> ClassLink:
    return links.issue(class_group, kind, timezone.now())


@pytest.fixture
def world(campaign, tmp_path, monkeypatch):
    """Both departments and everything in them, by the name of the object that an address wants.

    The probe finds nothing: on SQLite it would wait for the transaction that the test is.
    """
    monkeypatch.setattr(readiness, "node", readiness.Readiness(tmp_path / "readiness", list))

    def of(class_name: str, department_name: str) -> dict:
        class_group = factories.class_group(class_name, students=6, department_name=department_name)
        officer = factories.user(
            f"officer of {class_name}", role=Membership.Role.DEPARTMENT, in_department=class_group.department
        )
        token = flow.invite(user=officer, who=Who(command="test"))
        made = {"officer": officer, "account": officer, "invitation": token}
        return {**made, **stories.everything(class_group, officer)}

    neighbour = factories.class_group("软件2602班", students=6)
    deputy = factories.user("deputy", role=Membership.Role.DEPARTMENT, in_department=neighbour.department)
    beside = stories.everything(neighbour, deputy, with_hand_in=False)
    return {
        "own": of("软件2601班", "信息工程系"),
        "neighbour": beside,
        "foreign": of("机械2601班", "机械工程系"),
        "office": factories.user("office"),
        "campaign": campaign,
    }


def clients(world: dict) -> dict[str, Client]:
    """Return a browser for each person, as far in as they come."""
    made = {person: Client() for person in PEOPLE}
    own = world["own"]
    for person, kind in (("visitor", "student"), ("student", "student")):
        made[person].get(reverse("class-link", args=[_link(own["class"], kind).token]))
    for person in ("monitor visitor", "monitor"):
        made[person].get(reverse("monitor-link", args=[_link(own["class"], "monitor").token]))
    for person, url, who in (
        ("student", "class-identify", own["student"]),
        ("monitor", "monitor-identify", own["monitor"]),
    ):
        stories.identify(made[person], url, who)
    counsellor = factories.user("counsellor", role=Membership.Role.COUNSELLOR)
    counsellor.memberships.get().class_groups.add(own["class"])
    made["counsellor"].force_login(counsellor)
    made["officer"].force_login(own["officer"])
    made["other officer"].force_login(world["foreign"]["officer"])
    made["office"].force_login(world["office"])
    superuser = factories.user("root")
    superuser.memberships.all().delete()
    superuser.is_superuser = superuser.is_staff = True
    superuser.save()
    made["superuser"].force_login(superuser)
    return made


# The object that an address with a UUID wants, by the name of the URL.
OBJECTS = {
    "department-class": "class",
    "department-rotate": "class",
    "department-poster": "class",
    "department-form": "class",
    "department-accept": "sheet",
    "department-return": "sheet",
    "department-countersign": "declaration",
    "office-department": "department",
    "office-class": "class",
    "office-account-access": "officer",
    "office-form": "class",
    "office-number": "error",
    "office-settle": "error",
    "class-looked-again": "error",
    "office-settle-claim": "claim",
    "office-remove-class": "class",
    "office-roster-preview": "import",
    "office-roster-mapping": "import",
    "office-roster-marked": "import",
    "office-roster-drop": "import",
    "office-roster-confirm": "import",
    "office-hand-in-print": "hand-in",
    "office-receive": "hand-in",
    "office-reopen": "hand-in",
    "office-account": "account",
    "office-account-invite": "account",
    "office-account-deactivate": "account",
    "office-account-reactivate": "account",
    "office-account-sign-out": "account",
    "office-account-second-factor": "account",
    "office-account-untie": "account",
}


def argument(name: str, side: dict) -> list:
    """Return the arguments of a URL for the objects of a side."""
    if name == "class-link":
        return [_link(side["class"], "student").token]
    if name == "monitor-link":
        return [_link(side["class"], "monitor").token]
    if name == "verify":
        return [side["sheet"].verify_code]
    if name == "invitation":
        return [side["invitation"]]
    if not addresses()[name]:
        return []
    if addresses()[name] == ["slug"]:
        return [side["class"].campaign.slug]
    return [side[OBJECTS.get(name, "student")].uuid]


def verdict(response) -> str:
    """Say what a gate did."""
    if response.status_code == 403:
        return REFUSED
    if response.status_code == 404:
        return NOTHING
    if response.status_code == 302:
        leads = {
            reverse("sign-in"): TO_SIGN_IN,
            reverse("class"): TO_CLASS,
            reverse("monitor-identify"): TO_MONITOR,
        }
        return leads.get(response.url.partition("?")[0], IN)
    return IN


def allowed(name: str, person: str, method: str, is_foreign: bool) -> set[str]:
    """Return the verdicts that the tables allow."""
    expected = LETS_IN[GATES[name]][person]
    if person == "counsellor" and GATES[name] == DEPARTMENT and method not in ("get", "head"):
        return {REFUSED}
    if person == "other officer" and addresses()[name] and GATES[name] != ANYBODY:
        is_foreign = not is_foreign
    if expected == IN and is_foreign and person in SCOPED:
        return {NOTHING}
    if expected == IN and GATES[name] in (CLASS, STUDENT, MONITOR_LINK, MONITOR, ANYBODY):
        return {IN, TO_CLASS, TO_MONITOR}  # after the deed, back to the beginning
    return {expected}


# What may be written when somebody only looks: the access log of staff, and the session of who signs in.
LOGS = ("signoffs_accessrecord", "django_session")


def written(queries: CaptureQueriesContext) -> list[str]:
    """Return the statements that wrote a row of another table."""
    found = [query["sql"].lstrip() for query in queries]
    changes = [sql for sql in found if sql.upper().startswith(("INSERT", "UPDATE", "DELETE", "REPLACE"))]
    return [sql for sql in changes if not any(f'"{log}"' in sql for log in LOGS)]


class _Undo(Exception):
    pass


# What every answer says to the browser, whoever asks and whatever came of it.
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
}
HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def missing_headers(response) -> list[str]:
    """Return what an answer should have told the browser and has not."""
    missing = [name for name, value in HEADERS.items() if response.headers.get(name) != value]
    if set(response.headers.get("Content-Security-Policy", "").split("; ")) != POLICY:
        missing.append("Content-Security-Policy")
    if "no-store" not in response.headers.get("Cache-Control", ""):
        missing.append("no-store")
    for name, cookie in response.cookies.items():
        hidden = (
            cookie["httponly"] or name == "downloaded"
        )  # which a script waits for, and which says nothing
        if cookie.value and not (hidden and cookie["samesite"] in ("Lax", "Strict")):
            missing.append(f"flags of the cookie {name}")
    return missing


# TRACE apart: test_trace_echoes_nothing.
READING = ("get", "head", "options")
METHODS = (*READING, "post", "put", "patch", "delete")
# Django's own views: PUT is POST to them, or they lead back without having done anything.
ANY_METHOD = {"sign-out", "set-language"}


def sides_of(name: str, person: str) -> list[str]:
    """Return whose objects an address is asked for: one's own, and each kind that is somebody else's."""
    if not addresses()[name] or GATES[name] == ANYBODY:
        return ["own"]
    # Another class of the same department is as foreign to a monitor and to a counsellor.
    neighbour = ["neighbour"] if person in ("monitor", "counsellor") and GATES[name] != OFFICE else []
    return ["own", "foreign", *neighbour]


@pytest.mark.parametrize("person", PEOPLE)
def test_every_url_lets_in_whom_the_tables_let_in(world, person):
    client = clients(world)[person]
    cookies = client.cookies.copy()
    wrong = []
    for name in GATES:
        for side in sides_of(name, person):
            url = reverse(name, args=argument(name, world[side]))
            for method in METHODS:
                try:
                    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
                        client.cookies = cookies.copy()
                        response = getattr(client, method)(url)
                        raise _Undo
                except _Undo:
                    pass
                where = f"{method} {name} ({side})"
                if method in READING and written(queries):
                    wrong.append(f"{where} wrote: {written(queries)}")
                wrong += [f"{where}: {what}" for what in missing_headers(response)]
                if response.status_code >= 500:
                    wrong.append(f"{where}: {response.status_code}")
                if response.status_code == 405:  # nobody gets anywhere by this method
                    continue
                found = verdict(response)
                if found not in allowed(name, person, method, side != "own"):
                    wrong.append(f"{where}: {found} ({response.status_code})")
                if method not in (*READING, "post") and found == IN and name not in ANY_METHOD:
                    wrong.append(f"{where}: 405 was expected")
    assert wrong == []


@pytest.mark.parametrize("person", ["anonymous", "superuser"])
def test_trace_echoes_nothing(world, person):
    client = clients(world)[person]
    echoes = []
    for name in GATES:
        url = reverse(name, args=argument(name, world["own"]))
        response = client.trace(url, headers={"x-secret": "echo-me"})
        if b"echo-me" in response.content or response.status_code >= 500:
            echoes.append(name)
    assert echoes == []


@pytest.mark.parametrize("person", ["office", "superuser"])
def test_what_does_not_exist_is_not_found(world, person):
    client = clients(world)[person]
    wanted = [name for name in GATES if name.startswith("office") and addresses()[name]]
    statuses = {
        name: client.post(reverse(name, args=[uuid4()])).status_code
        for name in wanted
        if client.get(reverse(name, args=[uuid4()])).status_code == 405
    } | {
        name: status
        for name in wanted
        if (status := client.get(reverse(name, args=[uuid4()])).status_code) != 405
    }
    assert statuses == dict.fromkeys(wanted, 404)


@pytest.mark.parametrize("person", PEOPLE)
def test_the_admin_is_for_the_superuser_alone(world, person):
    client = clients(world)[person]
    wrong = []
    for name, pattern in urls(get_resolver()):
        if not name.startswith("admin:") or name in ("admin:login", "admin:logout"):
            continue
        arguments = ["1"] * len(pattern.pattern.converters) or ["1"] * pattern.pattern.regex.groups
        if name in ("admin:view_on_site", "admin:None", "admin:app_list"):
            continue
        url = reverse(name, args=arguments)
        for method in ("get", "post", "put", "delete"):
            response = getattr(client, method)(url)
            found = verdict(response)
            # What the superuser is refused is to change something: the admin is to look at.
            right = {TO_SIGN_IN: person in NO_ACCOUNT, REFUSED: person not in NO_ACCOUNT}
            if not right.get(found, person == "superuser"):
                wrong.append(f"{method} {name}: {found}")
            wrong += [f"{method} {name}: {what}" for what in missing_headers(response)]
    assert wrong == []
