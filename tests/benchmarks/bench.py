"""What all benchmarks share: a database of their own, a clock, a table of results."""

import base64
import gc
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@contextmanager
def own_database(url: str = "", kept_in: Path | None = None) -> Iterator[Path]:
    """Set Django up with production settings on a fresh database; yield the folder that it lies in.

    Call it before anything of Django is imported. `url`: of an empty PostgreSQL database; SQLite without it.
    `kept_in`: a folder whose database several processes use, one after the other; the caller deletes it.
    """
    folder = kept_in or Path(tempfile.mkdtemp(prefix="enrollcheck-benchmark-"))
    os.environ.update(
        DJANGO_SETTINGS_MODULE="enrollcheck.settings",
        DEBUG="off",
        SECRET_KEY="only-for-benchmarks-" + "x" * 40,
        FIELD_KEY="b1:" + base64.urlsafe_b64encode(b"only for benchmarks, 32 bytes ok").decode(),
        SITE_URL=os.environ.get("SITE_URL", "http://127.0.0.1:8000"),
        ALLOWED_HOSTS="127.0.0.1,testserver",
        DATA_FOLDER=str(folder),
        DATABASE_URL=url or f"sqlite:///{folder / 'benchmark.sqlite3'}",
    )
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    try:
        yield folder
    finally:
        if kept_in is None:
            shutil.rmtree(folder)


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds the work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _status_mb(name: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(name)


def grown_mb(work: Callable[[], object]) -> float:
    """Return by how many MB this process grows at most during the work. Linux only."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _status_mb("VmRSS")
    work()
    return _status_mb("VmHWM") - before


@dataclass(frozen=True)
class Result:
    """One line of the table: what was measured, and the target it is held against."""

    what: str
    figure: float
    unit: str
    target: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.figure >= self.target if self.at_least else self.figure <= self.target

    @property
    def row(self) -> str:
        """The result as a row of a Markdown table."""
        sign, verdict = "≥" if self.at_least else "≤", "met" if self.met else "**missed**"
        figure = f"{self.figure:,.0f}" if abs(self.figure) >= 100 else f"{self.figure:.3g}"
        shown = f"{figure} {self.unit}".strip()
        return f"| {self.what} | {shown} | {sign} {self.target:g} | {verdict} |"


def report(title: str, results: list[Result], notes: list[str]) -> None:
    """Print a benchmark's results as lines of a Markdown table, and its notes to standard error."""
    for note in notes:
        print(f"{title}: {note}", file=sys.stderr)
    for one in results:
        print(one.row)
