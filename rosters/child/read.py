"""The job that reads. For every sheet a line `{"sheet": …}` and lists of its rows; then `{"end": true}`."""

from . import job, recognise
from .refusal import Refusal

ROWS_A_LINE = 500
# All sheets together, titles and notes among them. A roster's own limit (reading.MOST_ROWS) is lower.
MOST_LINES = 250_000


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
                job.say(rows)
                rows = []
        job.say(rows)
    job.say({"end": True})


if __name__ == "__main__":
    job.run(read)
