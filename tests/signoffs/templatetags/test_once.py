"""What is drawn once is the same for everybody, in each language."""

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation

TEMPLATE = "{% load i18n enrollcheck %}{{ name }}: {% once %}{% translate 'Sign out' %}{% endonce %}"


def test_it_is_drawn_for_each_language():
    template = Template(TEMPLATE)
    for language, said in (("en", "Sign out"), ("zh-hans", "退出登录"), ("en", "Sign out")):
        with translation.override(language):
            assert template.render(Context({"name": "吴子涵"})) == f"吴子涵: {said}"


def test_it_holds_a_sentence_that_names_nothing():
    inner = "{% blocktranslate trimmed %}\n  Sign out\n{% endblocktranslate %}"
    template = Template(f"{{% load i18n enrollcheck %}}{{% once %}}{inner}{{% endonce %}}")
    with translation.override("zh-hans"):
        assert template.render(Context()) == "退出登录"


@pytest.mark.parametrize(
    "inner",
    [
        "{{ name }}",
        "{% csrf_token %}",
        "{% if name %}A{% else %}B{% endif %}",
        "{% for one in name %}{{ one }}{% endfor %}",
        "{% block part %}{% endblock %}",
        "{% include 'components/_hidden.html' %}",
        "{% now 'H:i' %}",
        "{% blocktranslate %}Hello {{ name }}{% endblocktranslate %}",
        "{% blocktranslate count n=name|length %}One{% plural %}Many{% endblocktranslate %}",
    ],
)
def test_what_may_differ_is_refused(inner):
    with pytest.raises(TemplateSyntaxError, match="once"):
        Template(f"{{% load i18n enrollcheck %}}{{% once %}}<p>{inner}</p>{{% endonce %}}")
