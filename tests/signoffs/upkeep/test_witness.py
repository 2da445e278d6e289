"""The witness: what it writes down and when, and how it names what the database has forgotten."""

import io
import stat
import time
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction

from signoffs.models import Chain, Event
from signoffs.process.deadlines import SCHOOL_CLOCK
from signoffs.upkeep import witness
from signoffs.upkeep.witness import END, Line, Pen, parse, read
from tests import factories, stories

LINE = "2026-12-20T21:03:11+08:00\t{chain}\t{position}\tk1:head\tconfirm\t{submission}\n"


def line(position: int = 1, chain: str = "c", submission: str = "", day: str = "2026-12-20") -> str:
    text = LINE.format(chain=chain, position=position, submission=submission)
    return text.replace("2026-12-20", day)


@pytest.fixture
def pen(tmp_path) -> Pen:
    return Pen(tmp_path / "witness", "node-a")


@pytest.fixture
def seen(transactional_db, tmp_path, monkeypatch) -> Path:
    """The folder of this test's own witness."""
    monkeypatch.setattr(witness, "pen", Pen(tmp_path / "witness", "node-a"))
    return tmp_path / "witness"


def written(folder: Path) -> list[Line]:
    """Return what the witness of the test has written, to the last line."""
    witness.pen.finish()
    return [one for file in sorted(folder.glob(f"*{END}")) for one in read(file)]


def told(*files: Path) -> str:
    out = io.StringIO()
    call_command("witness", *map(str, files), stdout=out, stderr=out)
    return out.getvalue()


def forgets(*files: Path) -> list[str]:
    """Return what the command names, and hold it to the exit code of something forgotten."""
    out = io.StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("witness", *map(str, files), stdout=out, stderr=out)
    assert refused.value.returncode == 1
    return [*out.getvalue().splitlines(), str(refused.value)]


class TestWriting:
    def test_each_day_has_its_file_which_its_owner_alone_reads(self, pen):
        pen.put(line(1))
        pen.put(line(2, day="2026-12-21"))
        pen.finish()
        assert sorted(file.name for file in pen.folder.iterdir()) == [
            "node-a-2026-12-20.witness",
            "node-a-2026-12-21.witness",
        ]
        assert {stat.S_IMODE(file.stat().st_mode) for file in pen.folder.iterdir()} == {0o600}
        assert stat.S_IMODE(pen.folder.stat().st_mode) == 0o700

    def test_old_files_of_this_node_go_when_a_day_begins(self, pen, monkeypatch):
        pen.folder.mkdir()
        for day in range(1, witness.KEPT + 10):
            (pen.folder / f"node-a-1{day:03d}-01-01.witness").touch()
        (pen.folder / "node-b-1000-01-01.witness").touch()
        pen.put(line())
        pen.finish()
        kept = sorted(file.name for file in pen.folder.iterdir())
        assert len(kept) == witness.KEPT + 1
        assert kept[-2:] == ["node-a-2026-12-20.witness", "node-b-1000-01-01.witness"]

    def test_a_folder_that_can_not_be_written_is_told_in_the_log_and_holds_nobody_up(self, pen, caplog):
        pen.folder.write_text("a file is in the way")
        pen.put(line())
        pen.finish()
        assert [record.message for record in caplog.records] == ["the witness can't be written"]

    def test_a_file_that_is_taken_away_is_begun_anew(self, pen):
        file = pen.folder / "node-a-2026-12-20.witness"
        pen.put(line(1))
        while not file.exists() or not file.stat().st_size:
            time.sleep(0.01)
        file.unlink()
        pen.put(line(2))
        pen.finish()
        assert [one.position for one in read(file)] == [2]

    def test_after_half_a_line_the_next_one_begins_anew(self, pen):
        pen.folder.mkdir()
        file = pen.folder / "node-a-2026-12-20.witness"
        file.write_text(line(1) + line(2)[:30])
        pen._whole = False
        pen.put(line(3))
        pen.finish()
        assert [one and one.position for one in read(file)] == [1, None, 3]


@pytest.mark.parametrize("text", ["", "a\tb", "at\tchain\tx\thead\tconfirm\t", line()[:-1] + "\tmore"])
def test_what_is_no_line_is_refused(text):
    with pytest.raises(witness.Malformed):
        parse(text)


