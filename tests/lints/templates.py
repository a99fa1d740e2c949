"""The lint of templates: nothing in them runs, nothing foreign ends up where it could."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from jinja2 import Environment, nodes
from jinja2.lexer import TOKEN_RAW_BEGIN, TOKEN_RAW_END

from tests.lints.finding import Allowed, Finding, files

FOLDERS = ("portal/templates", "sandbox/templates")
ALLOWED: Allowed = {
    ("csrf", "sandbox/templates/"): "the sandbox has no sessions; it refuses other sites by Origin",
    ("address", "portal/templates/audit/_filters.html"): "made by url_for in the views of the two chains",
    ("address", "portal/templates/demo/mail.html"): "http and https only, in what we would have mailed",
    ("address", "portal/templates/macros/"): "a macro's callers give addresses of url_for",
    ("address", "portal/templates/second_factor/_set_up.html"): "a picture made in the view, as data",
    ("address", "portal/templates/layouts/_chips.html"): "made by url_for in the views, for each filter",
    ("address", "portal/templates/readiness/show.html"): "made by url_for in the view, of a fixed list",
    ("address", "portal/templates/proofs/_report.html"): "made by url_for in the view, of a fixed list",
    ("address", "portal/templates/runs/_filters.html"): "made by url_for in the view",
    ("address", "portal/templates/runs/_log.html"): "made by url_for in the view, from the cursor",
    ("address", "sandbox/templates/refused.html"): "made by url_for in the view",
}

_ENVIRONMENT = Environment(extensions=["jinja2.ext.do"])
# Stands for the expression of that number while a template is read as HTML.
_MARK = re.compile("\ue000(\\d+)\ue001")
_ADDRESSES = ("href", "src", "action", "formaction", "hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete")
_RUNNING_TAGS = ("style", "iframe", "object", "embed", "base", "frame", "applet")
_SCRIPT = re.compile(r"^\s*(javascript|vbscript|data|js)\s*:", re.IGNORECASE)
_RUN_BY_HTMX = re.compile(r"(^|[\s{,:'\"])(js|javascript):", re.IGNORECASE)
_QUOTED = re.compile(r"""=\s*(?:"[^"]*"|'[^']*')""")


def findings() -> Iterator[Finding]:
    """Everything that breaks a rule in our templates."""
    for path, source in files(*FOLDERS, suffix=".html"):
        yield from check(path, source)


def check(path: str, source: str) -> Iterator[Finding]:
    """Look at one template."""
    yield from _escaping(path, source)
    html, expressions = as_html(source)
    reader = _Reader(path, expressions)
    reader.feed(html)
    reader.close()
    yield from reader.found


def _escaping(path: str, source: str) -> Iterator[Finding]:
    parsed = _ENVIRONMENT.parse(source)
    for node in parsed.find_all((nodes.Filter, nodes.Name, nodes.ScopedEvalContextModifier)):
        if isinstance(node, nodes.ScopedEvalContextModifier):
            yield Finding("unescaped", path, node.lineno, "{% autoescape %}")
        elif isinstance(node, nodes.Filter | nodes.Name) and node.name in ("safe", "Markup"):
            yield Finding("unescaped", path, node.lineno, node.name)


def as_html(source: str) -> tuple[str, list[str]]:
    """The HTML of a template, with a mark for each expression, and the expressions."""
    html: list[str] = []
    expressions: list[str] = []
    inside = ""
    for _, kind, value in _ENVIRONMENT.lex(source):
        if kind in ("data", "whitespace") and not inside:
            html.append(value)
        elif kind in (TOKEN_RAW_BEGIN, TOKEN_RAW_END):
            html.append("\n" * value.count("\n"))
        elif kind.endswith("_begin"):
            inside = kind
            expressions += [""] if kind == "variable_begin" else []
            html.append("\n" * value.count("\n"))
        elif kind.endswith("_end"):
            html.append(f"\ue000{len(expressions) - 1}\ue001" if kind == "variable_end" else "")
            html.append("\n" * value.count("\n"))
            inside = ""
        else:
            html.append("\n" * value.count("\n"))
            if inside == "variable_begin":
                expressions[-1] += value
    return "".join(html), [expression.strip() for expression in expressions]


class _Reader(HTMLParser):
    """Walks a template's tags."""

    def __init__(self, path: str, expressions: list[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Finding] = []
        self._path = path
        self._expressions = expressions
        self._form: tuple[int, bool] | None = None
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at a tag."""
        given = {name: value or "" for name, value in attrs}
        self._look_at_attributes(given)
        self._look_at_quotes(self.get_starttag_text() or "")
        if tag in _RUNNING_TAGS:
            self._find("running", f"<{tag}>")
        if tag == "script":
            self._in_script = True
            if not self._made_by_url_for(given.get("src", "")):
                self._find("running", "<script> without a src of url_for")
        if tag == "form":
            self._open_form(given)
        if given.get("name") == "csrf_token":
            self._token_seen()

    def handle_endtag(self, tag: str) -> None:
        """Look at what a form held."""
        if tag == "script":
            self._in_script = False
        if tag == "form":
            self._close_form()

    def handle_data(self, data: str) -> None:
        """Look at text: a form's hidden fields may come of an expression."""
        if self._in_script and data.strip():
            self._find("running", "a script's text")
        for number in _MARK.findall(data):
            if re.search(r"\bhidden_tag\(|\bcsrf_token\b(?!\()", self._expressions[int(number)]):
                self._token_seen()

    def close(self) -> None:
        """A form that is not closed holds what came up to the end."""
        super().close()
        self._close_form()

    def _look_at_attributes(self, given: dict[str, str]) -> None:
        for name, value in given.items():
            if _MARK.search(name):
                self._find("unquoted", f"{self._written(name)} makes an attribute's name")
            if name.startswith(("on", "hx-on")) or name == "style":
                self._find("running", f"{name}=")
            if (
                _RUN_BY_HTMX.search(value)
                if name.startswith("hx-")
                else name in _ADDRESSES and _SCRIPT.match(value)
            ):
                self._find("running", f'{name}="{self._written(value)}"')
            if name in _ADDRESSES and _MARK.match(value) and not self._made_by_url_for(value):
                self._find("address", f'{name}="{self._written(value)}" is not of url_for')

    def _look_at_quotes(self, tag: str) -> None:
        for unquoted in re.findall(r"\S*" + _MARK.pattern + r"\S*", _QUOTED.sub(" ", tag)):
            self._find("unquoted", f"{{{{ {self._expressions[int(unquoted)]} }}}} stands outside of quotes")

    def _open_form(self, given: dict[str, str]) -> None:
        self._form = None
        if given.get("method", "get").lower() == "post":
            self._form = (self.getpos()[0], False)
            if not self._made_by_url_for(given.get("action", "")):
                self._find("action", "a form that posts has an action of url_for")

    def _close_form(self) -> None:
        if self._form is not None and not self._form[1]:
            self.found.append(Finding("csrf", self._path, self._form[0], "a form that posts holds no token"))
        self._form = None

    def _token_seen(self) -> None:
        self._form = (self._form[0], True) if self._form else None

    def _made_by_url_for(self, value: str) -> bool:
        mark = _MARK.match(value)
        return mark is not None and self._expressions[int(mark[1])].startswith("url_for(")

    def _written(self, value: str) -> str:
        return _MARK.sub(lambda mark: "{{ " + self._expressions[int(mark[1])] + " }}", value)

    def _find(self, rule: str, what: str) -> None:
        self.found.append(Finding(rule, self._path, self.getpos()[0], what))
