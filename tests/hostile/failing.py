"""The map of the site, and pages that fail as pages do: with personal data in hand."""

import errno

from django.db import IntegrityError, connection, transaction
from django.urls import include, path

from rosters.models import Student


def fails(request, kind: str):
    """Fail in that way."""
    student = Student.objects.order_by("seat")[1]
    name, number, id_number = student.name, student.student_number, student.id_number
    if kind == "integrity":
        with transaction.atomic(), connection.cursor() as cursor:
            # As PostgreSQL words it; SQLite quotes no value.
            cursor.execute("SELECT 1")
            detail = f"DETAIL:  Key (student_number, name)=({number}, {name}) already exists."
            raise IntegrityError(f'duplicate key value violates unique constraint "x"\n{detail}')
    if kind == "key":
        return {}[name]
    if kind == "chained":
        try:
            int(f"{name}{number}")
        except ValueError as error:
            raise RuntimeError(f"{number} of {name}") from error
    if kind == "local":
        return f"{name}{number}{id_number}\ud800".encode()
    raise OSError(errno.ENOSPC, "No space left on device", f"/srv/{name}-{number}.pdf")


handler500 = "signoffs.views.failures.server_error"
handler404 = "signoffs.views.failures.not_found"
handler400 = "signoffs.views.failures.bad_request"
handler403 = "signoffs.views.failures.forbidden"
urlpatterns = [path("fails/<str:kind>/", fails), path("", include("enrollcheck.urls"))]
