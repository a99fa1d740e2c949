"""Likeness: which line of an order became which, where lines have no ids that last.

An edit on a platform may make its lines anew, Flourish's lines have no ids at all, and one SKU may stand on
several lines: equal lines are one, then lines of one SKU in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

_Line = TypeVar("_Line")
# The place of a line before and after; None where it was not there yet, or is not any more.
Pair = tuple[int | None, int | None]


def pair(
    before: Sequence[_Line],
    after: Sequence[_Line],
    *,
    sku: Callable[[_Line], str],
    same: Callable[[_Line, _Line], bool],
) -> list[Pair]:
    """Pair lines: those that were there in their order, then those that are new in theirs.

    Args:
        before: the earlier lines.
        after: the later lines.
        sku: what a line is of; lines of different SKUs are never one.
        same: whether two lines are equal.
    """
    found: dict[int, int] = {}
    free = list(range(len(after)))
    for alike in (same, lambda one, other: sku(one) == sku(other)):
        for place, line in enumerate(before):
            partner = next((other for other in free if alike(line, after[other])), None)
            if place not in found and partner is not None:
                found[place] = partner
                free.remove(partner)
    return [*((place, found.get(place)) for place in range(len(before))), *((None, place) for place in free)]
