"""What concerns a whole campaign: its deadlines, its end, and what left the house as a file."""

from collections import defaultdict
from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rosters import importing
from rosters.models import Campaign, ClassGroup, Department

from ..models import Declaration, Event, Standing
from ..process import deadlines, rules, states
from ..queries import actors, situations
from ..queries.actors import Who
from .book import Shelf, campaign_shelf, class_book, department_shelf
from .refusals import Clock, Refused, refuse_if
from .standings import all_words

_ANOTHER_IS_OPEN = _("Another campaign is open: close it first.")


def create_campaign(
    *,
    slug: str,
    university: str,
    student_deadline: date,
    department_deadline: date,
    texts: dict[str, str],
    who: Who,
    clock: Clock = timezone.now,
) -> Campaign:
    """Prepare another year's campaign; it is open at once where none is. Raise Refused."""
    refuse_if(actors.may_as_office(who))
    today = deadlines.day_of(clock())
    refuse_if(rules.may_begin(slug, student_deadline, department_deadline, today))
    with transaction.atomic():
        made = _create(
            slug,
            university=university,
            student_deadline=student_deadline,
            department_deadline=department_deadline,
            texts=texts,
        )
        with campaign_shelf(made, clock) as shelf:
            shelf.note("create_campaign", who, slug=slug)
        return made


def _create(slug: str, **values) -> Campaign:
    """Write the new campaign. Raise Refused where there is one of that year, also one of this moment.

    Since we looked, another may have been opened, and then that year's been made: after either, look again.
    """
    for more_tries in (2, 1, 0):
        if Campaign.objects.filter(slug=slug).exists():
            raise Refused(_("There is a campaign of that year already."))
        try:
            with transaction.atomic():
                return importing.create_campaign(slug, **values)
        except IntegrityError:
            if not more_tries:
                raise


def open_campaign(*, campaign: Campaign, who: Who, clock: Clock = timezone.now) -> None:
    """Open a campaign that was in preparation; only one is open at a time. Raise Refused."""
    with campaign_shelf(campaign, clock) as shelf:
        refuse_if(actors.may_as_office(who))
        if shelf.campaign.state != Campaign.State.DRAFT:
            raise Refused(_("Only a campaign in preparation can be opened."))
        if importing.open_campaign() is not None:
            raise Refused(_ANOTHER_IS_OPEN)
        try:
            with transaction.atomic():
                importing.begin(shelf.campaign)
        except IntegrityError as error:  # opened since we looked: the two hold different locks
            raise Refused(_ANOTHER_IS_OPEN) from error
        shelf.note("open_campaign", who)


def extend_deadlines(
    *,
    campaign: Campaign,
    student_deadline: date,
    department_deadline: date,
    who: Who,
    clock: Clock = timezone.now,
) -> None:
    """Extend one deadline or both. Which student is late is judged by the new one. Raise Refused.

    What is frozen stays as it is: a sheet, a hand-in and whether that came late.
    """
    with campaign_shelf(campaign, clock) as shelf:
        refuse_if(actors.may_as_office(who, is_open=shelf.campaign.state != Campaign.State.CLOSED))
        old = (shelf.campaign.student_deadline, shelf.campaign.department_deadline)
        new = (student_deadline, department_deadline)
        refuse_if(rules.may_extend(shelf.campaign.slug, old, new, deadlines.day_of(shelf.now)))
        importing.set_deadlines(
            shelf.campaign, student_deadline=student_deadline, department_deadline=department_deadline
        )
        _judge_anew(shelf, student_deadline, who)
        shelf.note(
            "extend_deadlines",
            who,
            old=[day.isoformat() for day in old],
            new=[day.isoformat() for day in new],
        )


def _judge_anew(shelf: Shelf, deadline: date, who: Who) -> None:
    """Let who declared within the students' new deadline be in time, and who still can be missing again.

    An event of each class whose form that changes. A declaration is judged by when it was written: when it
    arrived, a moment before, is not kept.
    """
    end = deadlines.end_of(deadline)
    # Whose first word that is: some word of theirs is before it.
    spoke = all_words().filter(student__class_group__in=shelf.classes, declared_at__lt=end).values("student")
    changed = Q(late=True, student__in=spoke)
    if shelf.now < end:
        changed |= Q(state=states.OVERDUE)
    by_class = defaultdict(list)
    standings = Standing.objects.filter(changed, student__class_group__in=shelf.classes)
    for standing in standings.select_related("student", "declaration"):
        by_class[standing.student.class_group_id].append(standing)
    # Of all that they have declared: another may count one day, and none is late after a word in time.
    late = Declaration.objects.filter(student__class_group__in=shelf.classes, late=True)
    late.filter(Q(declared_at__lt=end) | Q(student__in=list(spoke.values_list("student", flat=True)))).update(
        late=False
    )
    for class_group in shelf.classes:
        if by_class[class_group.pk]:
            book, missing, in_time = shelf.book(class_group), [], []
            for standing in by_class[class_group.pk]:
                student = standing.student
                if standing.state == states.OVERDUE:
                    book.stand(student, states.MISSING)
                    missing.append(str(student.uuid))
                else:
                    book.stand(student, standing.state, declaration=standing.declaration)
                    in_time.append(str(student.uuid))
            book.note("extend_deadlines", who, missing_again=missing, in_time_again=in_time)
            book.close()


def edit_texts(*, campaign: Campaign, texts: dict[str, str], who: Who, clock: Clock = timezone.now) -> None:
    """Set the campaign's own texts; the old ones stay in the event. Raise Refused."""
    with campaign_shelf(campaign, clock) as shelf:
        refuse_if(actors.may_as_office(who, is_open=shelf.campaign.state != Campaign.State.CLOSED))
        old = shelf.campaign.texts
        importing.set_texts(shelf.campaign, texts)
        shelf.note("edit_texts", who, old=old)


def close_campaign(*, campaign: Campaign, who: Who, clock: Clock = timezone.now) -> None:
    """Close a campaign for good. Raise Refused."""
    with campaign_shelf(campaign, clock) as shelf:
        refuse_if(actors.may_as_office(who, is_open=shelf.campaign.state == Campaign.State.OPEN))
        importing.close(shelf.campaign, now=shelf.now)
        shelf.note("close_campaign", who)


def record_export(
    *,
    campaign: Campaign,
    who: Who,
    what: str,
    clock: Clock = timezone.now,
    department: Department | None = None,
    class_group: ClassGroup | None = None,
) -> Event:
    """Note that a file with personal data is made: of a class, a department, or the whole campaign.

    Raise Refused once that data was deleted.
    """
    refuse_if(rules.may_show_people(situations.is_purged(campaign)))
    if class_group is not None:
        with class_book(class_group.pk, clock) as book:
            return book.note("export", who, what=what)
    shelf = department_shelf(campaign, department, clock) if department else campaign_shelf(campaign, clock)
    with shelf as locked:
        return locked.note("export", who, what=what)
