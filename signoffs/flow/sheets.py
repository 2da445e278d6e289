"""The class sheet: submitted and frozen, returned, accepted."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rosters.encryption import key_ring
from rosters.models import ClassGroup, Student

from ..entrance import links
from ..models import ClassSheet, Declaration, Standing, Tally
from ..process import rules, states
from ..queries import reported, situations
from ..queries.actors import Who
from .book import Book, class_book
from .chains import canonical
from .refusals import Clock, Refused, refuse_if

VERIFY_CODE_LENGTH = 16


def submit_sheet(
    *,
    class_group: ClassGroup,
    who: Who,
    signature: Mapping,
    submission_id: UUID,
    shown_cells: str,
    clock: Clock = timezone.now,
) -> ClassSheet:
    """Freeze the class as it stands: rows, counts, digest, version, the collator's signature (汇总人).

    `shown_cells` are the tally's cells of the page that was signed: how everybody stood there.
    A submission id that came before returns the sheet that it made, unless that was returned. Raise Refused.
    """
    with class_book(class_group.pk, clock) as book:
        made = ClassSheet.objects.filter(submission_id=submission_id).first()
        if made is not None:
            if made.class_group_id != class_group.pk:
                raise Refused(_("This page was already sent. Open the link again."))
            if made.state == ClassSheet.State.RETURNED:
                raise Refused(
                    _("This page is from before the sheet was returned. Look at the class again, then sign.")
                )
            return made
        book.allow("submit_sheet", who)
        refuse_if(rules.may_balance(*situations.unaccounted(book.class_group)))
        refuse_if(rules.may_sign_sheet(shown_cells == book.tally.cells))
        before = situations.newest_sheet(book.class_group)
        version = before.version + 1 if before else 1
        rows = sheet_rows(book.class_group)
        counts = sheet_counts(book.tally) | report_counts([book.tally])
        frozen = {"class": str(book.class_group.uuid), "version": version, "rows": rows, "counts": counts}
        digest = key_ring().digest("sheet", canonical(frozen))
        sheet = ClassSheet(
            class_group=book.class_group,
            version=version,
            submission_id=submission_id,
            rows=rows,
            counts=counts,
            digest=digest,
            collator=who.student,
            signature=dict(signature),
            submitted_at=book.now,
            verify_code=links.random_text(VERIFY_CODE_LENGTH),
        )
        book.wrote(sheet)
        # The event first: the sheet, and its print, hold the head of the chain with it.
        sheet.chain_head = book.note("submit_sheet", who, version=version, digest=digest).link
        sheet.save()
        return sheet


def return_sheet(*, sheet: ClassSheet, who: Who, reason: str, clock: Clock = timezone.now) -> None:
    """Give the sheet back with a reason; the monitor submits the next version. Raise Refused."""
    with class_book(sheet.class_group_id, clock) as book:
        sheet = _newest(book, sheet)
        book.allow("return_sheet", who)
        refuse_if(rules.may_give(reason, _("Say why the sheet is returned.")))
        _decide(book, sheet, who, ClassSheet.State.RETURNED, reason.strip())
        book.note("return_sheet", who, version=sheet.version, reason=reason.strip())


def accept_sheet(*, sheet: ClassSheet, who: Who, clock: Clock = timezone.now) -> None:
    """Accept the sheet for the department's hand-in. Raise Refused."""
    with class_book(sheet.class_group_id, clock) as book:
        sheet = _newest(book, sheet)
        book.allow("accept_sheet", who)
        _decide(book, sheet, who, ClassSheet.State.ACCEPTED, "")
        book.note("accept_sheet", who, version=sheet.version, digest=sheet.digest)


def _newest(book: Book, sheet: ClassSheet) -> ClassSheet:
    newest = situations.newest_sheet(book.class_group)
    if newest is None or newest.pk != sheet.pk:
        raise Refused(_("A newer version of this sheet has been submitted. Look at that one."))
    return newest


def _decide(book: Book, sheet: ClassSheet, who: Who, state: str, reason: str) -> None:
    sheet.state, sheet.decided_by, sheet.decided_at = state, who.user, book.now
    sheet.return_reason = reason
    sheet.save(update_fields=["state", "decided_by", "decided_at", "return_reason"])
    book.wrote(sheet)


def sheet_counts(tally: Tally) -> dict[str, int]:
    """Return the counts that a sheet freezes, by the names of the standings."""
    names = ("expected", "confirmed", "reported", "excused", "overdue", "withdrawn", "late")
    return {name: getattr(tally, name) for name in names}


def report_counts(tallies: Iterable[Tally]) -> dict[str, int]:
    """Return what a sheet and a hand-in freeze of the errors that were reported in the campaign."""
    reports = reported.reports_of(tallies)
    return {"reporters": reports.people, "report_items": reports.items, "open_items": reports.open}


def sheet_rows(class_group: ClassGroup) -> list[dict[str, Any]]:
    """Return one row a seat as the class stands now: what a sheet freezes. Two queries."""
    standings = {
        standing.student_id: standing
        for standing in Standing.objects.filter(student__class_group=class_group)
        .select_related("declaration", "excuse")
        .defer("declaration__snapshot", "declaration__signature")
    }
    students = Student.objects.filter(class_group=class_group).order_by("seat")
    return [_row(student, standings.get(student.pk)) for student in students]


def _row(student: Student, standing: Standing | None) -> dict[str, Any]:
    state = standing.state if standing else states.MISSING
    declaration = standing.declaration if standing and state in states.DECLARED else None
    excuse = standing.excuse if standing and state == states.EXCUSED else None
    return {
        "seat": student.seat,
        "student": str(student.uuid),
        "name": student.name,
        "student_number": student.student_number,
        "state": state,
        "late": bool(standing and standing.late),
        "channel": declaration.channel if declaration else "",
        "declaration": str(declaration.uuid) if declaration else None,
        "excuse": excuse.get_reason_display() if excuse else None,
        "countersigned": bool(declaration and declaration.channel != Declaration.Channel.OWN),
    }
