"""The child process: limits first, then one job. `python -m rosters.child read|mark`.

Standard input: a line of JSON (the job's arguments), then the file. Standard output, for `read`: lines of
JSON, `{"sheet": …}` and after it lists of rows, at the end `{"end": true}`; for `mark`: the line
`{"marked": true}` and the workbook. A file that is refused: one line `{"refused": code}`.
"""

import json
import resource
import sys

from . import recognise
from .refusal import Refusal

MEMORY_BYTES = 1536 * 1024 * 1024
CPU_SECONDS = 14
ROWS_A_LINE = 500


def limit() -> None:
    """Take away what reading a table doesn't need: memory, time, writing files, dumps of memory."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def say(message) -> None:
    """Write one line of JSON."""
    sys.stdout.buffer.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")


def read(arguments: dict, content: bytes) -> None:
    """Write every sheet and its rows."""
    for sheet in recognise.sheets(content):
        say({"sheet": sheet.about()})
        rows = []
        for row in sheet.rows():
            rows.append(row)
            if len(rows) == ROWS_A_LINE:
                say(rows)
                rows = []
        say(rows)
    say({"end": True})


JOBS = {"read": read}


def main(job: str) -> None:
    """Do the job. A refused file is an answer, not a failure."""
    limit()
    arguments = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    try:
        JOBS[job](arguments, content)
    except Refusal as refusal:
        say({"refused": refusal.code, "details": refusal.details})
    except MemoryError:
        say({"refused": "too_much_memory", "details": {}})


main(sys.argv[1])
