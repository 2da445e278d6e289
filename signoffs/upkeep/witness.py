"""A witness outside the database: each acknowledged move as a line of a file that each node keeps.

A database that was set back to an earlier moment is whole in itself: nothing inside can tell that it has
forgotten. The file can. It names nobody: a chain's UUID, where in it the move stands, the chain's head after
it, the move, and the submission id of what a student has sent.

A line is written once the move is committed, by a thread of its own: no request ever waits for it. So a
machine that loses power may lose its last lines: the witness then says less than it could, nothing false.
"""

import atexit
import logging
import os
import socket
import threading
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from ..models import Chain, Event
from ..process import deadlines

# Days on which something happened, of which a node keeps the files: longer than any backup is kept.
KEPT = 400
END = ".witness"
CLOSED = -1

_log = logging.getLogger("enrollcheck.witness")


class Line(NamedTuple):
    """What a file says of a move. `submission` is empty where nobody has sent a form with one."""

    at: str
    chain: str
    position: int
    head: str
    verb: str
    submission: str


class Malformed(ValueError):
    """No line of a witness: half a line, where a disk was full or a machine lost its power."""


def parse(text: str) -> Line:
    """Return the line that the text holds. Raise Malformed."""
    fields = text.split("\t")
    if len(fields) != len(Line._fields) or not fields[2].isdecimal():
        raise Malformed(text)
    at, chain, position, *rest = fields
    return Line(at, chain, int(position), *rest)


def _line(event: Event, chain: Chain, submission: str) -> str:
    at = event.happened_at.astimezone(deadlines.SCHOOL_CLOCK).isoformat(timespec="seconds")
    return f"{at}\t{chain.uuid}\t{event.position}\t{event.link}\t{event.verb}\t{submission}\n"


class Pen:
    """Appends lines to the node's file of the day, in a thread of its own."""

    def __init__(self, folder: Path, node: str):
        """Take where the files lie, and the node's name; nothing is opened before there is a line."""
        self.folder, self.node = folder, node
        self._waiting: SimpleQueue[str | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._day, self._descriptor = "", CLOSED  # of the file that is open
        self._whole = True  # whether the last line was written to its end

    def put(self, line: str) -> None:
        """Hand a line over; returns at once."""
        self._waiting.put(line)
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="witness", daemon=True)
                self._thread.start()
                atexit.register(self.finish)

    def finish(self, patience: float = 2.0) -> None:
        """Let what was handed over be written, within so many seconds."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(patience)

    def _write(self) -> None:
        while (line := self._waiting.get()) is not None:
            lines, ends = [line], False
            while True:  # all that has come meanwhile, by one write
                try:
                    more = self._waiting.get_nowait()
                except Empty:
                    break
                if more is None:
                    ends = True
                    break
                lines.append(more)
            self._append(lines)
            if ends:
                return

    def _append(self, lines: list[str]) -> None:
        """Append lines of one day or of several; what can't be written is told in the log, and left out."""
        for day, those in groupby(lines, key=lambda line: line.partition("T")[0]):
            try:
                self._append_to(day, "".join(those).encode())
            except OSError as error:
                self._day = ""  # opened anew for the next
                _log.error("the witness can't be written", extra={"facts": {"why": error.strerror}})

    def _append_to(self, day: str, content: bytes) -> None:
        """Append by one write, which the kernel keeps apart from the other processes'. Raise OSError."""
        if day != self._day or os.fstat(self._descriptor).st_nlink == 0:  # another day, or it was moved away
            self._open(day)
        content = content if self._whole else b"\n" + content
        self._whole = False
        self._whole = os.write(self._descriptor, content) == len(content)

    def _open(self, day: str) -> None:
        """Open the file of a day in place of the one that was open. Raise OSError."""
        if self._descriptor != CLOSED:
            os.close(self._descriptor)
            self._descriptor = CLOSED
        file = self.folder / f"{self.node}-{day}{END}"
        if not file.exists():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._drop_old()
        self._descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._day = day

    def _drop_old(self) -> None:
        for old in sorted(self.folder.glob(f"{self.node}-*{END}"))[: -KEPT + 1]:
            old.unlink(missing_ok=True)


def read(file: Path) -> Iterator[Line | None]:
    """Yield a file's lines; None for each that is malformed. Raise OSError where it can't be read."""
    with open(file, encoding="utf-8", errors="replace", newline="\n") as lines:
        for text in lines:
            if text == "\n":
                continue
            try:
                yield parse(text.removesuffix("\n"))
            except Malformed:
                yield None


pen = Pen(Path(settings.WITNESS_FOLDER), socket.gethostname()) if settings.WITNESS_FOLDER else None


def note(event: Event, chain: Chain, submission: str = "") -> None:
    """Let the witness write a move down once it is committed; its own trouble never reaches the move."""
    if pen is not None:
        transaction.on_commit(partial(pen.put, _line(event, chain, submission)), robust=True)
