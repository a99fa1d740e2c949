import pytest

from tests.lints import templates
from tests.lints.finding import Finding, outside

FORM = (
    '<form method="post" action="{{ url_for("auth.theme") }}">'
    '<input type="hidden" name="csrf_token" value="{{ csrf_token() }}"></form>'
)

# What breaks a rule -> the rule.
PLANTED = {
    "{{ name|safe }}": "unescaped",
    "{{ Markup(name) }}": "unescaped",
    "{% autoescape false %}{{ name }}{% endautoescape %}": "unescaped",
    "<script>alert(1)</script>": "running",
    '<script src="https://evil.example/x.js"></script>': "running",
    '<script src="{{ url_for("static", filename="a.js") }}">alert(1)</script>': "running",
    "<style>a { color: red }</style>": "running",
    '<iframe src="{{ url_for("a") }}"></iframe>': "running",
    '<base href="{{ url_for("a") }}">': "running",
    '<img src="{{ url_for("a") }}" onerror="go()">': "running",
    "<p {% if a %}onclick='go()'{% endif %}>": "running",
    '<p style="color: red">': "running",
    '<p hx-on:click="go()">': "running",
    '<p hx-on::after-request="go()">': "running",
    "<p hx-vals='js:{a: go()}'>": "running",
    '<p hx-vals:inherited="javascript:go()">': "running",
    "<p hx-trigger='js: go()'>": "running",
    '<a href="javascript:go()">x</a>': "running",
    '<a href="{{ foreign }}">x</a>': "address",
    '<a hx-get="{{ foreign }}">x</a>': "address",
    "<p class={{ tone }}>": "unquoted",
    "<p class=a{{ tone }}>": "unquoted",
    "<p {{ attributes }}>": "unquoted",
    '<p data-{{ name }}="x">': "unquoted",
    '<option value="a" {% if b %}selected={{ b }}{% endif %}>': "unquoted",
    '<form method="post" action="{{ url_for("a") }}"><input name="b"></form>': "csrf",
    '<form method="POST" action="{{ url_for("a") }}">': "csrf",
    FORM.replace('"{{ url_for("auth.theme") }}"', '"/theme"'): "action",
    FORM.replace(' action="{{ url_for("auth.theme") }}"', ""): "action",
    FORM.replace('"{{ url_for("auth.theme") }}"', '"{{ target }}"'): "action",
}
HARMLESS = (
    FORM,
    FORM.replace(
        '<input type="hidden" name="csrf_token" value="{{ csrf_token() }}">', "{{ form.hidden_tag() }}"
    ),
    FORM.replace("{{ csrf_token() }}", "{{ '{{' }}"),
    '<form action="{{ url_for("a") }}"><input name="q" value="{{ q }}"></form>',
    '<a class="{{ \'a\' if b else "c" }}" href="{{ url_for(\'a\', b=c) }}">{{ d }}</a>',
    '<p {% if a %}aria-current="page"{% endif %} hidden data-b="{{ c }}{% if d %} e{% endif %}">',
    '{# <script>alert(1)</script> #}<p hx-headers:inherited=\'{"X-CSRFToken": "{{ csrf_token() }}"}\'>',
    '<option value="{{ a }}" {{- " " }}>on=1</option>'.replace(' {{- " " }}', ""),
)


@pytest.mark.parametrize("planted", PLANTED, ids=range(len(PLANTED)))
def test_a_template_that_breaks_a_rule_is_found(planted):
    assert PLANTED[planted] in {finding.rule for finding in templates.check("a.html", f"<i>\n{planted}</i>")}


@pytest.mark.parametrize("source", HARMLESS, ids=range(len(HARMLESS)))
def test_a_harmless_template_breaks_none(source):
    assert list(templates.check("a.html", source)) == []


def test_a_finding_names_the_line():
    source = '{# a\nb #}\n{% if a\n   and b %}{% endif %}\n<p class="{{ c\n}}">\n<p style="d">'
    assert [finding.line for finding in templates.check("a.html", source)] == [7]


def test_our_templates_break_no_rule():
    assert list(map(str, outside(templates.findings(), templates.ALLOWED))) == []


def test_what_is_allowed_and_no_longer_there_is_found():
    here = [Finding("address", "a/b.html", 1, "x")]
    assert list(outside(here, {("address", "a/"): "why"})) == []
    assert list(outside(here, {("address", "a/b.html"): "why"})) == []
    assert [finding.line for finding in outside([], {("address", "a/"): "why"})] == [0]
    assert list(outside(here, {})) == here