class TestWhatIsWrittenDown:
    def test_a_confirm_with_its_submission_id_and_nothing_about_the_student(self, seen):
        student = factories.class_group().students.first()
        declaration = stories.confirm(student)
        event = Event.objects.get(verb="confirm")
        at = event.happened_at.astimezone(SCHOOL_CLOCK).isoformat(timespec="seconds")
        submission = str(declaration.submission_id)
        assert written(seen)[-1] == Line(
            at, str(event.chain.uuid), event.position, event.link, "confirm", submission
        )
        text = "".join(file.read_text() for file in seen.iterdir())
        for secret in (student.name, student.student_number, student.id_number, str(student.uuid)):
            assert secret not in text

    def test_every_move_is_there_once_in_the_order_of_its_chain(self, seen):
        own = factories.class_group(students=6)
        stories.everything(own, factories.user("officer", role="department", in_department=own.department))
        lines = written(seen)
        stored = Event.objects.order_by("chain_id", "position")
        told = {(str(one.chain.uuid), one.position, one.link, one.verb) for one in stored}
        assert {(one.chain, one.position, one.head, one.verb) for one in lines} == told
        assert len(lines) == len(told)

    def test_a_move_that_was_not_committed_is_not_there(self, seen):
        student = factories.class_group().students.first()
        before = len(written(seen))
        witness.pen = Pen(seen, "node-a")
        with transaction.atomic():
            stories.confirm(student)
            transaction.set_rollback(True)
        assert len(written(seen)) == before


class TestTheCommand:
    def test_a_database_that_knows_all(self, seen):
        for student in factories.class_group().students.all():
            stories.confirm(student)
        moves = len(written(seen))
        assert told(*seen.iterdir()) == f"{moves} moves in 1 chains: none is forgotten.\n"

    def test_a_lost_tail_is_named_move_by_move(self, seen):
        first, second, third = factories.class_group().students.order_by("seat")
        stories.confirm(first)
        chain = Chain.objects.get()
        kept = (chain.length, chain.head)
        lost = [str(stories.confirm(one).submission_id) for one in (second, third)]
        written(seen)
        Event.objects.filter(position__gt=kept[0]).delete()
        Chain.objects.update(length=kept[0], head=kept[1])
        *moves, summary = forgets(*seen.iterdir())
        assert [one.partition(", submission ")[2] for one in moves] == [f"{one}: forgotten" for one in lost]
        assert moves[0].startswith("2026 信息工程系 软件2601班: move 2, confirm, ")
        assert summary == f"2 of {kept[0] + 2} moves are forgotten."

    def test_where_the_site_went_on_the_other_move_is_said_to_stand_there(self, seen, tmp_path):
        student = factories.class_group().students.first()
        stories.confirm(student)
        chain = Chain.objects.get()
        other = tmp_path / "other.witness"
        other.write_text(line(chain.length, chain=str(chain.uuid)))
        (move, summary) = forgets(other)
        assert move.endswith(": forgotten; another move stands in its place")
        assert summary == "1 of 1 moves are forgotten."

    def test_a_chain_of_which_nothing_is_left(self, db, tmp_path):
        file = tmp_path / "a.witness"
        file.write_text(line(1, submission="s") + line(2))
        assert forgets(file) == [
            "chain c, of which nothing is left: move 1, confirm, 2026-12-20T21:03:11+08:00, submission s: "
            "forgotten",
            "chain c, of which nothing is left: move 2, confirm, 2026-12-20T21:03:11+08:00: forgotten",
            "2 of 2 moves are forgotten.",
        ]

    def test_files_of_several_nodes_count_together_and_twice_counts_once(self, db, tmp_path):
        for name in "ab":
            (tmp_path / name).write_text(line(1) + line(2))
        assert forgets(tmp_path / "a", tmp_path / "b")[-1] == "2 of 2 moves are forgotten."

    def test_half_a_line_is_told_and_left_out(self, db, tmp_path):
        file = tmp_path / "a.witness"
        file.write_text(line(1)[:40])
        assert told(file) == (
            f"{file}: 1 lines are not whole, and were left out.\n0 moves in 0 chains: none is forgotten.\n"
        )

    def test_a_file_that_is_not_there_is_wrong_usage(self, db, tmp_path):
        with pytest.raises(CommandError) as refused:
            told(tmp_path / "none")
        assert (refused.value.returncode, str(refused.value)) == (
            2,
            f"{tmp_path / 'none'} can't be read: No such file or directory.",
        )
