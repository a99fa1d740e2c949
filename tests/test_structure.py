"""What the tree promises about itself: sizes, names, templates, vendored files, requirements, documents."""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest
from jinja2 import Environment, nodes

from portal.cli import trellis

ROOT = Path(__file__).parents[1]
LONGEST_FILE = 400
LONGEST_FUNCTION = 50
# Files or `file:function` that may be longer, each with its reason.
LONGER: dict[str, str] = {
    "portal/sync/connecting.py:add_connection": "a keyword for each field, a column for each",
    "tests/sync/checker/world.py:_connections": "rows, not steps",
    "tests/web/demo.py:_told_order": "one order's story, told in its order",
    "tests/web/factory.py:connection": "a row with a default for each column",
    "tests/web/test_foreign_text.py:test_foreign_text_stays_text": "every place that foreign text can stand",
}
# Where numbers are seconds and rates. Money is Decimal, and a float would lose a cent sooner or later.
ABOUT_TIME = {"portal/sync/answers.py", "portal/sync/engine/accounts.py", "portal/sync/engine/budget.py"}
VAGUE_NAMES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "manager",
    "managers",
    "service",
    "services",
    "misc",
}
# A supervisor's services are what it is about, and the word for them.
MEANT = {"portal/embedded/service.py"}


@cache
def tracked() -> tuple[Path, ...]:
    listed = subprocess.run(
        ("git", "ls-files", "-z"), cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def modules(*folders: str) -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in folders]


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def templates() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".html" and "templates" in path.parts]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(module: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_files_are_short() -> None:
    long = {
        shown(path): count
        for path in modules("portal", "sandbox", "tests", "bench")
        if "migrations/versions" not in shown(path)
        and (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long.keys() <= LONGER.keys(), long


def test_functions_are_short() -> None:
    long = {
        f"{shown(path)}:{function.name}": length
        for path in modules("portal", "sandbox", "tests", "bench")
        if "migrations/versions" not in shown(path)
        for function in functions(tree(path))
        if (length := _lines(function)) > LONGEST_FUNCTION
    }
    assert long.keys() <= LONGER.keys(), long


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count a function's lines, its docstring left out: a long explanation is no long function."""
    docstring = function.body[0] if ast.get_docstring(function) is not None else None
    explained = (docstring.end_lineno or 0) - docstring.lineno + 1 if docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - explained


def test_modules_are_named_after_what_they_are_about() -> None:
    names = modules("portal", "sandbox", "tests", "bench")
    assert {shown(path) for path in names if path.stem in VAGUE_NAMES} <= MEANT


@pytest.mark.parametrize("path", templates(), ids=shown)
def test_pages_extend_a_layout_and_fragments_do_not(path: Path) -> None:
    parsed = Environment(extensions=["jinja2.ext.i18n"]).parse(path.read_text(encoding="utf-8"))
    extends = parsed.find(nodes.Extends) is not None
    if path.name.startswith("_") or path.parent.name == "macros":
        assert not extends, "a fragment is included, and sent alone"
    elif path.parent.name != "layouts" and path.name != "layout.html":
        assert extends, "a page has a layout"


@pytest.mark.parametrize("versions", [path for path in tracked() if path.name == "VERSIONS.txt"], ids=shown)
def test_vendored_files_are_as_they_came(versions: Path) -> None:
    listed = re.findall(r"^([0-9a-f]{64})  (\S+)$", versions.read_text(encoding="ascii"), re.MULTILINE)
    sums = {name: digest for digest, name in listed}
    beside = {path.name for path in tracked() if path.parent == versions.parent and path != versions}
    assert sums.keys() == beside
    for name, digest in sums.items():
        assert hashlib.sha256((versions.parent / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_have_hashes_and_no_addresses(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.findall(r"^\s*-(?!-hash)", text, re.MULTILINE), "an option could name an index"
    for requirement in re.sub(r"\\\n", " ", text).splitlines():
        if requirement.strip() and not requirement.startswith("#"):
            assert re.match(r"[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", requirement), requirement


def test_what_is_run_is_among_what_is_tested() -> None:
    run, dev = (
        set(re.findall(r"^[\w.-]+==\S+", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    assert run <= dev


def test_no_file_names_the_machine_it_was_written_on() -> None:
    # Put together, so that this file does not hold them itself.
    places = "|".join(
        (
            "/wo" + "rk/",
            "/ro" + "ot/",
            "/home/[a-z]",
            r"\bpypi\." + "org",
            "file" + "s.pythonhosted",
            "registry\\.np" + "mjs",
        )
    )
    found = [
        f"{shown(path)}: {hit}"
        for path in tracked()
        if "vendor" not in path.parts
        for hit in re.findall(places, path.read_bytes().decode("utf-8", "replace"))
    ]
    assert not found


def test_the_two_commands_of_the_readme_are_targets() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    first = re.search(r"```\n(.*?)```", readme, re.DOTALL)
    assert first is not None
    targets = re.findall(r"^make (\w+)", first[1], re.MULTILINE)
    assert targets == ["demo", "test"]
    for target in {*targets, *re.findall(r"`make (\w+)", readme)}:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    assert "make test" in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_the_commands_of_the_readme_exist() -> None:
    rows = re.findall(
        r"^\| (`trellis .*?) \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    told = {command for row in rows for command in _commands_of_row(row)}
    assert told == set(_commands())


def _commands_of_row(row: str) -> Iterator[str]:
    """Read "`trellis hub add`, `list`" as two commands."""
    words = [written.removeprefix("trellis ").split() for written in re.findall(r"`([^`]+)`", row)]
    for each in words:
        yield " ".join(each if len(each) > 1 or each == words[0] else [words[0][0], *each])


def _commands() -> Iterator[str]:
    context = click.Context(trellis)
    for name in trellis.list_commands(context):
        command = trellis.get_command(context, name)
        if isinstance(command, click.Group):
            yield from (f"{name} {sub}" for sub in command.commands)
        else:
            yield name


def test_every_setting_is_in_the_operations_guide() -> None:
    read = {
        node.value
        for node in ast.walk(tree(ROOT / "portal/config.py"))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"(TRELLIS|DATABASE|MIGRATION|REDIS|DATA|PORT|SANDBOX)[A-Z_]*", node.value)
    }
    guide = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", guide, re.MULTILINE)) == read


def test_every_problem_is_in_a_guide() -> None:
    guides = [
        (ROOT / "docs" / name).read_text(encoding="utf-8")
        for name in ("leaflink.md", "ordo.md", "retail.md", "aiq.md")
    ]
    listed = [code for guide in guides for code in re.findall(r"^\| `([a-z_.]+)` \|", guide, re.MULTILINE)]
    assert len(listed) == len(set(listed))
    assert set(listed) == {code for path in modules("portal") for code in _problem_codes(path)}


def _problem_codes(path: Path) -> Iterator[str]:
    """The codes of the findings that a module of sync can make."""
    if not path.is_relative_to(ROOT / "portal/sync"):
        return
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
            if any(word.arg is None for word in node.keywords):
                continue  # read back from a row, as it was written where it was found
            written = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "code")]
            assert len(written) == 1, f"{shown(path)}:{node.lineno}"
            code = written[0]
            assert isinstance(code, ast.Constant), (
                f"{shown(path)}:{node.lineno}: a code is written where it is used"
            )
            yield str(code.value)


@pytest.mark.fault(63)
def test_money_is_never_a_float() -> None:
    calls = [
        f"{shown(path)}:{node.lineno}"
        for path in modules("portal")
        if path.is_relative_to(ROOT / "portal/sync")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "float"
        and shown(path) not in ABOUT_TIME
    ]
    assert not calls


def test_every_error_is_raised_and_handled_somewhere() -> None:
    errors = {
        node.name for node in tree(ROOT / "portal/sync/errors.py").body if isinstance(node, ast.ClassDef)
    }
    raised: set[str] = set()
    caught: set[str] = set()
    for path in modules("portal"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Raise) and node.exc is not None:
                raised |= _names(node.exc)
            elif isinstance(node, ast.Return) and node.value is not None:
                raised |= _names(node.value)
            elif isinstance(node, ast.ExceptHandler) and node.type is not None:
                caught |= _names(node.type)
    assert errors - {"SyncError"} <= raised
    assert errors <= caught


def _names(node: ast.AST) -> set[str]:
    return {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}
