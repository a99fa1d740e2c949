"""Bases that older code wrote: raised to what is written now, when their order is looked at. Pure.

They hold the platform's values by line id, without units per case, and nothing of Flourish. An order that was
not edited since is as it was written, to the cent; what Flourish has otherwise was changed there. Of one that
was edited, the older values are put back into the order as it is now, so that the edit is found and carried
over like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from portal.sync.decisions import Rules
from portal.sync.domain import Json, Line, OutboundOrder, SourceOrder
from portal.sync.mapping.agreement import HeldLine, after_creation, after_finishing, lines_of
from portal.sync.mapping.diff import is_of_today
from portal.sync.mapping.draft import requested_date
from portal.sync.mapping.keys import sku_key


def raised(base: Json, order: SourceOrder, outbound: OutboundOrder, rules: Rules) -> Json:
    """The base as it would have been written today; one of today is returned as it is.

    Args:
        base: what was agreed on; one that names no values, too.
        order: the order on its platform, now.
        outbound: the order in Flourish, now.
        rules: the connection's rules.
    """
    platform: Mapping[str, Any] = base.get("platform") or {}
    if is_of_today(platform) and "flourish" in base:
        return base
    then = _then(order, platform, lines_of(outbound)) if platform else order
    made = after_creation(then, rules)
    # Its license is all that was kept of a customer.
    made["platform"]["customer"] = platform.get("customer", made["platform"]["customer"])
    if not base.get("finished"):
        return {**base, **made, "finished": False}
    # What older code wrote once; where it wrote none, what Flourish has was never asked about.
    day = requested_date(then, rules) or None
    return {**base, **after_finishing(made, then, requested_date=day, term=then.term or None)}


def _then(order: SourceOrder, platform: Mapping[str, Any], there: Sequence[HeldLine]) -> SourceOrder:
    """The order as it was, as far as the older values tell."""
    if is_of_today(platform):
        return order
    shown, ship_at = platform.get("term", ""), platform.get("ship_at", "")
    return replace(
        order,
        lines=tuple(_line(ref, values, order.lines, there) for ref, values in platform["lines"].items()),
        notes=platform.get("notes", order.notes),
        ship_at=datetime.fromisoformat(ship_at) if ship_at else None,
        discount=Decimal(platform.get("discount", order.discount)),
        shipping=Decimal(platform.get("shipping", order.shipping)),
        term=order.term if shown == order.term_shown else "",
        term_shown=shown,
    )


def _line(ref: str, values: Sequence[str], now: Sequence[Line], there: Sequence[HeldLine]) -> Line:
    sku, eaches, price = values
    alike = [line for line in now if line.ref == ref and line.sku == sku]
    alike += [line for line in now if line.sku == sku]
    if alike:
        return replace(alike[0], ref=ref, eaches=Decimal(eaches), case_price=Decimal(price))
    # Taken away since, and with it the units per case: what each costs is what Flourish has.
    each = next((line.price for line in there if line.sku == sku_key(sku)), Decimal(price))
    return Line(ref, sku, sku, Decimal(eaches), 1, each)
