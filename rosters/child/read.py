"""The job that reads. For every sheet a line `{"sheet": …}` and lists of its rows; then `{"end": true}`."""

from . import job, recognise
from .refusal import MOST_LINES, Refusal

ROWS_A_LINE = 500
# What the reading process takes at once: a roster's row has some hundred bytes.
LONGEST_LINE = 2 * 1024 * 1024


def _say(rows: list) -> None:
    """Write rows, in several lines where they are long. Raise Refusal for one row that is."""
    line = job.line(rows)
    if len(line) <= LONGEST_LINE:
        job.write(line)
    elif len(rows) == 1:
        raise Refusal("too_many_cells")
    else:
        half = len(rows) // 2
        _say(rows[:half])
        _say(rows[half:])


def read(arguments: dict, content: bytes, parts: list[str]) -> None:
    """Write every sheet and its rows. Raise Refusal for more lines than any roster has."""
    lines = 0
    for sheet in recognise.sheets(content):
        job.say({"sheet": sheet.about()})
        rows = []
        for row in sheet.rows():
            rows.append(row)
            lines += 1
            if lines > MOST_LINES:
                raise Refusal("too_many_rows")
            if len(rows) == ROWS_A_LINE:
                _say(rows)
                rows = []
        _say(rows)
    job.say({"end": True})


if __name__ == "__main__":
    job.run(read)
