"""The office at its desk, and a campaign under way."""

import pytest
from django.test import Client

from tests import factories, stories


@pytest.fixture
def desk(office) -> Client:
    """The office, signed in."""
    client = Client()
    client.force_login(office)
    return client


@pytest.fixture
def world(campaign, officer, own_class) -> dict:
    """A department that has handed in, and one where nobody has begun."""
    whole = factories.class_group("软件2602班", students=6)
    own_class.students.all().delete()
    own_class.tally.delete()
    own_class.delete()
    factories.class_group("机械2601班", department_name="机械工程系")
    return stories.everything(whole, officer)
