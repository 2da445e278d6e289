"""The one view: reads one row and inserts one, in `atomic()`."""

from django.db import transaction
from django.http import HttpResponse
from django.urls import path

from .models import Entry, Person


def enter(request, number: str) -> HttpResponse:
    """Return `ok` once the entry is stored."""
    with transaction.atomic():
        person = Person.objects.get(number=number)
        Entry.objects.create(person=person, text=person.name)
    return HttpResponse("ok", headers={"Content-Length": "2"})


urlpatterns = [path("<str:number>/", enter)]
