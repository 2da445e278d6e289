"""A campaign half done, of any number of students, written by SQL: a million in a minute. SQLite.

Students, declarations, standings, errors, excuses, sheets and tallies stand as the flow would leave them; the
test of that is `tallies.count` over some of the classes. What no dashboard reads is a stand-in: one name for
all, zeros of the right length for what is sealed (record, signature, sheet rows), UUIDs that count up.
"""

from collections import Counter
from datetime import timedelta

CLASSES, DEPARTMENTS = 200, 20
# The last quarter of the classes is done, and has handed its sheet on.
DONE_FROM = CLASSES * 3 // 4
FIELDS = ("major", "name", "birth_date", "class_name", "status")

# Seats run on through the classes; how far a class has got grows with its number. `i` is the student's key.
_DRAWN = f"""
CREATE TEMP TABLE drawn AS
WITH RECURSIVE number(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < %(students)s),
seat(i, class, seat) AS (SELECT i, (i - 1) %% {CLASSES}, (i - 1) / {CLASSES} + 1 FROM number),
dice(i, class, seat, done, kind) AS (
  SELECT i, class, seat, (seat * 761 + class * 7) %% 1000 < 300 + 3 * class OR class >= {DONE_FROM},
         (seat * 37 + class) %% 100 FROM seat)
SELECT i, class, seat,
  CASE WHEN (seat * 7 + class) %% 97 = 0 THEN 'withdrawn' WHEN NOT done THEN 'missing'
       WHEN kind < 5 THEN 'reported' WHEN kind < 7 AND class < {DONE_FROM} THEN 'recheck'
       WHEN kind < 9 THEN 'excused' WHEN kind < 11 THEN 'overdue' ELSE 'confirmed' END AS state,
  (seat * 13 + class) %% 12 AS days_ago,
  CASE WHEN kind %% 50 = 0 THEN 'paper' ELSE 'own' END AS channel
FROM dice
"""


def half_done(students: int):
    """Fill an empty database and return the campaign: 200 classes, its students' deadline yesterday."""
    from django.db import connection, transaction
    from django.utils import timezone

    from rosters.models import Campaign, ClassGroup, Department
    from signoffs.models import User

    today = timezone.localdate()
    campaign = Campaign.objects.create(
        slug="2026",
        university="云麓理工大学",
        state=Campaign.State.OPEN,
        student_deadline=today - timedelta(days=1),
        department_deadline=today + timedelta(days=1),
    )
    places = [Department(name=f"第{number + 1}系") for number in range(DEPARTMENTS)]
    places = Department.objects.bulk_create(places)
    classes = ClassGroup.objects.bulk_create(
        ClassGroup(campaign=campaign, department=places[n % DEPARTMENTS], name=f"专业{n}26班")
        for n in range(CLASSES)
    )
    officer = User.objects.create_user("officer")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.execute("PRAGMA temp_store=MEMORY")
        cursor.execute("PRAGMA cache_size=-400000")  # kB
        with transaction.atomic():
            _rows(cursor, campaign, classes, officer, students)
            _tallies(cursor, classes)
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    _check(classes)
    return campaign


def _insert(cursor, prototype, source: str, **columns: str) -> None:
    """Insert a row of the prototype's table for each row of `source`; `columns`: SQL by attribute name.

    Every other column has the prototype's value, so that a column which is new here needs no word.
    """
    from django.db import connection

    names, expressions, values = [], [], []
    for field in prototype._meta.concrete_fields:
        if field.primary_key and field.attname not in columns:
            continue
        names.append(connection.ops.quote_name(field.column))
        expressions.append(columns.pop(field.attname, "%s"))
        if expressions[-1] == "%s":
            values.append(field.get_db_prep_save(getattr(prototype, field.attname), connection))
    assert not columns, columns
    table = connection.ops.quote_name(prototype._meta.db_table)
    sql = f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(expressions)} FROM {source}"
    cursor.execute(sql, values)


