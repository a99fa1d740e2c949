"""Drawings: series become the bars, lines, ticks and words of one SVG, whose template only loops. Pure.

Places are in units of the drawing's own box, from its upper left corner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from portal.charts.scales import Scale, of_counts, of_lengths
from portal.charts.windows import Window

# Of a stretch's width, what its bars take.
_FILLED = 0.72
# What is there is seen, however little.
_LEAST_HEIGHT = 1.5
# The look of a stretch of which nothing is known, and what is said of it.
GAP, _UNKNOWN = "gap", "no data"

Value = float | None
Write = Callable[[float], str]


@dataclass(frozen=True)
class Box:
    """How large a drawing is, and where its stretches and values are in it."""

    # About as wide as a phone, so that letters are as large there as they should be.
    width: float = 360.0
    height: float = 150.0
    left: float = 46.0
    right: float = 354.0
    top: float = 8.0
    foot: float = 130.0


_BOX = Box()


@dataclass(frozen=True)
class Series:
    """Values of one kind, one for each stretch of time; None where nothing is known."""

    name: str
    # A class of the style sheet.
    look: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Bar:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float
    look: str


@dataclass(frozen=True)
class Column:
    """One stretch: what is said of it where a pointer rests, and its bars."""

    words: str
    strip: Bar
    bars: tuple[Bar, ...] = ()


@dataclass(frozen=True)
class Point:
    """A place."""

    x: float
    y: float


@dataclass(frozen=True)
class Curve:
    """A line in pieces: it is broken where nothing is known."""

    look: str
    pieces: tuple[tuple[Point, ...], ...]


@dataclass(frozen=True)
class Tick:
    """A named place on an axis."""

    at: float
    text: str


@dataclass(frozen=True)
class Row:
    """A row of the table behind a drawing."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Drawing:
    """One chart: what it says in a sentence, what is drawn, and its table."""

    window: Window
    # Empty where nothing happened that could be drawn.
    summary: str
    series: tuple[Series, ...]
    levels: tuple[Tick, ...]
    times: tuple[Tick, ...]
    columns: tuple[Column, ...]
    curves: tuple[Curve, ...]
    rows: tuple[Row, ...]
    box: Box = _BOX

    @property
    def has_gaps(self) -> bool:
        """Whether there are strips of which nothing is known, which the legend has to explain."""
        return any(column.strip.look == GAP for column in self.columns)


def stacked(window: Window, series: Sequence[Series]) -> Drawing:
    """Draw counts as bars on top of each other: each series is a part of one whole."""
    sums = [sum(value or 0 for value in values) for values in _across(series)]
    paper = _Paper(window, of_counts(max(sums)))
    bars = [tuple(_pile(paper, place, series)) for place in range(len(sums))]
    return _drawing(paper, series, _number, _counted("In all", sums, window), bars=bars)


def _pile(paper: _Paper, place: int, series: Sequence[Series]) -> Iterator[Bar]:
    top = 0.0
    for one in series:
        if value := one.values[place]:
            top += value
            yield paper.bar(place, one.look, low=top - value, high=top)


def side_by_side(window: Window, series: Sequence[Series]) -> Drawing:
    """Draw counts as bars beside each other: each series is counted for itself."""
    paper = _Paper(window, of_counts(max(value or 0 for one in series for value in one.values)))
    bars = [
        tuple(
            paper.bar(place, one.look, high=value, part=which, parts=len(series))
            for which, (one, value) in enumerate(zip(series, values, strict=True))
            if value
        )
        for place, values in enumerate(_across(series))
    ]
    said = (_counted(one.name, one.values, window) for one in series)
    return _drawing(paper, series, _number, " ".join(filter(None, said)), bars=bars)


def lines(window: Window, series: Sequence[Series], write: Write) -> Drawing:
    """Draw lengths of time, in seconds, as lines that have a gap where there was nothing to measure.

    Args:
        window: the stretches.
        series: the lines.
        write: how a length is written.
    """
    known = [value for one in series for value in one.values if value is not None]
    if not known:
        return _drawing(_Paper(window, of_counts(0)), series, write, "")
    paper = _Paper(window, of_lengths(min(known), max(known)))
    curves = [Curve(one.look, tuple(_pieces(paper, one.values))) for one in series]
    said = (f"{one.name}: {_longest(one.values, window, write)}." for one in series)
    return _drawing(paper, series, write, " ".join(said), curves=curves)


