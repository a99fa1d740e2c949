"""Which tests are marked `@pytest.mark.fault(numbers)`: read from their files, without importing any."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_MARKER = "pytest.mark.fault"


@dataclass(frozen=True, order=True)
class Marked:
    """A test that proves rows of the catalogue. `path` is below the root of the repository."""

    path: str
    name: str


def marked_tests(root: Path = ROOT) -> Mapping[int, Sequence[Marked]]:
    """Find the marked tests below `tests/`.

    Returns:
        By number of the fault, in order of path and line.

    Raises:
        ValueError: a marker's argument is no whole number, or it has none.
    """
    found: defaultdict[int, list[Marked]] = defaultdict(list)
    for path in sorted((root / "tests").rglob("test_*.py")):
        source = path.read_text(encoding="utf-8")
        if _MARKER not in source:
            continue
        shown = path.relative_to(root).as_posix()
        for name, numbers in _tests(ast.parse(source), shown):
            for number in numbers:
                found[number].append(Marked(shown, name))
    return found


def _tests(scope: ast.Module | ast.ClassDef, shown: str) -> Iterator[tuple[str, Sequence[int]]]:
    """Each test of a module or class with the numbers that it is marked with, those of the whole included."""
    whole = [number for mark in _marks_of_all(scope) for number in _numbers(mark, shown)]
    for statement in scope.body:
        if isinstance(statement, ast.ClassDef):
            for name, numbers in _tests(statement, shown):
                yield f"{statement.name}::{name}", sorted({*whole, *numbers})
        elif isinstance(statement, ast.FunctionDef) and statement.name.startswith("test_"):
            own = [number for mark in statement.decorator_list for number in _numbers(mark, shown)]
            yield statement.name, sorted({*whole, *own})


def _marks_of_all(scope: ast.Module | ast.ClassDef) -> Iterator[ast.expr]:
    """What marks every test of a module or class."""
    if isinstance(scope, ast.ClassDef):
        yield from scope.decorator_list
    for statement in scope.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "pytestmark":
            yield statement.value


def _numbers(node: ast.expr, shown: str) -> Iterator[int]:
    """The numbers of every marker inside a decorator, those on single cases of a table included."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and ast.unparse(each.func) == _MARKER:
            if not each.args:
                raise ValueError(f"{shown}:{each.lineno}: the marker names no fault")
            for argument in each.args:
                match argument:
                    case ast.Constant(value=int(number)):
                        yield number
                    case _:
                        raise ValueError(f"{shown}:{argument.lineno}: a fault is named by its number")
