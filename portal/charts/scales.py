"""Scales: from values to places along an axis, with ticks at round numbers. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

_MOST_STEPS = 4
_MINUTE, _HOUR, _DAY = 60.0, 3_600.0, 86_400.0
# Lengths of time that people know, in seconds.
_MARKS = (0.1, 1.0, 10.0, _MINUTE, 10 * _MINUTE, _HOUR, 6 * _HOUR, _DAY, 7 * _DAY, 30 * _DAY, 365 * _DAY)


@dataclass(frozen=True)
class Scale:
    """An axis: its ticks, and how far up it a value is: 0 at its bottom, 1 at its top."""

    ticks: tuple[float, ...]
    share: Callable[[float], float]


def of_counts(most: float) -> Scale:
    """A scale from nothing to a round number that is at least `most`, in at most four even steps."""
    step = next(step for step in _round_steps() if most <= step * _MOST_STEPS)
    top = step * max(1, math.ceil(most / step))
    return Scale(tuple(range(0, top + 1, step)), lambda value: value / top)


def _round_steps() -> Iterator[int]:
    return (digit * 10**power for power in count() for digit in (1, 2, 5))


def of_lengths(least: float, most: float) -> Scale:
    """A scale of seconds on which as many times longer is as far up: it holds 2 s and 2 days."""
    bottom = max((mark for mark in _MARKS if mark <= least), default=_MARKS[0])
    top = min((mark for mark in _MARKS if mark >= most and mark > bottom), default=most)
    between = tuple(mark for mark in _MARKS if bottom <= mark <= top)
    low, high = math.log(bottom), math.log(top)
    return Scale(between, lambda value: (math.log(max(value, bottom)) - low) / (high - low))
