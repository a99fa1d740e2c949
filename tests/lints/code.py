"""The lint of Python code: the few ways in which this program could be turned against its users."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.lints.finding import Allowed, Finding, files

FOLDERS = ("portal", "sandbox")
ALLOWED: Allowed = {
    ("made sql", "portal/migrations/"): "names of our own roles and tables, at an installation's set-up",
    ("made sql", "portal/cli/checking/probes.py"): "names of our own roles, in `trellis doctor`",
    ("made sql", "sandbox/store.py"): "words of the code; every value is bound",
    ("made sql", "sandbox/ledger.py"): "words of the code; every value is bound",
    ("made sql", "sandbox/faults/past.py"): "triggers take no bound values; the one value is a float",
    ("broad except", "portal/sync/engine/shift.py"): "the place where a bug becomes a visible problem",
    ("broad except", "portal/sync/leased.py"): "a bug becomes a visible sentence, as in a shift",
    ("broad except", "portal/sync/engine/poll.py"): "a bug becomes a visible problem, as in a shift",
}

_UNPACKERS = ("pickle", "cPickle", "marshal", "shelve", "dill", "jsonpickle")
_SHELLS = ("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput")
_TEMPLATES_OF_TEXT = ("render_template_string", "from_string", "Markup", "stream_template_string")
_SQL = ("text", "execute", "scalars", "scalar", "exec_driver_sql", "literal_column", "executemany")
_LEVELS = ("debug", "info", "warning", "error", "exception", "critical", "log")
# What of a request says nothing that its sender chose freely.
_OUR_OWN = ("endpoint", "method", "blueprint", "is_secure", "content_length")
_LEAVES = ("HX-Redirect", "HX-Location", "HX-Push-Url", "HX-Replace-Url", "Location")
# What makes an address ours, whatever goes in.
_MAKES_LOCAL = ("local_address", "url_for")


def findings() -> Iterator[Finding]:
    """Everything that breaks a rule in our code."""
    for path, source in files(*FOLDERS, suffix=".py"):
        yield from check(path, source)


def check(path: str, source: str) -> Iterator[Finding]:
    """Look at one module."""
    for node in ast.walk(ast.parse(source)):
        for rule, what in _look(node):
            yield Finding(rule, path, getattr(node, "lineno", 0), what)


def _look(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from _imports(node)
    elif isinstance(node, ast.ExceptHandler):
        yield from _catches(node)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from _leads_away(node)
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    if _is_made(node) and "set_config" in _constants(node):
        yield "made set_config", "a tenant is bound, never written into the statement"


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    names = [alias.name for alias in node.names]
    modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else names
    for name in (name.partition(".")[0] for name in modules):
        if name in _UNPACKERS:
            yield "pickle", f"{name} runs what it reads"


def _catches(node: ast.ExceptHandler) -> Iterator[tuple[str, str]]:
    caught = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)} if node.type else {""}
    raises_on = any(isinstance(step, ast.Raise) and step.exc is None for step in ast.walk(node))
    if caught & {"", "Exception", "BaseException"} and not raises_on:
        yield "broad except", "hides bugs, and lets in who should be denied"


def _calls(node: ast.Call) -> Iterator[tuple[str, str]]:
    name = _name(node.func)
    last = name.rpartition(".")[2]
    words = {word.arg: word.value for word in node.keywords}
    first = node.args[0] if node.args else None
    if last in _TEMPLATES_OF_TEXT:
        yield "template of text", name
    if _is(words.get("verify"), False) or _is(words.get("check_hostname"), False):
        yield "unverified", "whoever answers is believed"
    if "_create_unverified_context" in name:
        yield "unverified", name
    if _starts_a_shell(name, words.get("shell")):
        yield "shell", name
    if last in _SQL and first is not None and _is_made(first):
        yield "made sql", f"{name}(...) with values written into it"
    if last in _LEVELS and "log" in name.rpartition(".")[0].lower():
        yield from (("logged request", f"request.{told}") for told in _of_request(node))


def _starts_a_shell(name: str, shell: ast.AST | None) -> bool:
    last = name.rpartition(".")[2]
    starts = name.startswith("subprocess.") or last == "Popen"
    return name in _SHELLS or last == "create_subprocess_shell" or (starts and _is(shell, True))


def _leads_away(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, str]]:
    """Addresses that a request names, and that are followed as they are."""
    foreign = _foreign_names(function)
    for node in ast.walk(function):
        if any(_is_foreign(address, foreign) for address in _destinations(node)):
            yield "redirect", "to where the request says, not through local_address"


def _destinations(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Call) and _name(node.func).rpartition(".")[2] == "redirect":
        yield from node.args[:1]
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value in _LEAVES:
                yield value


def _foreign_names(function: ast.AST) -> set[str]:
    """Names that hold what a request says."""
    foreign: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and _is_foreign(node.value, foreign):
            foreign |= {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and _is_stored(name)}
    return foreign


def _is_stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def _is_foreign(node: ast.AST, foreign: set[str]) -> bool:
    """Whether an expression holds what a request says, other than as what makes a local address."""
    if isinstance(node, ast.Call) and _name(node.func).rpartition(".")[2] in _MAKES_LOCAL:
        return False
    if isinstance(node, ast.IfExp):
        return _is_foreign(node.body, foreign) or _is_foreign(node.orelse, foreign)
    if isinstance(node, ast.Attribute):
        of_request = isinstance(node.value, ast.Name) and node.value.id == "request"
        of_form = node.attr == "data" and isinstance(node.value, ast.Attribute)
        if of_form or (of_request and node.attr not in _OUR_OWN):
            return True
    if isinstance(node, ast.Name):
        return node.id in foreign
    return any(_is_foreign(child, foreign) for child in ast.iter_child_nodes(node))


def _is_made(node: ast.AST) -> bool:
    """Whether an expression is a text with values written into it."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod | ast.Add):
        sides = (node.left, node.right)
        texts = [side for side in sides if _is_text(side)]
        return bool(texts) and (len(texts) == 1 or any(_is_made(side) for side in sides))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in ("format", "format_map") and _is_text(node.func.value)
    return False


def _is_text(node: ast.AST) -> bool:
    return (isinstance(node, ast.Constant) and isinstance(node.value, str)) or isinstance(node, ast.JoinedStr)


def _constants(node: ast.AST) -> str:
    return " ".join(str(part.value) for part in ast.walk(node) if isinstance(part, ast.Constant))


def _of_request(node: ast.AST) -> Iterator[str]:
    """What an expression reads of a request that its sender chose."""
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and _name(part.value) == "request" and part.attr not in _OUR_OWN:
            yield part.attr


def _is(node: ast.AST | None, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return _name(node.func)
    return node.id if isinstance(node, ast.Name) else ""
