"""What every job of the child process begins and ends with: limits first, and a refusal is an answer.

Standard input: a line of JSON (the job's arguments), then the file. Standard output: lines of JSON; a file
that is refused: one line `{"refused": code, "details": {…}}`.
"""

import json
import resource
import sys
from collections.abc import Callable
from typing import Any

from .refusal import Refusal

MEMORY_BYTES = 1536 * 1024 * 1024
CPU_SECONDS = 14


def limit(largest_file: int) -> None:
    """Take away what the job doesn't need: memory, time, writing files, dumps of memory."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def say(message: object) -> None:
    """Write one line of JSON."""
    sys.stdout.buffer.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")


def run(work: Callable[[dict[str, Any], bytes], None], largest_file: int = 0) -> None:
    """Do a job: read its arguments and the file, and let it answer."""
    limit(largest_file)
    arguments = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    try:
        work(arguments, content)
    except Refusal as refusal:
        say({"refused": refusal.code, "details": refusal.details})
    except MemoryError:
        say({"refused": "too_much_memory", "details": {}})
