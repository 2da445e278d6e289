"""The status of 20,000 students as a workbook, against openpyxl's write_only with the same cells.

`python -m tests.benchmarks.export_status [--students 20000]`
"""

import argparse
import io

from tests.benchmarks.bench import Result, own_database, report, timed


def main() -> None:
    """Run both sides and print the ratio."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--students", type=int, default=20_000)
    chosen = options.parse_args()
    with own_database():
        print_results(chosen.students)


def print_results(count: int) -> None:
    from openpyxl import Workbook, load_workbook

    from rosters import planning, reading
    from rosters.models import ClassGroup
    from signoffs import flow
    from signoffs.outputs import exports
    from signoffs.queries.actors import Who
    from tests.benchmarks import rosters

    acting = {"who": Who(command="benchmark")}
    campaign = flow.campaign_for(slug="2026", **acting)
    plan = planning.plan(campaign, reading.read(rosters.workbook(count), "roster.xlsx"))
    flow.import_roster(plan=plan, **acting)
    classes = ClassGroup.objects.all()

    made = {}
    ours = min(timed(lambda: made.update(book=exports.student_status(classes))) for _ in range(3))
    rows = list(load_workbook(io.BytesIO(made["book"]), read_only=True).active.iter_rows(values_only=True))
    assert len(rows) == count + 1

    def write_only() -> None:
        book = Workbook(write_only=True)
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
        book.save(io.BytesIO())

    openpyxl = min(timed(write_only) for _ in range(3))
    report(
        "export",
        [
            Result(
                f"Status of {count:,} students ÷ openpyxl's write_only, same cells", ours / openpyxl, "×", 0.5
            )
        ],
        [f"ours {ours:.2f} s, all queries included; openpyxl {openpyxl:.2f} s, the cells alone"],
    )


if __name__ == "__main__":
    main()
