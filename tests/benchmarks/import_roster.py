"""Importing a roster, against merely reading the file with openpyxl, and against a plain ModelResource.

`python -m tests.benchmarks.import_roster [--rows 20000]`. What memory an import takes, scaling.py measures.
"""

import argparse
import io
import uuid

from tests.benchmarks.bench import Result, own_database, report, timed


def main() -> None:
    """Run all sides and print the ratios."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=20_000)
    chosen = options.parse_args()
    with own_database():
        print_results(chosen.rows)


def print_results(count: int) -> None:
    import tablib
    from django.utils import timezone
    from openpyxl import load_workbook

    from rosters import importing, key_fields, planning, reading
    from rosters.models import Campaign, Student
    from signoffs import flow
    from signoffs.queries.actors import Who
    from tests.benchmarks import rosters

    content = rosters.workbook(count)

    acting = {"who": Who(command="benchmark")}

    def ours(slug: str, content: bytes) -> None:
        campaign = flow.campaign_for(slug=slug, **acting)
        plan = planning.plan(campaign, reading.read(content, "roster.xlsx"))
        assert plan.is_clean
        flow.import_roster(plan=plan, **acting)

    def merely_read() -> None:
        for row in load_workbook(io.BytesIO(content), read_only=True).active.iter_rows(values_only=True):
            assert row

    fresh = timed(lambda: ours("2026", content))
    assert Student.objects.count() == count
    again = min(timed(lambda: ours("2026", content)) for _ in range(3))
    read = min(timed(merely_read) for _ in range(3))

    resource = documented_resource()

    def model_resource() -> None:
        # As the documentation shows: a dataset from the file, each row found or made by its import id.
        sheet = load_workbook(io.BytesIO(content), read_only=True).active.iter_rows(values_only=True)
        next(sheet)
        dataset = tablib.Dataset(*sheet, headers=list(key_fields.BY_NAME))
        result = resource(campaign).import_data(dataset, raise_errors=True)
        assert not result.has_errors()

    campaign = Campaign.objects.create(
        slug="2027", student_deadline=timezone.localdate(), department_deadline=timezone.localdate()
    )
    for group in list(importing.ClassGroup.objects.filter(campaign__slug="2026")):
        group.pk, group.uuid, group.campaign = None, uuid.uuid4(), campaign
        group.save(force_insert=True)
    plain_fresh, plain_again = timed(model_resource), timed(model_resource)

    report(
        "import",
        [
            Result(f"Import of {count:,} rows, fresh ÷ openpyxl merely reading", fresh / read, "×", 0.7),
            Result("The same file again ÷ openpyxl merely reading", again / read, "×", 0.35),
            Result("A plain ModelResource ÷ import, fresh", plain_fresh / fresh, "×", 30, at_least=True),
            Result("A plain ModelResource ÷ import, again", plain_again / again, "×", 80, at_least=True),
        ],
        [
            f"fresh {fresh:.2f} s, again {again:.2f} s, openpyxl {read:.2f} s; "
            f"ModelResource {plain_fresh:.1f} s, again {plain_again:.1f} s"
        ],
    )


def documented_resource():
    """Return a ModelResource as django-import-export's documentation shows one, on the same model."""
    from import_export import fields, resources, widgets

    from rosters import key_fields
    from rosters.models import ClassGroup, Student

    class InCampaign(widgets.ForeignKeyWidget):
        def get_queryset(self, value, row, *args, **kwargs):
            return ClassGroup.objects.filter(campaign__slug="2027")

    class PlainResource(resources.ModelResource):
        # The class of a row, as the documentation follows a relation: by a name that is looked up.
        class_group = fields.Field(
            attribute="class_group", column_name="class_name", widget=InCampaign(ClassGroup, "name")
        )

        class Meta:
            model = Student
            fields = ("class_group", *key_fields.BY_NAME)
            import_id_fields = ("student_number",)

        def __init__(self, campaign):
            super().__init__()
            self.campaign, self.seat = campaign, 0

        def get_queryset(self):
            return Student.objects.filter(campaign=self.campaign)

        def before_save_instance(self, instance, row, **kwargs):
            if instance.pk is None:
                self.seat += 1
                instance.campaign, instance.seat = self.campaign, self.seat

    return PlainResource


if __name__ == "__main__":
    main()