@dataclass(frozen=True)
class _Paper:
    """Where a stretch and a value are."""

    window: Window
    scale: Scale

    @property
    def step(self) -> float:
        """How wide one stretch is."""
        return (_BOX.right - _BOX.left) / len(self.window.slots)

    def middle(self, place: int) -> float:
        """The middle of a stretch."""
        return _round(_BOX.left + self.step * (place + 0.5))

    def height(self, value: float) -> float:
        """How high a value is, from the top down."""
        return _round(_BOX.foot - (_BOX.foot - _BOX.top) * self.scale.share(value))

    def strip(self, place: int, look: str) -> Bar:
        """All of a stretch, from bottom to top."""
        left = _BOX.left + self.step * place
        return Bar(_round(left), _BOX.top, _round(self.step), _BOX.foot - _BOX.top, look)

    def bar(
        self, place: int, look: str, *, high: float, low: float = 0, part: int = 0, parts: int = 1
    ) -> Bar:
        """A bar over a stretch between two values, or one of so many beside each other."""
        width = self.step * _FILLED / parts
        left = _BOX.left + self.step * (place + (1 - _FILLED) / 2) + width * part
        top, foot = self.height(high), self.height(low)
        height = max(_LEAST_HEIGHT, foot - top)
        return Bar(_round(left), _round(foot - height), _round(width), _round(height), look)


def _drawing(
    paper: _Paper,
    series: Sequence[Series],
    write: Write,
    summary: str,
    *,
    bars: Sequence[tuple[Bar, ...]] = (),
    curves: Sequence[Curve] = (),
) -> Drawing:
    slots = paper.window.slots
    rows = [
        Row(slot.name, tuple("–" if value is None else write(value) for value in values))
        for slot, values in zip(slots, _across(series), strict=True)
    ]
    unknown = [all(value is None for value in values) for values in _across(series)]
    return Drawing(
        window=paper.window,
        summary=summary,
        series=tuple(series),
        levels=tuple(Tick(paper.height(value), write(value)) for value in paper.scale.ticks),
        times=tuple(Tick(paper.middle(place), slot.tick) for place, slot in enumerate(slots) if slot.tick),
        columns=tuple(
            Column(
                f"{row.name}: {_UNKNOWN if unknown[place] else _words(series, row)}",
                paper.strip(place, GAP if unknown[place] and not curves else ""),
                bars[place] if bars else (),
            )
            for place, row in enumerate(rows)
        ),
        curves=tuple(curves),
        rows=tuple(rows),
    )


def _across(series: Sequence[Series]) -> list[tuple[Value, ...]]:
    """For each stretch the values of all series."""
    return list(zip(*(one.values for one in series), strict=True))


def _words(series: Sequence[Series], row: Row) -> str:
    return ", ".join(f"{text} {one.name}" for one, text in zip(series, row.values, strict=True))


def _counted(name: str, values: Sequence[Value], window: Window) -> str:
    """How many there are, and when there were most; nothing where there are none."""
    most, place = _highest(values)
    if not most:
        return ""
    total = sum(value or 0 for value in values)
    return f"{name}: {_number(total)}, most {window.slots[place].when}: {_number(most)}."


def _longest(values: Sequence[Value], window: Window, write: Write) -> str:
    most, place = _highest(values)
    return f"within {write(most)} at the slowest, {window.slots[place].when}"


def _highest(values: Sequence[Value]) -> tuple[float, int]:
    """The highest value, and where it is first."""
    most = max(value or 0 for value in values)
    return most, next(place for place, value in enumerate(values) if (value or 0) == most)


def _pieces(paper: _Paper, values: Sequence[Value]) -> Iterator[tuple[Point, ...]]:
    """What is known without a break, piece by piece."""
    for known, piece in groupby(enumerate(values), key=lambda one: one[1] is not None):
        if known:
            yield tuple(Point(paper.middle(place), paper.height(value or 0)) for place, value in piece)


def _number(value: float) -> str:
    return f"{value:,.0f}"


def _round(length: float) -> float:
    return round(length, 1)
