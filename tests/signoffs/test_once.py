"""What is drawn once is the same for everybody, in each language."""

import pytest
from django.template import Context, Template
from django.utils import translation

TEMPLATE = "{% load i18n enrollcheck %}{{ name }}: {% once %}{% translate 'Sign out' %}{% endonce %}"


def test_it_is_drawn_for_each_language():
    template = Template(TEMPLATE)
    for language, said in (("en", "Sign out"), ("zh-hans", "退出登录"), ("en", "Sign out")):
        with translation.override(language):
            assert template.render(Context({"name": "吴子涵"})) == f"吴子涵: {said}"


def test_nothing_of_one_persons_page_can_stand_in_it():
    template = Template("{% load enrollcheck %}{% once %}{{ name }}{% endonce %}")
    with pytest.raises(AttributeError):
        template.render(Context({"name": "吴子涵"}))
