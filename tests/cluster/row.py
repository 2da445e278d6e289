"""What came of a fault, as a row of the table."""

from dataclasses import dataclass, field

from tests.cluster.faults import Fault


@dataclass
class Row:
    """What came of a fault."""

    fault: Fault
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    not_run: str = ""
    acknowledged: int = 0
    gap: float = 0
    slowest: float = 0
    ours: int = 0
    bare: int = 0
    lost: int = 0
    named: int | None = None  # by the witness, of what was lost
    whole: float = 0
    load: float = 0

    @property
    def verdict(self) -> str:
        """What to say of it in the table's last column."""
        if self.not_run:
            return f"**not run**: {self.not_run}"
        if self.wrong:
            return f"**WRONG**: {'; '.join(self.wrong)}"
        if self.named is not None:
            return f"the witness names all {self.named}"
        return f"**missed**: {'; '.join(self.missed)}" if self.missed else "held"

    def line(self) -> str:
        """The table's row."""
        if self.not_run:
            figures = [""] * 7
        else:
            target = f" (≤ {self.fault.gap:.0f})" if self.fault.gap else ""
            times = [f"{self.gap:.1f}{target}", f"{self.slowest:.1f}", f"{self.ours} + {self.bare}"]
            figures = [
                f"{self.acknowledged:,}",
                str(self.lost),
                *times,
                f"{self.whole:.0f}",
                f"{self.load:.1f}",
            ]
        return f"| {' | '.join([self.fault.words, *figures, self.verdict])} |"


COLUMNS = (
    "fault",
    "acknowledged",
    "lost",
    "longest gap, s",
    "slowest answer, s",
    "our 503 + other errors",
    "whole after, s",
    "load",
    "",
)
HEAD = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"

HELD, WRONG, MISSED = 0, 1, 3  # the command's exit codes


def exit_code(rows: list[Row]) -> int:
    """Say what the rounds came to: what was not run never passes."""
    if any(row.wrong for row in rows):
        return WRONG
    return MISSED if any(row.missed or row.not_run for row in rows) else HELD
