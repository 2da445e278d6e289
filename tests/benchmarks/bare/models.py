"""A row to read, and a row to insert."""

from django.db import models


class Person(models.Model):
    """What is read."""

    number = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=80)

    def __str__(self):
        return self.name


class Entry(models.Model):
    """What is inserted."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    text = models.CharField(max_length=80)

    def __str__(self):
        return self.text
