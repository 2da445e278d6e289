"""What every job of the child process begins and ends with: the sandbox first, and a refusal is an answer.

Standard input: a line of JSON (the job's arguments), then the file. Standard output: lines of JSON; a file
that is refused: one line `{"refused": code, "details": {…}}`.
"""

import codecs
import json
import sys
from collections.abc import Callable

from . import sandbox
from .refusal import Refusal

# Codecs are imported at their first use, which the sandbox would refuse.
_ENCODINGS = (
    "ascii",
    "latin-1",
    "cp437",
    "utf-8",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "gb18030",
    "big5",
)


def line(message: object) -> bytes:
    """Return a message as a line of JSON."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def write(answer: bytes) -> None:
    """Write a part of the answer."""
    sys.stdout.buffer.write(answer)


def say(message: object) -> None:
    """Write one line of JSON."""
    write(line(message))


def run(work: Callable[[dict, bytes, list[str]], None]) -> None:
    """Do a job in the sandbox: give it its arguments, the file and the sandbox's parts that are on."""
    for encoding in _ENCODINGS:
        codecs.lookup(encoding)
    parts = sandbox.enter()
    arguments = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    try:
        work(arguments, content, parts)
    except Refusal as refusal:
        say({"refused": refusal.code, "details": refusal.details})
    except MemoryError:
        say({"refused": "too_much_memory", "details": {}})
