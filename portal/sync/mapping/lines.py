"""Lines of an order that both sides have: which were changed, added or taken away, and by whom. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from portal.sync.domain import Line, OutboundOrder, SourceOrder
from portal.sync.drafts import DraftLine, LineUpdate
from portal.sync.mapping.agreement import Held, HeldLine, is_price, lines_of
from portal.sync.mapping.diff import plain, shared_values
from portal.sync.mapping.keys import sku_key
from portal.sync.mapping.likeness import pair
from portal.sync.mapping.money import unit_price
from portal.sync.mapping.weighing import Row, Weighing

_REMOVED = "removed"
_LOT = " lot"


class LineComparison:
    """Compares the lines of an order with those that both sides agreed on.

    Args:
        order: the order on its platform.
        outbound: the order in Flourish.
        before: the platform's lines when both sides agreed, as `diff.shared_values` has them.
        held: what Flourish held then.
        places: decimals of a unit price.
        weighing: takes what is found.
    """

    def __init__(
        self,
        order: SourceOrder,
        outbound: OutboundOrder,
        before: Sequence[Sequence[str]],
        held: Held,
        places: int,
        weighing: Weighing,
    ) -> None:
        self._order, self._before, self._held = order, before, held
        self._now: Sequence[Sequence[str]] = shared_values(order)["lines"]
        self._there = lines_of(outbound)
        self._places, self._weighing = places, weighing
        self._agreed: dict[int, HeldLine] = {}
        # What Flourish has, line by line, by its place there; a line that is taken away is missing.
        self._kept = {place: LineUpdate(place) for place in range(len(self._there))}
        # Lines that Flourish does not have yet, and those whose lot it does not have yet, by their place.
        self._new: list[int] = []
        self.lots: list[int] = []
        self._compare()

    @property
    def agreed(self) -> tuple[HeldLine, ...]:
        """What Flourish is to hold of each line of the order."""
        return tuple(self._agreed[place] for place in range(len(self._order.lines)))

    @property
    def kept(self) -> tuple[LineUpdate, ...] | None:
        """The lines that stay in Flourish; None when no line is to be written."""
        kept = tuple(self._kept.values())
        untouched = len(kept) == len(self._there) and all(one == LineUpdate(one.place) for one in kept)
        return None if untouched and not self._new else kept

    @property
    def new(self) -> tuple[DraftLine, ...]:
        """The lines that are new to Flourish, their items not looked up yet."""
        lines = (self._agreed[place] for place in self._new)
        return tuple(DraftLine("", one.sku, one.eaches, one.price, one.lot) for one in lines)

    def _compare(self) -> None:
        here = pair(self._before, self._now, sku=lambda one: one[0], same=lambda one, other: one == other)
        there = pair(self._held.lines, self._there, sku=lambda one: one.sku, same=HeldLine.is_like)
        theirs = {old: place for old, place in there if old is not None}
        extra = [place for old, place in there if old is None and place is not None]
        for old, new in here:
            if old is not None and new is not None:
                self._changed(old, new, theirs[old])
            elif old is not None:
                self._gone_here(self._held.lines[old], theirs[old])
        for old, new in here:
            if old is None and new is not None:
                self._added(new, extra)
        for place in extra:
            line = self._there[place]
            self._weighing.drift.append((line.sku, "", "", str(line)))

    def _changed(self, old: int, new: int, place: int | None) -> None:
        """A line that the platform still has: each of its values is weighed by itself."""
        line, was, found = self._order.lines[new], self._held.lines[old], self._weighing
        # A price that did not change there stays as it was written, however it would be rounded now.
        is_same_price = self._before[old][2:4] == self._now[new][2:4]
        price = was.price if is_same_price else unit_price(line, self._places)
        here = self._agreed[new] = HeldLine(was.sku, line.eaches, price, line.lot)
        if place is None:
            row = (was.sku, str(was), str(here), _REMOVED)
            (found.drift if here == was else found.conflicts).append(row)
            return
        there, update = self._there[place], self._kept[place]
        name = was.sku
        if found.weigh(f"{name} eaches", was.eaches, here.eaches, there.eaches, shown=plain):
            update = replace(update, eaches=here.eaches)
        if found.weigh(f"{name} each", was.price, here.price, there.price, alike=is_price, shown=plain):
            update = replace(update, unit_price=here.price)
        if found.weigh(f"{name}{_LOT}", was.lot, here.lot, there.lot):
            update = replace(update, lot=here.lot)
            self.lots += [new] if here.lot else []
        self._kept[place] = update

    def _gone_here(self, was: HeldLine, place: int | None) -> None:
        """A line that the platform does not have any more."""
        if place is None:
            return
        there = self._there[place]
        row = (was.sku, str(was), _REMOVED, str(there))
        if there.is_like(was):
            self._weighing.edits.append(row)
            del self._kept[place]
        else:
            self._weighing.conflicts.append(row)

    def _added(self, new: int, extra: list[int]) -> None:
        """A line that is new on the platform; staff may have entered the same one by hand."""
        line = self._order.lines[new]
        here = HeldLine(sku_key(line.sku), line.eaches, unit_price(line, self._places), line.lot)
        self._agreed[new] = here
        alike = [place for place in extra if self._there[place].sku == here.sku]
        by_hand = next((place for place in alike if self._there[place].is_like(here)), None)
        if by_hand is not None:
            extra.remove(by_hand)
        elif alike:
            place = alike[0]
            extra.remove(place)
            self._weighing.conflicts.append((here.sku, "", str(here), str(self._there[place])))
        else:
            self._weighing.edits.append((here.sku, "", str(here), ""))
            self._new.append(new)
            self.lots += [new] if here.lot else []


def is_of_lot(row: Row) -> bool:
    """Whether a row of a line is about its lot."""
    return row[0].endswith(_LOT)


def named(order: SourceOrder, places: Sequence[int]) -> tuple[Line, ...]:
    """The lines of an order at these places."""
    return tuple(order.lines[place] for place in places)
