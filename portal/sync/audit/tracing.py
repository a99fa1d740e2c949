"""Tracing what was done to the rows of a chain: changed, deleted, inserted or moved. Pure.

One cause is one finding. Each row is checked against the hash that is stored before it, so that the rows
behind a changed one are not blamed for it; a row that fits under another number tells that rows before it
were taken out or put in, and those behind numbered anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from portal.sync.audit.chain import link_hash

Row = Mapping[str, Any]

# By how many places rows are looked for where their numbers do not fit.
_REACH = 8
# Rows that do not fit which are kept for finding out whether they changed places.
_MOST = 200


class Found(NamedTuple):
    """What was done, at which row, and in words."""

    kind: str
    seq: int
    words: str


class Trace:
    """Takes the rows of a chain in their order.

    Args:
        key: of the chain; without it rows are not proven, only counted.
    """

    def __init__(self, key: bytes | None) -> None:
        self._key = key
        self._before: bytes | None = b""
        self._next = 1
        # By how much rows were numbered anew, and since which finding and row.
        self._shift = 0
        self._shifted: tuple[Found, int] | None = None
        # Places that do not fit and follow each other; all of them, with their rows and the hash before each.
        self._run: list[int] = []
        self._bad: dict[int, tuple[Row, bytes]] = {}
        self._more: list[int] = []
        self._found: list[Found] = []
        self.rows = 0
        # The number that the last row was written with, whether it fits, and its hash.
        self.place = 0
        self.sound = True
        self.last_hash = b""

    def take(self, row: Row) -> None:
        """Look at the next row."""
        self.rows += 1
        if row["seq"] > self._next:
            self._miss(self._next + self._shift, row["seq"] - 1 + self._shift)
        self.sound = self._fits(row, self._before, self._shift) or self._realign(row)
        self.place = row["seq"] + self._shift
        if self.sound:
            self._run = []
        else:
            self._suspect(row)
        self._before = self.last_hash = row["hash"]
        self._next = row["seq"] + 1

    def close(self, head: tuple[int, bytes] | None, end: int) -> list[Found]:
        """Return what was found.

        Args:
            head: number and hash of the last row, as the chain's head says.
            end: how many rows there were, by all that is known.
        """
        if self._run and head is not None and head[1] == self.last_hash and head[0] != self.place:
            # The last row is the one that the head means, under another number.
            self._shift_to(head[0] - self._next + 1, self._next - 1)
            self.place, self.sound = head[0], True
        self._found = [one for one in self._found if one.kind != "missing" or one.seq <= end]
        if self._key is not None:
            self._blame(self._key, end)
        if self._more:
            words = f"{len(self._more):,} more rows from row {self._more[0]:,} on do not fit"
            self._found.append(Found("changed", self._more[0], words))
        return self._found

    def _fits(self, row: Row, before: bytes | None, shift: int) -> bool:
        if self._key is None or before is None:
            return True
        return bool(link_hash(self._key, before, {**row, "seq": row["seq"] + shift}) == row["hash"])

    def _suspect(self, row: Row) -> None:
        self._run.append(self.place)
        if len(self._bad) < _MOST:
            self._bad[self.place] = ({**row, "seq": self.place}, self._before or b"")
        else:
            self._more.append(self.place)

    def _miss(self, first: int, last: int) -> None:
        are = "is" if first == last else "are"
        words = f"{_rows(first, last)} {are} missing; row {last + 1:,} cannot be proven without"
        self._found.append(Found("missing", first, words))
        self._before, self._run = None, []

    def _realign(self, row: Row) -> bool:
        """See whether a row was numbered anew, because rows before it were taken out or put in."""
        for shift in sorted(range(self._shift - _REACH, self._shift + _REACH + 1), key=abs):
            if shift != self._shift and self._fits(row, self._before, shift):
                self._shift_to(shift, row["seq"])
                return True
        return False

    def _shift_to(self, shift: int, seq: int) -> None:
        change = shift - self._shift
        first = self._run[0] if self._run else seq + self._shift
        last = first + abs(change) - 1
        for place in self._run:
            self._bad.pop(place, None)
        if self._shifted is not None and shift == 0:
            # Taken out here and put in there: moved.
            before, start = self._shifted
            stop = first - self._shift - (1 if change > 0 else 0)
            self._found.remove(before)
            self._found.append(Found("order", start, f"{_rows(start, stop)} are in another order"))
            self._shifted = None
        else:
            kind, what = ("missing", "missing") if change > 0 else ("inserted", "inserted")
            verb = ("is" if last == first else "are") if change > 0 else ("was" if last == first else "were")
            words = f"{_rows(first, last)} {verb} {what}, and those after numbered anew"
            self._found.append(Found(kind, first, words))
            self._shifted = (self._found[-1], first - self._shift) if self._shift == 0 else None
        self._shift, self._run = shift, []

    def _blame(self, key: bytes, end: int) -> None:
        """Tell rows that changed places from rows that were changed."""
        moved: list[int] = []
        changed: list[int] = []
        placed: dict[int, tuple[bytes, ...]] = {}
        for place, (own, stored) in sorted(self._bad.items()):
            befores = placed.get(place - 1, (stored,))
            found = self._who_belongs(key, place, befores)
            if found is None:
                changed.append(place)
                placed[place] = (own["hash"], link_hash(key, befores[0], own))
            else:
                placed[place] = (found["hash"],)
                if found is not own:
                    moved.append(place)
        if moved:
            self._found.append(Found("order", moved[0], _moved(moved)))
        inside, behind = [one for one in changed if one <= end], [one for one in changed if one > end]
        self._found += [_changed(first, last) for first, last in _ranges(inside)]
        self._found += [_added(first, last, end) for first, last in _ranges(behind)]

    def _who_belongs(self, key: bytes, place: int, befores: tuple[bytes, ...]) -> Row | None:
        own = self._bad[place][0]
        for row in (own, *(row for row, _ in self._bad.values() if row is not own)):
            if any(link_hash(key, before, {**row, "seq": place}) == row["hash"] for before in befores):
                return row
        return None


def _rows(first: int, last: int) -> str:
    return f"row {first:,}" if first == last else f"rows {first:,} to {last:,}"


def _ranges(places: list[int]) -> list[tuple[int, int]]:
    """Join numbers that follow each other."""
    ranges: list[tuple[int, int]] = []
    for place in places:
        if ranges and ranges[-1][1] == place - 1:
            ranges[-1] = (ranges[-1][0], place)
        else:
            ranges.append((place, place))
    return ranges


def _changed(first: int, last: int) -> Found:
    if first == last:
        return Found("changed", first, f"row {first:,} was changed: its hash does not fit")
    return Found("changed", first, f"{_rows(first, last)} were changed, or some of them: they do not fit")


def _added(first: int, last: int, end: int) -> Found:
    verb = "was" if first == last else "were"
    return Found("inserted", first, f"{_rows(first, last)} {verb} inserted: the chain ends with row {end:,}")


def _moved(places: list[int]) -> str:
    if len(places) == 2:
        return f"rows {places[0]:,} and {places[1]:,} were swapped"
    return f"rows {', '.join(f'{place:,}' for place in places[:20])} are in another order"
