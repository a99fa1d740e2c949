"""Discounts that a shop keeps in Flourish, and those that an order says are applied to it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sandbox.clock import now, stamp
from sandbox.errors import BadValue
from sandbox.flourish import reading
from sandbox.flourish.retail.totals import PERCENTAGE, gross
from sandbox.flourish.seed import MADE
from sandbox.money import decimal, number
from sandbox.office import Office
from sandbox.store import Body, Record, equal
from sandbox.worlds.parts import World

CUSTOM = "Custom discount"
WHOLE = Decimal(100)
# Name, method, amount, promo code, smallest order, whether the discount engine applies it by itself.
KEPT = (
    ("Happy Hour", PERCENTAGE, "10", "HAPPY10", "0", False),
    ("Loyalty reward", "dollar", "5", "LOYAL5", "0", False),
    ("Big basket", PERCENTAGE, "5", "", "150", True),
)


def fill(office: Office, _world: World) -> None:
    """Write the discounts that the shop has from the beginning."""
    for name, method, amount, code, least, by_itself in KEPT:
        key = office.next_number("discount")
        office.put("discount", key, {
            "discount_id": key, "discount_name": name, "description": name, "level": "order",
            "method": method, "amount": amount, "promo_code": code, "promo_code_required": bool(code),
            "applied_automatically": by_itself, "order_minimum_amount": least,
            "max_redemptions_per_order": 1,
        })  # fmt: skip


def shown(_office: Office, body: Record) -> dict[str, Any]:
    """Return a kept discount in the API's form. Each is on all day, and for every item."""
    day = stamp(now() - MADE)[:10]
    return {
        **body, "amount": number(body["amount"]),
        "order_minimum_amount": number(body["order_minimum_amount"]),
        "start_date": day, "start_time": "00:00:00", "start_date_time": f"{day} 00:00:00",
        "end_date": "2099-12-31", "end_time": "23:59:59", "end_date_time": "2099-12-31 23:59:59",
        "eligible_items": [], "ineligible_items": [],
    }  # fmt: skip


def applied(office: Office, body: Body, lines: Sequence[Record]) -> list[Body]:
    """Return the discounts that an order is sent with: of one SKU of its lines, or of the whole order.

    Raises:
        BadValue: one is not valid, names a SKU that is not ordered, or a discount that is not kept.
    """
    skus = {line["sku"] for line in lines}
    return [_applied(office, each, skus) for each in reading.rows(body, "applied_discounts")]


def _applied(office: Office, sent: Body, skus: set[str]) -> Body:
    if sent.get("method") not in reading.METHODS:
        raise BadValue("applied_discounts method must be dollar or percentage")
    amount = _amount(sent)
    sku = reading.text(sent, "sku") or None
    if sku is not None and sku not in skus:
        raise BadValue(f"applied_discounts sku is not on the order: {sku}")
    kept = _kept(office, sent)
    return {
        "discount_id": kept["discount_id"] if kept else None,
        "discount_name": kept["discount_name"] if kept else CUSTOM,
        "method": sent["method"],
        "amount": str(amount),
        "promo_code": reading.text(sent, "promo_code") or "",
        "approved_by": reading.text(sent, "approved_by") or None,
        "sku": sku,
    }


def _amount(sent: Body) -> Decimal:
    try:
        amount = decimal(sent.get("amount"), "amount", Decimal(0))
    except BadValue as error:
        raise BadValue("applied_discounts amount must be a number not below 0") from error
    if sent["method"] == PERCENTAGE and amount > WHOLE:
        raise BadValue("applied_discounts amount must be at most 100 percent")
    return amount


def _kept(office: Office, sent: Body) -> Body | None:
    if sent.get("discount_id") in (None, ""):
        return None
    kept = office.get("discount", sent["discount_id"])
    if kept is None:
        raise BadValue(f"Discount not found: {sent['discount_id']}")
    return kept


def by_themselves(office: Office, order: Record) -> list[Body]:
    """Return what the discount engine adds to an order: what applies by itself and is not there yet."""
    there = {each["discount_id"] for each in order["applied_discounts"]}
    listed = sum((gross(line) for line in order["order_lines"]), Decimal(0))
    return [
        {
            **{
                name: kept[name]
                for name in ("discount_id", "discount_name", "method", "amount", "promo_code")
            },
            "approved_by": None,
            "sku": None,
        }
        for kept in office.find("discount", equal("$.applied_automatically", 1))
        if kept["discount_id"] not in there and listed >= Decimal(kept["order_minimum_amount"])
    ]