def _rows(cursor, campaign, classes, officer, students: int) -> None:
    from django.utils import timezone

    from rosters.models import Student
    from signoffs.models import ClassSheet, Declaration, Excuse, FieldError, Standing

    now = timezone.now()
    cursor.execute(_DRAWN % {"students": students})
    first = classes[0].pk
    assert [one.pk for one in classes] == list(range(first, first + CLASSES))
    class_pk, day = f"class + {first}", f"datetime('{now:%Y-%m-%d %H:%M:%S}', '-' || days_ago || ' days')"
    someone = Student(
        campaign=campaign, name="赵子涵", sex="女", ethnicity="汉族", department_name="第1系",
        major="软件工程", class_name="软件2601班", level="本科",
    )  # fmt: skip
    digest = "'d1:' || printf('%%049x', i)"  # as long as a keyed digest
    _insert(
        cursor, someone, "drawn",
        id="i", uuid="printf('%%032x', i)", class_group_id=class_pk, seat="seat", id_number="zeroblob(50)",
        student_number="printf('2026%%08d', i)", id_digest=digest, record_digest=digest,
        withdrawn_at=f"CASE state WHEN 'withdrawn' THEN {day} END",
    )  # fmt: skip
    declared = "drawn WHERE state IN ('confirmed', 'reported', 'recheck')"
    said = {
        "student_id": "i", "class_group_id": class_pk, "record_digest": digest, "declared_at": day,
        "snapshot": "zeroblob(1000)", "signature": "zeroblob(300)", "device_mark": digest,
    }  # fmt: skip
    declaration = Declaration(kind="confirmed", status="在籍（注册学籍）")
    _insert(
        cursor, declaration, declared, **said,
        id="i", uuid="printf('%%032x', i)", submission_id="printf('%%032x', i)", channel="channel",
        kind="CASE state WHEN 'reported' THEN 'reported' ELSE 'confirmed' END", late="days_ago = 0",
        countersigned_by_id=f"CASE channel WHEN 'paper' THEN {officer.pk} END",
        countersigned_at=f"CASE channel WHEN 'paper' THEN {day} END",
    )  # fmt: skip
    # What monitors have entered, and no officer has looked at: from one in a hundred of those missing.
    key = f"i + {students}"
    _insert(
        cursor, declaration, "drawn WHERE state = 'missing' AND seat %% 100 = 7", **said,
        id=key, uuid=f"printf('%%032x', {key})", submission_id=f"printf('%%032x', {key})",
        channel="'paper'", entered_by_user_id=str(officer.pk),
    )  # fmt: skip
    _insert(
        cursor, FieldError(owner="school"), "drawn WHERE state = 'reported'",
        uuid="printf('%%032x', i)", declaration_id="i", roster_value="zeroblob(60)",
        chsi_value="zeroblob(60)", right_value="zeroblob(60)", outcome=f"{_OUTCOME}", field=f"{_FIELD}",
    )  # fmt: skip
    _insert(
        cursor, Excuse(reason="never_came"), "drawn WHERE state = 'excused'",
        id="i", uuid="printf('%%032x', i)", student_id="i", class_group_id=class_pk, entered_at=day,
        note="zeroblob(40)",
    )  # fmt: skip
    _insert(
        cursor, Standing(), "drawn WHERE state <> 'missing'",
        student_id="i", state="state", since=day, late=_LATE,
        declaration_id="CASE WHEN state IN ('confirmed', 'reported', 'recheck') THEN i END",
        excuse_id="CASE state WHEN 'excused' THEN i END",
    )  # fmt: skip
    sheet = ClassSheet(
        version=1, state="accepted", counts={}, digest="d" * 52, chain_head="d" * 52,
        submitted_at=now, decided_by=officer, decided_at=now,
    )  # fmt: skip
    _insert(
        cursor, sheet, f"drawn WHERE seat = 1 AND class >= {DONE_FROM}",
        uuid="printf('%%032x', i)", submission_id="printf('%%032x', i)", class_group_id=class_pk,
        rows=f"zeroblob({students // CLASSES * 300})", signature="zeroblob(300)", collator_id="i",
        verify_code="printf('%%016d', i)",
    )  # fmt: skip


_FIELD = f"CASE i %% {len(FIELDS)} {' '.join(f'WHEN {n} THEN {name!r}' for n, name in enumerate(FIELDS))} END"
_OUTCOME = "CASE i %% 3 WHEN 0 THEN 'open' WHEN 1 THEN 'asked' ELSE 'done' END"
_LATE = "days_ago = 0 AND state IN ('confirmed', 'reported')"


def _tallies(cursor, classes) -> None:
    """Count the tallies from what was drawn, in one pass."""
    from django.utils import timezone

    from signoffs.models import Tally
    from signoffs.process import deadlines, states

    cursor.execute(
        f"SELECT class, seat, state, days_ago, {_LATE}, {_FIELD}, {_OUTCOME} FROM drawn ORDER BY class, seat"
        .replace("%%", "%")
    )  # fmt: skip
    now = timezone.now()
    days = [deadlines.day_of(now - timedelta(days=ago)).isoformat() for ago in range(12)]
    tallies = {n: Tally(class_group=one) for n, one in enumerate(classes)}
    counts: dict[int, dict[str, Counter]] = {
        n: {name: Counter() for name in ("state", "days", "reports")} for n in tallies
    }
    cells: dict[int, list[str]] = {n: [] for n in tallies}
    for number, _seat, state, ago, late, field, outcome in cursor:
        of, letter = counts[number], states.LETTERS[state]
        of["state"][state] += 1
        cells[number].append(letter.lower() if late else letter)
        tallies[number].late += late
        if state in states.DECLARED | {states.RECHECK}:
            of["days"][days[ago]] += 1
        if state == states.REPORTED:
            of["reports"][f"{field}/school/{outcome}"] += 1
            tallies[number].reporters += 1
    for number, tally in tallies.items():
        of = counts[number]
        for state, count in of["state"].items():
            if state != states.MISSING:
                setattr(tally, state, count)
        tally.expected = of["state"].total() - tally.withdrawn
        tally.cells = "".join(cells[number])
        for name in ("days", "reports"):
            setattr(tally, name, dict(sorted((+of[name]).items())))
    Tally.objects.bulk_create(tallies.values())


def _check(classes) -> None:
    """Hold three of the tallies against the product's own count. Raise AssertionError."""
    from signoffs.flow import tallies
    from signoffs.models import Tally

    some = [classes[0], classes[CLASSES // 2], classes[-1]]
    for key, counted in tallies.count(some).items():
        assert tallies.differences(Tally.objects.get(pk=key), counted) == {}
