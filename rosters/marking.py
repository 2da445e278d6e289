"""Gives the office's workbook back with its faulty cells marked; a child process writes it."""

import json
from collections.abc import Iterable
from typing import Any

from . import guard
from .problems import ERROR, Problem
from .reading import Reading
from .refusals import Unreadable

MOST_MARKS = 5_000


def marked(content: bytes, reading: Reading, problems: Iterable[Problem]) -> bytes:
    """Return the workbook as xlsx, each faulty cell painted and with a comment. Raise Unreadable.

    What concerns a whole row is marked in its first cell; what concerns the whole file is on the page alone.
    """
    sheets = {sheet.name: sheet for sheet in reading.sheets}
    marks: list[dict[str, Any]] = []
    for problem in sorted(problems, key=lambda problem: problem.level != ERROR):
        sheet = sheets.get(problem.sheet)
        if problem.row is not None and sheet is not None and len(marks) < MOST_MARKS:
            header = sheet.header_at(problem.row)
            marks.append(
                {
                    "sheet": problem.sheet,
                    "row": problem.row,
                    "column": header.index.get(problem.column or "", 0) if header else 0,
                    "level": problem.level,
                    "message": problem.message,
                }
            )
    answer = guard.answer("mark", {"marks": marks}, content)
    try:
        first = json.loads(next(answer, b"{}"))
        book = b"".join(answer)
    except guard.ChildDied as error:
        raise Unreadable("too_much_memory" if error.killed else "truncated") from error
    if "marked" not in first:
        raise Unreadable(first.get("refused", "too_much_memory"), **first.get("details", {}))
    return book
