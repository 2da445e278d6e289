"""The job that reads. For every sheet a line `{"sheet": …}` and lists of its rows; then `{"end": true}`."""

from . import job, recognise

ROWS_A_LINE = 500


def read(arguments: dict, content: bytes) -> None:
    """Write every sheet and its rows."""
    for sheet in recognise.sheets(content):
        job.say({"sheet": sheet.about()})
        rows = []
        for row in sheet.rows():
            rows.append(row)
            if len(rows) == ROWS_A_LINE:
                job.say(rows)
                rows = []
        job.say(rows)
    job.say({"end": True})


if __name__ == "__main__":
    job.run(read)
