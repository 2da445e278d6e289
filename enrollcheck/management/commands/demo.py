"""An invented university, or your own list, at a stage of the check; its links and accounts; the server.

manage.py has pointed every setting at a fresh folder before this runs (demo/environment.py).
"""

import secrets
import socket
import sys
from argparse import RawDescriptionHelpFormatter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from enrollcheck.demo import environment, story, university
from enrollcheck.demo.environment import HOST, PORT
from rosters import planning, reading, refusals
from rosters.models import Campaign, ClassGroup, Department, Student
from signoffs import flow
from signoffs.entrance import links
from signoffs.models import ClassLink, Membership, User
from signoffs.process.deadlines import SCHOOL_CLOCK
from signoffs.queries.actors import Who, is_monitor

from .serve import serve

Role = Membership.Role


def _account(username: str, name: str, role: str, department: Department | None = None) -> tuple[User, str]:
    """Make an account and return it with its password, which is stored nowhere else."""
    password = secrets.token_urlsafe(9)
    user = User.objects.create_user(username, password=password, first_name=name)
    Membership.objects.create(user=user, role=role, department=department)
    return user, password


class Command(BaseCommand):
    """`manage.py demo [--stage STAGE] [--roster FILE]`."""

    help = "Run the whole check on an invented university, or on your own list, in a database of its own."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Keep the lines of the help as they are."""
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the stage, the list, and whether to serve."""
        parser.add_argument("--stage", choices=story.STAGES, default="signing", help="how far the story goes")
        parser.add_argument(
            "--roster", type=Path, metavar="FILE", help="your own list in place of the invented"
        )
        parser.add_argument(
            "--keep", metavar="FOLDER", help="let database and keys stay, in a folder of their own"
        )
        parser.add_argument("--port", type=int, default=PORT, help="the server's port (default: %(default)s)")

    def handle(
        self, *args: Any, stage: str, roster: Path | None, keep: str | None, port: int, **options: Any
    ) -> None:
        """Make the database, play the story, print, serve. environment.py leaves nothing but what is kept.

        Raise CommandError for a list that is refused, and for a port that is taken.
        """
        own = Path(connection.settings_dict["NAME"]).name == environment.DATABASE
        if not own or connection.introspection.table_names():
            raise CommandError("The demo runs only on a database of its own: start it by `manage.py demo`.")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                raise CommandError(f"Port {port} is taken: choose another one by --port.") from error
        content = self.read(roster)
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        now = timezone.now()
        today = now.astimezone(SCHOOL_CLOCK).date()
        cohort = story.deadlines(today).students.year
        if roster is None or content is None:
            name, content = f"{cohort}.xlsx", university.workbook(cohort)
        else:
            name = roster.name
        self.stdout.write(f"Playing the check up to the stage “{stage}”, which takes some seconds …")
        self.stdout.flush()
        with transaction.atomic():
            campaign = self.bring_in(name, content, str(cohort), now, invented=roster is None)
            accounts = self.accounts(campaign)
            officers = {
                department.pk: accounts.get(department.name, (None,))[0] or self.officer(department)
                for department in Department.objects.all()
            }
            everybody = list(User.objects.order_by("pk"))
            flow.note_accounts(users=everybody, verb="adopt_accounts", who=Who(command="demo"))
            tale = story.Story(campaign, accounts["office"][0], officers, now)
            tale.play(stage)
        self.tell(Campaign.objects.get(pk=campaign.pk), accounts, stage, invented=roster is None)
        if keep is not None:
            self.tell_kept(Path(settings.DATA_FOLDER))
        then = "the database stays" if keep is not None else "then the database is deleted"
        self.stdout.write(f"\nServing on {settings.SITE_URL}/ until Ctrl+C; {then}.")
        self.stdout.flush()
        serve(HOST, port)

    def read(self, roster: Path | None) -> bytes | None:
        """Return the reader's own list. Raise CommandError where there is no such file."""
        if roster is None:
            return None
        try:
            return roster.read_bytes()
        except OSError as error:
            raise CommandError(f"{roster} can't be read: {error.strerror}.", returncode=2) from error

    def bring_in(self, name: str, content: bytes, slug: str, now: datetime, *, invented: bool) -> Campaign:
        """Import the list, as if some days ago. Raise CommandError with every problem where it is refused."""
        start = now - timedelta(days=story.DAYS_AGO)
        who, clock = Who(command="demo"), lambda: start
        campaign = flow.create_campaign(
            slug=slug,
            university=university.UNIVERSITY if invented else "",
            deadlines=story.first_deadlines(now.astimezone(SCHOOL_CLOCK).date()),
            texts={},
            who=who,
            clock=clock,
        )
        try:
            plan = planning.plan(campaign, reading.read(content, name))
        except refusals.Unreadable as error:
            raise CommandError(str(error)) from error
        errors = [problem for problem in plan.problems if problem.level == "error"]
        if errors:
            lines = [f"  {one.sheet} row {one.row}, {one.column}: {one.message}" for one in errors[:50]]
            raise CommandError("\n".join([f"{name} is refused, nothing was imported:", *lines]))
        flow.import_roster(plan=plan, who=who, clock=clock)
        return campaign

    def accounts(self, campaign: Campaign) -> dict[str, tuple[User, str]]:
        """Make one account for each role; the officer's is also found by the name of the department."""
        classes = ClassGroup.objects.filter(campaign=campaign).select_related("department").order_by("pk")
        department = classes[0].department
        made = {
            "office": _account("office", "教务管理部", Role.OFFICE),
            "officer": _account("officer", f"{department}负责人", Role.DEPARTMENT, department),
            "counsellor": _account("counsellor", "辅导员", Role.COUNSELLOR),
        }
        made[department.name] = made["officer"]
        own = [one for one in classes if one.department_id == department.pk][:3]
        made["counsellor"][0].memberships.get().class_groups.set(own)
        password = secrets.token_urlsafe(9)
        made["admin"] = (User.objects.create_superuser("admin", password=password), password)
        return made

    def officer(self, department: Department) -> User:
        """Make the officer of another department, who acts in the story and can't sign in."""
        user = User.objects.create_user(f"officer-{department.pk}", first_name=f"{department}负责人")
        Membership.objects.create(user=user, role=Role.DEPARTMENT, department=department)
        return user

    def tell(
        self, campaign: Campaign, accounts: dict[str, tuple[User, str]], stage: str, *, invented: bool
    ) -> None:
        """Print everything that a reader needs to walk in."""
        write = self.stdout.write
        students = campaign.students.count()
        classes = ClassGroup.objects.filter(campaign=campaign).select_related("department")
        departments = {one.department_id for one in classes}
        write(f"\n{campaign.university or 'Your list'}: {campaign}")
        write(
            f"{len(departments)} departments, {len(classes)} classes, {students:,} students; stage: {stage}; "
            f"deadlines {campaign.student_deadline} and {campaign.department_deadline}"
        )
        write("So far: " + ", ".join(f"{count:,} {what}" for what, count in story.numbers().items()))
        write("\nClass links: for the students, and for the monitor")
        live = {(link.class_group_id, link.kind): link for link in ClassLink.objects.filter(revoked_at=None)}
        heading = None
        for one in classes:
            if one.department != heading:
                heading = one.department
                write(f"  {heading}")
            urls = [links.url(live[one.pk, kind]) for kind in ClassLink.Kind.values]
            write(f"    {one}  {urls[0]}  {urls[1]}")
        self.tell_students(classes, invented=invented)
        write(f"\nAccounts, to sign in at {settings.SITE_URL}/sign-in/")
        for username, what in (
            ("office", "the academic affairs office: /office/"),
            ("officer", "a department's officer: /department/"),
            ("counsellor", "a counsellor, who reads and reminds: /department/"),
            ("admin", "the IT person: /admin/"),
        ):
            user, password = accounts[username]
            write(f"  {username:<11} {password}   {what}{f' ({user})' if username == 'officer' else ''}")

    def tell_kept(self, folder: Path) -> None:
        """Keep the folder, and print how its site is served again and moved on."""
        environment.keep(folder)
        settled = f"set -a; . '{folder / environment.KEPT}'; set +a"
        self.stdout.write(
            f"\nDatabase and keys stay in {folder}. Once this has ended, in a shell of its own:"
        )
        self.stdout.write(f"  to serve it again: {settled}; {sys.executable} manage.py serve")
        self.stdout.write(
            f"  to move it on:     {settled}; export DATABASE_URL=postgres://user:password@host/name;\n"
            f"    {sys.executable} manage.py move_to_postgresql '{folder / environment.DATABASE}'"
        )

    def tell_students(self, classes: QuerySet[ClassGroup], *, invented: bool) -> None:
        """Print whom to be. Real lists are answered by their own students: their numbers are not printed."""
        write = self.stdout.write
        write("\nIdentify on a class link by 学号 and the last six of the ID number")
        if not invented:
            write(
                "  as any student of the class; on the monitor link as its 班长 or 学习委员, else the first"
            )
            return
        for one in classes[1:3]:
            found = Student.objects.filter(class_group=one).select_related("monitor_duty", "standing")
            students = list(found)
            monitor = next(student for student in students if is_monitor(student))
            left = [student for student in students if not hasattr(student, "standing")]
            for what, student in (("student", (left or students)[-1]), ("monitor", monitor)):
                last_six = (student.id_number or "")[-6:]
                write(f"  {one} {what}: {student.name}, {student.student_number}, {last_six}")
