"""Drafts: what is written to Flourish for an order, once every question about it is answered."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

from portal.sync.decisions import Rules
from portal.sync.domain import Item, SourceOrder
from portal.sync.drafts import DestinationDraft, DraftLine, OutboundDraft
from portal.sync.mapping.diff import plain
from portal.sync.mapping.money import add_up, cents, unit_price

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
    rounded = add_up(order, rules.price_places).rounding
    charges, discounts = adjustments(order, rounded)
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
                lot=line.lot,
            )
            for line in order.lines
        ),
        charges=charges,
        discounts=discounts,
        internal_notes=(marker(rules, order.number), *internal_notes(order, rounded)),
        notes=(order.notes,) if order.notes.strip() else (),
    )


def adjustments(order: SourceOrder, rounded: Decimal) -> tuple[tuple[Decimal, ...], tuple[Decimal, ...]]:
    """The charges and the discounts of an order, in dollars (LL-13).

    Args:
        order: the order on its platform.
        rounded: what its lines lack in Flourish to their totals, negative when they exceed them.
    """
    charges = (cents(order.shipping), rounded)
    discounts = (cents(order.discount), cents(order.credits), -rounded)
    return tuple(one for one in charges if one > 0), tuple(one for one in discounts if one > 0)


def internal_notes(order: SourceOrder, rounded: Decimal) -> tuple[str, ...]:
    """What only staff need to know, besides whose the order is: the amounts that Flourish shows without a
    name (LL-13), and which lines are samples."""
    named = {
        "shipping": cents(order.shipping),
        "discount": -cents(order.discount),
        "credits": -cents(order.credits),
        # However exactly it was worked out, so that one amount is always one note.
        "rounding": Decimal(plain(rounded)),
        "tax on the platform, not in this order": cents(order.tax),
    }
    money = "; ".join(f"{name} {amount:+}" for name, amount in named.items() if amount != Decimal(0))
    sampled = ", ".join(f"{line.eaches.normalize():f} x {line.sku}" for line in order.lines if line.is_sample)
    return tuple(filter(None, (money, f"Samples: {sampled}" if sampled else "")))


def requested_date(order: SourceOrder, rules: Rules) -> str:
    """The day of the ship date in the facility's time zone, ISO 8601; empty without one (LL-13)."""
    if order.ship_at is None:
        return ""
    return order.ship_at.astimezone(ZoneInfo(rules.facility.timezone)).date().isoformat()
