"""Looks of a report: an order or a SKU seen on both sides, planned as the engine plans it, and compared."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from portal.models import Connection, Link
from portal.sync.decisions import CatalogueRules, Decision
from portal.sync.engine.desk import Desk
from portal.sync.engine.orders import Known, OrderMatter
from portal.sync.engine.outlook import ForAPerson, refused, unreadable
from portal.sync.errors import Rejected, Unreadable
from portal.sync.mapping.effects import fields_of
from portal.sync.mapping.item_outcomes import of_item
from portal.sync.mapping.order_outcomes import of_order
from portal.sync.mapping.outcomes import ORDER, Standings, for_a_person
from portal.sync.mapping.plan import joined
from portal.sync.mapping.shop_outcomes import of_shop_order
from portal.sync.preview.items import ItemRehearsal, Seen
from portal.sync.preview.rehearsal import decide, rehearse
from portal.sync.preview.sides import Sides
from portal.sync.retail import RetailOrder
from portal.sync.shopping import ShopOrder


def at_order(desk: Desk, sides: Sides, connection: Connection, link: Link) -> Standings:
    """Compare an order that both systems have.

    Args:
        desk: what to work with.
        sides: both sides, whose writes are captured.
        connection: the connection.
        link: the order's link, as our rows have it.

    Raises:
        Retryable, ConnectionBroken: a side could not be read.
    """
    known = Known(
        hub_id=connection.hub_id,
        number=link.foreign_id,
        former_ids=link.former_ids,
        choices=link.choices,
        was_gone=link.decision_code == "gone_in_flourish",
    )
    matter = OrderMatter(desk, sides.account, connection.tenant_id, known)
    try:
        matter.see(link.flourish_id)
        decision = decide(matter, link.base)
    except ForAPerson as ending:
        return for_a_person(ending.finding, ORDER)
    except Rejected as error:
        return for_a_person(refused(error), ORDER)
    except Unreadable as error:
        return for_a_person(unreadable(error), ORDER)
    return _compared(sides, link, matter, decision)


def _compared(sides: Sides, link: Link, matter: OrderMatter, decision: Decision) -> Standings:
    order, made = matter.seen.order, matter.seen.made
    if made is None:
        # It is gone for good: only its id is left on the platform.
        return for_a_person(decision.findings[0], ORDER)
    account = sides.account
    if isinstance(made, RetailOrder):
        if not isinstance(order, ShopOrder):
            raise TypeError("a retail order is a person's")
        return of_shop_order(order, made, rules=account.rules, decision=decision)
    base = joined(order, made) if link.base is None else link.base
    return of_order(
        order,
        made,
        base=base,
        rules=account.rules.within(made.facility_id),
        course=account.platform.course,
        decision=decision,
    )


def at_item(sides: Sides, rules: CatalogueRules, connection_id: UUID, seen: Seen) -> Standings:
    """Compare an item with its product, as the mirrors have them.

    Raises:
        Retryable, ConnectionBroken: a side could not be read.
    """
    matter = ItemRehearsal(sides.account, sides.platform, rules, connection_id, seen)
    base: dict[str, Any] = dict(seen.base or {})
    rehearsed = rehearse(matter, seen.base, fields_of(seen.shelf))
    return of_item(
        seen.shelf,
        base=base,
        rules=rules,
        decision=rehearsed.decision,
        changes=rehearsed.changes,
        makes=any(act.kind == "create_product" for act in rehearsed.acts),
    )
