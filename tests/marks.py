"""Which tests carry a marker such as `@pytest.mark.fault(3)` or `@pytest.mark.promise("LL-3")`, and with
which arguments: read from their files, without importing any."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, order=True)
class Marked:
    """A test that proves rows of a catalogue. `path` is below the root of the repository."""

    path: str
    name: str


class Marker:
    """A marker whose arguments name rows of a catalogue.

    Args:
        name: as in `pytest.mark.<name>`.
        kind: what its arguments are: whole numbers, or texts.
    """

    def __init__(self, name: str, kind: type[int] | type[str]) -> None:
        self._marker = f"pytest.mark.{name}"
        self._kind = kind

    def tests(self, root: Path = ROOT) -> Mapping[str, Sequence[Marked]]:
        """Find the marked tests below `tests/`.

        Returns:
            By what the argument says, as text, in order of path and line.

        Raises:
            ValueError: a marker's argument is of another kind, or it has none.
        """
        found: defaultdict[str, list[Marked]] = defaultdict(list)
        for path in sorted((root / "tests").rglob("test_*.py")):
            source = path.read_text(encoding="utf-8")
            if self._marker not in source:
                continue
            shown = path.relative_to(root).as_posix()
            for name, rows in self._tests(ast.parse(source), shown):
                for row in rows:
                    found[row].append(Marked(shown, name))
        return found

    def _tests(self, scope: ast.Module | ast.ClassDef, shown: str) -> Iterator[tuple[str, Sequence[str]]]:
        """Each test of a module or class with the rows that it is marked with, also by the whole."""
        whole = [row for mark in _marks_of_all(scope) for row in self._rows(mark, shown)]
        for statement in scope.body:
            if isinstance(statement, ast.ClassDef):
                for name, rows in self._tests(statement, shown):
                    yield f"{statement.name}::{name}", sorted({*whole, *rows})
            elif isinstance(statement, ast.FunctionDef) and statement.name.startswith("test_"):
                own = [row for mark in statement.decorator_list for row in self._rows(mark, shown)]
                yield statement.name, sorted({*whole, *own})

    def _rows(self, node: ast.expr, shown: str) -> Iterator[str]:
        """The rows of every marker inside a decorator, those on single cases of a table included."""
        for each in ast.walk(node):
            if isinstance(each, ast.Call) and ast.unparse(each.func) == self._marker:
                if not each.args:
                    raise ValueError(f"{shown}:{each.lineno}: the marker names nothing")
                yield from (self._row(argument, shown) for argument in each.args)

    def _row(self, argument: ast.expr, shown: str) -> str:
        match argument:
            case ast.Constant(value=named) if isinstance(named, self._kind):
                return str(named)
            case _:
                raise ValueError(f"{shown}:{argument.lineno}: a row is named by its {self._kind.__name__}")


def _marks_of_all(scope: ast.Module | ast.ClassDef) -> Iterator[ast.expr]:
    """What marks every test of a module or class."""
    if isinstance(scope, ast.ClassDef):
        yield from scope.decorator_list
    for statement in scope.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "pytestmark":
            yield statement.value


def link_to(test: Marked) -> str:
    """A link to a test from a page in `docs/`."""
    return f"[{PurePosixPath(test.path).name}](../{test.path})::{test.name}"


FAULTS = Marker("fault", int)
PROMISES = Marker("promise", str)
