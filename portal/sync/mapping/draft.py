"""Drafts: what is written to Flourish for an order, once every question about it is answered."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

from portal.sync.decisions import DestinationDraft, DraftLine, OutboundDraft, Rules
from portal.sync.domain import Item, SourceOrder
from portal.sync.mapping.money import add_up, unit_price

# License type on a platform -> destination type in Flourish, by the word that tells (LL-2; types:
# flourish.md, Destination). A license type without such a word is asked for, never guessed.
DESTINATION_TYPES = {
    "dispensary": "Dispensary",
    "retail": "Dispensary",
    "storefront": "Dispensary",
    "delivery": "Dispensary",
    "distribut": "Distributor",
    "wholesale": "Distributor",
    "manufactur": "Manufacturer",
    "processor": "Processor",
    "cultivat": "Grower",
    "grow": "Grower",
    "producer": "Grower",
    "laborator": "Laboratory",
    "testing": "Laboratory",
    "microbusiness": "Microbusiness",
}


def marker(rules: Rules, number: str) -> str:
    """The first internal note: by it an order that was created is known again as this link's (LL-13)."""
    return f"Trellis {rules.connection_id} {number}"


def destination_type(license_type: str) -> str:
    """Flourish's destination type for a license type; empty when no word of it tells."""
    shown = license_type.casefold()
    return next((kind for word, kind in DESTINATION_TYPES.items() if word in shown), "")


def missing_for_destination(order: SourceOrder) -> tuple[str, ...]:
    """The fields without which no destination can be made, in words."""
    customer = order.customer
    needed = {
        "name": customer.name,
        "license number": customer.license,
        f"license type ({customer.license_type or 'none given'})": destination_type(customer.license_type),
        "address": customer.address.line_1,
        "city": customer.address.city,
        "state": customer.address.state,
        "zip code": customer.address.zip_code,
    }
    return tuple(name for name, value in needed.items() if not value)


def destination_draft(order: SourceOrder) -> DestinationDraft:
    """The destination for an order's customer."""
    customer = order.customer
    return DestinationDraft(
        name=customer.name,
        license=customer.license,
        type=destination_type(customer.license_type),
        email=customer.email,
        phone=customer.phone,
        address=customer.address,
    )


def outbound_draft(
    order: SourceOrder, rules: Rules, *, destination_id: str, sales_rep_id: str, items: dict[str, Item]
) -> OutboundDraft:
    """The Flourish order for a platform's order.

    Args:
        order: the order on its platform, its sum already found to hold.
        rules: the connection's rules.
        destination_id: where it goes.
        sales_rep_id: to whom it is credited; empty for nobody.
        items: the Flourish item of each SKU.
    """
    money = add_up(order, rules.price_places)
    charges = [money.shipping, money.rounding]
    discounts = [money.discount, money.credits, -money.rounding]
    return OutboundDraft(
        facility_id=rules.facility.id,
        original_order_id=order.label,
        destination_id=destination_id,
        sales_rep_id=sales_rep_id,
        placed_at=order.placed_at,
        lines=tuple(
            DraftLine(
                item_id=items[line.sku].id,
                sku=items[line.sku].sku,
                eaches=line.eaches,
                unit_price=unit_price(line, rules.price_places),
            )
            for line in order.lines
        ),
        charges=tuple(amount for amount in charges if amount > 0),
        discounts=tuple(amount for amount in discounts if amount > 0),
        internal_notes=(marker(rules, order.number), *_money_note(order, rules)),
        notes=(order.notes,) if order.notes.strip() else (),
    )


def _money_note(order: SourceOrder, rules: Rules) -> tuple[str, ...]:
    """Name the amounts that Flourish shows without a name (LL-13)."""
    money = add_up(order, rules.price_places)
    named = {
        "shipping": money.shipping,
        "discount": -money.discount,
        "credits": -money.credits,
        "rounding": money.rounding,
        "tax on the platform, not in this order": money.tax,
    }
    parts = [f"{name} {amount:+}" for name, amount in named.items() if amount != Decimal(0)]
    return ("; ".join(parts),) if parts else ()


def requested_date(order: SourceOrder, rules: Rules) -> str:
    """The day of the ship date in the facility's time zone, ISO 8601; empty without one (LL-13)."""
    if order.ship_at is None:
        return ""
    return order.ship_at.astimezone(ZoneInfo(rules.facility.timezone)).date().isoformat()
