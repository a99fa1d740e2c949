"""What both sides last agreed on: the base of a link, each side in its own terms, as plain JSON.

`platform` holds `diff.shared_values`; `flourish` what Flourish holds of them, as it was written; the n-th
line of one is the n-th line of the other. `finished`: the date and the term, which only an update takes,
were written. Who changed what is then seen on each side by itself. `seen`: the version of the platform's
order up to which this holds, so that an older read undoes nothing.

What a write is to make of the base is `sent` with it, and holds once the side that was written to has
changed: an answer that says so is not believed, and a read may be older than the write.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from portal.sync.decisions import Rules
from portal.sync.domain import Json, OutboundOrder, SourceOrder
from portal.sync.mapping.diff import plain, shared_values
from portal.sync.mapping.draft import adjustments, internal_notes
from portal.sync.mapping.keys import sku_key
from portal.sync.mapping.money import rounding, unit_price

# A price that differs by less is one that Flourish rounded to cents.
_ROUNDED = Decimal("0.005")


@dataclass(frozen=True)
class HeldLine:
    """A line as Flourish holds it."""

    sku: str
    eaches: Decimal
    price: Decimal
    lot: str = ""

    def __str__(self) -> str:
        lot = f", lot {self.lot}" if self.lot else ""
        return f"{plain(self.eaches)} ea at {plain(self.price)}{lot}"

    def is_like(self, other: HeldLine) -> bool:
        """Whether it is the other one, but for what Flourish rounds."""
        return (self.sku, self.eaches, self.lot) == (other.sku, other.eaches, other.lot) and is_price(
            self.price, other.price
        )


@dataclass(frozen=True)
class Held:
    """What Flourish holds of an order; amounts are texts. `requested_date` and `term` are None while nobody
    has looked: a company may give each new order a term of its own, which is nobody's edit."""

    lines: tuple[HeldLine, ...]
    charges: tuple[str, ...] = ()
    discounts: tuple[str, ...] = ()
    note: str = ""
    internal_notes: tuple[str, ...] = ()
    requested_date: str | None = None
    term: str | None = None

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        lines = [[one.sku, plain(one.eaches), plain(one.price), one.lot] for one in self.lines]
        lists = {name: list(getattr(self, name)) for name in ("charges", "discounts", "internal_notes")}
        texts = {name: getattr(self, name) for name in ("note", "requested_date", "term")}
        return {"lines": lines, **lists, **texts}


def is_price(one: Decimal, other: Decimal) -> bool:
    """Whether two prices are one, but for what Flourish rounds."""
    return abs(one - other) < _ROUNDED


def held_of(kept: Mapping[str, Any]) -> Held:
    """Read what was kept."""
    lines = (HeldLine(sku, Decimal(eaches), Decimal(price), lot) for sku, eaches, price, lot in kept["lines"])
    return Held(
        tuple(lines),
        charges=tuple(kept["charges"]),
        discounts=tuple(kept["discounts"]),
        note=kept["note"],
        internal_notes=tuple(kept["internal_notes"]),
        requested_date=kept["requested_date"],
        term=kept["term"],
    )


def lines_of(outbound: OutboundOrder) -> tuple[HeldLine, ...]:
    """The lines that Flourish has now."""
    return tuple(HeldLine(sku_key(one.sku), one.eaches, one.price, one.lot) for one in outbound.lines)


def after_creation(order: SourceOrder, rules: Rules) -> dict[str, Any]:
    """The base of an order once its draft is made in Flourish."""
    places = rules.price_places
    rounded = rounding(order.lines, places)
    charges, discounts = adjustments(order, rounded)
    held = Held(
        lines=tuple(
            HeldLine(sku_key(line.sku), line.eaches, unit_price(line, places), line.lot)
            for line in order.lines
        ),
        charges=amounts(charges),
        discounts=amounts(discounts),
        note=order.notes,
        internal_notes=internal_notes(order, rounded),
    )
    # Only a ship date or a term needs a second write; without them it is finished once it is made.
    finished = not (order.ship_at or order.term)
    return {"finished": finished, "platform": shared_values(order), "flourish": held.as_json()}


def after_finishing(
    base: Json, order: SourceOrder, *, requested_date: str | None, term: str | None, finished: bool = True
) -> dict[str, Any]:
    """The base once the date and the term are written; None leaves what was agreed on."""
    platform, held = dict(base["platform"]), held_of(base["flourish"])
    if requested_date is not None:
        platform["ship_at"] = shared_values(order)["ship_at"]
        held = replace(held, requested_date=requested_date)
    if term is not None:
        platform["term"] = shared_values(order)["term"]
        held = replace(held, term=term)
    return {**base, "finished": finished, "platform": platform, "flourish": held.as_json()}


def after_write(before: Json, after: Json, over: OutboundOrder | SourceOrder) -> dict[str, Any]:
    """The base while a write is on its way.

    Args:
        before: what is agreed on without it.
        after: what is agreed on with it.
        over: the order that is written to, as it was then.
    """
    return {**before, "sent": {"over": _content(over), "agreed": after}}


def arrived(base: Json, order: SourceOrder, outbound: OutboundOrder) -> Json:
    """What is agreed on now that both sides were looked at, after the write that was sent last."""
    if "sent" not in base:
        return base
    if base["sent"]["over"] in (_content(order), _content(outbound)):
        return {name: value for name, value in base.items() if name != "sent"}
    agreed: Json = base["sent"]["agreed"]
    return agreed


def _content(order: OutboundOrder | SourceOrder) -> str:
    """A digest of what an update can change of an order."""
    if isinstance(order, SourceOrder):
        content = repr(shared_values(order))
    else:
        lists = (lines_of(order), order.charges, order.discounts, order.notes)
        content = repr((*lists, order.requested_date, order.term))
    return hashlib.sha256(content.encode()).hexdigest()


def amounts(dollars: Sequence[Decimal]) -> tuple[str, ...]:
    """Dollar amounts as they are kept."""
    return tuple(plain(amount) for amount in dollars)
