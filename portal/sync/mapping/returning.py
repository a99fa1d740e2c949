"""Returning: lines that staff changed in Flourish go to a platform whose orders follow it (OR-6). Pure.

A platform says by its course that it takes them. Then all lines are written at once, as Flourish has them.
What else staff changed has no place there and stays a difference that is expected.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from portal.sync.decisions import ReplaceLines, Rules
from portal.sync.domain import Json, Line, OutboundLine, OutboundOrder, SourceOrder
from portal.sync.drafts import DraftLine
from portal.sync.mapping.agreement import HeldLine, after_write, amounts, held_of
from portal.sync.mapping.diff import plain, shared_values
from portal.sync.mapping.draft import adjustments, internal_notes
from portal.sync.mapping.edits import Comparison
from portal.sync.mapping.keys import sku_key
from portal.sync.mapping.lines import is_of_lot
from portal.sync.mapping.money import rounding

# As exactly as unit prices are written to Flourish.
_PLACES = Decimal("0.0001")


def plan(
    order: SourceOrder, outbound: OutboundOrder, *, base: Json, found: Comparison, rules: Rules
) -> ReplaceLines | None:
    """Write the lines to the platform, where staff changed in Flourish what it holds of them.

    Args:
        order: the order on its platform.
        outbound: the order in Flourish.
        base: what both sides agree on but for this.
        found: the comparison of both with it, in which nothing is left to be written to Flourish.
        rules: the connection's rules.
    """
    # A line of nothing is one that is taken away: no platform takes such a line.
    there = [line for line in outbound.lines if line.eaches > 0]
    wanted = replace(order, lines=tuple(_line(place, line) for place, line in enumerate(there, start=1)))
    drift = [row for row in found.line_drift if not is_of_lot(row)]
    if not drift or _each(order) == _each(wanted):
        return None
    shared = {**base["platform"], "lines": shared_values(wanted)["lines"]}
    agreed = {**base, "platform": shared, "flourish": _held(there, wanted, base, rules)}
    drafts = tuple(_draft(line, rules) for line in there)
    changes = tuple((what, was, now) for what, was, _here, now in drift)
    return ReplaceLines(order.number, drafts, changes, after_write(base, agreed, order))


def _line(place: int, line: OutboundLine) -> Line:
    """A line as the platform will show it: in eaches, priced for one, of no lot."""
    return Line(str(place), line.sku, line.name, line.eaches, multiplier=1, case_price=_price(line))


def _price(line: OutboundLine) -> Decimal:
    return Decimal(plain(line.price.quantize(_PLACES)))


def _each(order: SourceOrder) -> list[tuple[str, Decimal, Decimal]]:
    """What a platform's order has of each SKU, at which price for one, in no order."""
    return sorted((sku_key(one.sku), one.eaches, one.case_price / one.multiplier) for one in order.lines)


def _held(there: list[OutboundLine], wanted: SourceOrder, base: Json, rules: Rules) -> dict[str, Any]:
    """What Flourish holds of that. Parts of a cent by which the platform rounds are nobody's edit later, and
    lots are Flourish's own affair."""
    rounded = rounding(wanted.lines, rules.price_places)
    charges, discounts = adjustments(wanted, rounded)
    held = replace(
        held_of(base["flourish"]),
        lines=tuple(HeldLine(sku_key(line.sku), line.eaches, line.price) for line in there),
        charges=amounts(charges),
        discounts=amounts(discounts),
        internal_notes=internal_notes(wanted, rounded),
    )
    return held.as_json()


def _draft(line: OutboundLine, rules: Rules) -> DraftLine:
    sku = rules.said.on_platform("sku", sku_key(line.sku))
    return DraftLine(line.item_id, sku, line.eaches, _price(line))
