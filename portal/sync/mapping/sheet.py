"""Sheets: what was matched as a CSV file, and the decisions that people write into it. Pure.

A cell that a spreadsheet would take for a formula is written with an apostrophe before it, and read without.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

COLUMNS = (
    "state",
    "platform value",
    "platform name",
    "flourish value",
    "flourish name",
    "what differs",
    "decision",
)
SAME, UNDO, LEAVE_OUT, INCLUDE = "same", "undo", "leave out", "include"
DECISIONS = (SAME, UNDO, LEAVE_OUT, INCLUDE)
MOST_ROWS = 100_000
_LONGEST = 500
_NEEDED = ("platform value", "flourish value", "decision")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


class NoSheet(Exception):
    """Why a file cannot be read at all, in words."""


@dataclass(frozen=True)
class Known:
    """What may be decided about, each by its exact value.

    Args:
        exact: makes two values equal exactly when they are one.
        left, right: values of the platform and of Flourish.
        aliases: the platform's value -> Flourish's, as people said.
        excluded: values that are left out.
    """

    exact: Callable[[str], str]
    left: Collection[str]
    right: Collection[str]
    aliases: Mapping[str, str]
    excluded: Collection[str]


@dataclass
class Decided:
    """The decisions of a file, and what is wrong with it, each with the number of its row."""

    same: list[tuple[str, str]] = field(default_factory=list)
    undo: list[str] = field(default_factory=list)
    leave_out: list[str] = field(default_factory=list)
    include: list[str] = field(default_factory=list)
    wrong: list[tuple[int, str]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many decisions there are."""
        return len(self.same) + len(self.undo) + len(self.leave_out) + len(self.include)


def write(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Write rows of `COLUMNS`, piece by piece, with a mark by which spreadsheets know the encoding."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(COLUMNS)
    for number, row in enumerate(rows, start=1):
        writer.writerow([_safe(cell) for cell in row])
        if number % 200 == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def read(content: bytes, known: Known) -> Decided:
    """Read the decisions of a file.

    Raises:
        NoSheet: it is no such file.
    """
    text = _text(content)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    decided, seen = Decided(), dict[str, tuple[int, str]]()
    try:
        columns = _columns(next(reader, []))
        for cells in reader:
            if reader.line_num > MOST_ROWS + 1:
                raise NoSheet(f"The file has more than {MOST_ROWS:,} rows. Split it, or leave rows out.")
            if any(cell.strip() for cell in cells):
                _row(reader.line_num, cells, columns, _Reading(known, decided, seen))
    except csv.Error as error:
        raise NoSheet(
            f"Row {reader.line_num} and what follows cannot be read: a quotation mark has no second one"
            f" ({error})."
        ) from error
    return decided


def _text(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise NoSheet("The file is in UTF-16. Save it as “CSV UTF-8”.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise NoSheet(f"Row {row} is not in UTF-8. Save the file as “CSV UTF-8”.") from error
    if "\x00" in text:
        raise NoSheet("This is no text file. Save it as “CSV UTF-8”.")
    if not text.strip():
        raise NoSheet("The file is empty.")
    return text


def _delimiter(text: str) -> str:
    """Some spreadsheets write semicolons where their users write decimal commas."""
    head = text.partition("\n")[0]
    return ";" if head.count(";") > head.count(",") else ","


def _columns(head: Sequence[str]) -> dict[str, int]:
    columns = {name.strip().casefold(): place for place, name in enumerate(head)}
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise NoSheet(
            f"The first row does not name these columns: {', '.join(missing)}. Begin with the file that is"
            " downloaded here."
        )
    return columns


@dataclass(frozen=True)
class _Reading:
    """What rows are read by, and into: `seen` holds each value with the row and the decision that it had."""

    known: Known
    decided: Decided
    seen: dict[str, tuple[int, str]]


def _row(number: int, cells: Sequence[str], columns: Mapping[str, int], reading: _Reading) -> None:
    """Take in a row; what is wrong with it is told with its number."""
    try:
        _take(number, {name: _cell(cells, columns[name]) for name in _NEEDED}, reading)
    except ValueError as wrong:
        reading.decided.wrong.append((number, str(wrong)))


def _cell(cells: Sequence[str], place: int) -> str:
    if place >= len(cells):
        raise ValueError("It has fewer cells than the first row.")
    cell = cells[place]
    if len(cell) > _LONGEST:
        raise ValueError(f"A cell has more than {_LONGEST} characters.")
    if _FORMULA.match(cell):
        if not cell.startswith("'"):
            raise ValueError(f"{cell[:40]} begins as formulas do. Put an apostrophe (') before it.")
        return cell[1:]
    return cell


def _take(number: int, cells: Mapping[str, str], reading: _Reading) -> None:
    left, right = cells["platform value"], cells["flourish value"]
    decision = cells["decision"].strip().casefold()
    if not decision:
        return
    if decision not in DECISIONS:
        raise ValueError(f"{decision[:40]} is no decision. Write one of: {', '.join(DECISIONS)}.")
    exact = reading.known.exact
    own, said = exact(left) or exact(right), f"{decision} {exact(right) if decision == SAME else ''}"
    before, earlier = reading.seen.get(own, (0, said))
    if earlier != said:
        raise ValueError(f"{left or right} is decided otherwise in row {before}.")
    if before:
        return
    if decision == SAME:
        reading.decided.same.append(_same(left, right, reading.known))
    else:
        _other(decision, left or right, reading)
    reading.seen[own] = (number, said)


def _other(decision: str, value: str, reading: _Reading) -> None:
    """A decision about one value."""
    known, decided, own = reading.known, reading.decided, reading.known.exact(value)
    among, into, refusal = {
        UNDO: (known.aliases, decided.undo, "Nobody said that {} is the same as anything."),
        LEAVE_OUT: (
            known.right if own in known.right else known.left,
            decided.leave_out,
            "{} is on neither side.",
        ),
        INCLUDE: (known.excluded, decided.include, "{} is not left out."),
    }[decision]
    if own not in among:
        raise ValueError(refusal.format(value or "An empty value"))
    into.append(value)


def _same(left: str, right: str, known: Known) -> tuple[str, str]:
    own, other = known.exact(left), known.exact(right)
    if not own or own not in known.left:
        raise ValueError(f"The platform has no {left or 'empty value'}, as far as was read.")
    if not other or other not in known.right:
        raise ValueError(f"Flourish has no {right or 'empty value'}, as far as was read.")
    if own in known.excluded or other in known.excluded:
        raise ValueError(f"{left if own in known.excluded else right} is left out: include it first.")
    if known.aliases.get(own, other) != other:
        raise ValueError(f"{left} is said to be {known.aliases[own]} already: undo that first.")
    return left, right


def _safe(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell
