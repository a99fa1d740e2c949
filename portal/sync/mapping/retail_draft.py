"""The retail order that Flourish is to get for an order of a shop, once every question about it is answered
(AQ-6). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from portal.sync.decisions import Finding, Rules
from portal.sync.domain import Item
from portal.sync.mapping.draft import marker
from portal.sync.mapping.money import cents
from portal.sync.mapping.offers import CarriedOffers
from portal.sync.retail import Fulfilment, RetailDraft, RetailDraftLine
from portal.sync.shopping import ShopOrder

_NOTHING = Decimal(0)


def retail_draft(
    order: ShopOrder,
    rules: Rules,
    *,
    customer_id: str,
    is_recreational: bool,
    carried: CarriedOffers,
    items: Mapping[str, Item],
) -> RetailDraft:
    """Make the draft. Lines have the list price: what comes off is a discount.

    Args:
        order: the order on its platform; Flourish has a word for how its goods change hands.
        rules: the connection's rules.
        customer_id: who buys, in Flourish.
        is_recreational: whether an adult buys, and no patient.
        carried: what comes off.
        items: the Flourish item of each SKU.
    """
    if order.fulfilment is None:
        raise ValueError(f"Flourish has no word for {order.hand_over}")
    is_delivery = order.fulfilment is Fulfilment.DELIVERY
    return RetailDraft(
        facility_id=rules.facility.id,
        # The number that the shopper knows; the platform's own id is in the first note.
        original_order_id=order.label,
        customer_id=customer_id,
        fulfilment=order.fulfilment,
        is_recreational=is_recreational,
        placed_at=order.placed_at,
        lines=tuple(
            RetailDraftLine(
                item_id=items[line.sku].id,
                sku=items[line.sku].sku,
                eaches=line.eaches,
                unit_price=line.case_price,
                strain_id=items[line.sku].strain_id,
            )
            for line in order.lines
        ),
        notes=(marker(rules, order.number), *carried.notes, *_said_besides(order)),
        discounts=carried.discounts,
        delivery_fee=cents(order.shipping) if is_delivery else _NOTHING,
        address=order.customer.address if is_delivery else None,
        phone=order.person.phone if is_delivery else "",
        email=order.person.email if is_delivery else "",
    )


def _said_besides(order: ShopOrder) -> tuple[str, ...]:
    """What the shopper wrote, and fees that are none of a delivery: Flourish has no place for these."""
    fees = cents(order.shipping)
    is_lost = order.fulfilment is not Fulfilment.DELIVERY and fees > 0
    return tuple(filter(None, (order.notes.strip(), f"Fees in the shop: ${fees}" if is_lost else "")))


def without_strain(order: ShopOrder, items: Mapping[str, Item]) -> tuple[Finding, ...]:
    """Say which items Flourish refuses, as they need a strain and have none. An order goes whole or not at
    all."""
    skus = dict.fromkeys(line.sku for line in order.lines)
    return tuple(
        Finding(
            "strain_missing",
            f"The item {sku} needs a strain and has none",
            "Give the item its strain in Flourish.",
            cause=sku,
        )
        for sku in skus
        if items[sku].strain_required and not items[sku].strain_id
    )
