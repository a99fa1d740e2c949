"""Ordo's objects in Trellis's words. Pure: every rule of its API that is Ordo's own stands in this file.

Ordo publishes no API: the fields are Trellis's own assumption (docs/ordo.md). Quantities are in eaches,
prices in dollars for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from portal.sync.domain import Customer, Hint, Json, Line, SourceOrder
from portal.sync.drafts import DraftLine
from portal.sync.errors import Unreadable
from portal.sync.mapping.diff import plain
from portal.sync.mapping.keys import license_key
from portal.sync.mapping.money import CENT, line_total
from portal.sync.platforms.ordo.status import PAID, STAGES
from portal.sync.platforms.ordo.terms import in_flourish
from portal.sync.reading import Fields, Notice, Shape, words

# Ordo's field for an order's id in Flourish, and the key under which Trellis knows it.
EXTERNAL_ID = "external_order_id"

_ORDER = Shape(
    "Ordo order",
    required=words("id number status license_number customer lines created_at updated_at"),
    used=words(
        "payment_term net_days sales_rep notes total external_order_id seller_license_number paid_at locked"
    ),
)
_LINE = Shape(
    "Ordo order line",
    required=words("quantity unit_price"),
    used=words("sku item_external_id name"),
)


def read_order(payload: Json, notice: Notice) -> SourceOrder:
    """Read an order.

    Args:
        payload: the order.
        notice: told of fields that no table above names.

    Raises:
        Unreadable: a field that is used is missing, has another type, or an unknown value.
    """
    order = Fields.of(payload).check(_ORDER, notice)
    status = order.choice("status", frozenset(STAGES))
    lines = tuple(
        _line(line.check(_LINE, notice), place) for place, line in enumerate(order.children("lines"))
    )
    shown = order.text_or_empty("payment_term").strip()
    days = _net_days(order)
    external_id = order.text_or_empty(EXTERNAL_ID).strip()
    return SourceOrder(
        number=order.ident("id"),
        label=order.ident("number"),
        status=status,
        stage=STAGES[status],
        transitions=(),
        customer=_customer(order),
        reps=_reps(order),
        lines=lines,
        total=_total(order, lines),
        placed_at=order.time("created_at"),
        updated_at=order.time("updated_at"),
        notes=order.text_or_empty("notes").strip(),
        term=in_flourish(shown, days),
        term_shown=f"{shown}, {days} days" if days else shown,
        seller_license=order.text_or_empty("seller_license_number").strip(),
        external_ids={EXTERNAL_ID: external_id} if external_id else {},
        paid=status == PAID,
    )


def _line(line: Fields, place: int) -> Line:
    quantity, price = line.number("quantity"), line.number("unit_price")
    if quantity < 0:
        raise Unreadable(line.at("quantity"), "is negative")
    if price < 0:
        raise Unreadable(line.at("unit_price"), "is negative")
    sku = line.text_or_empty("sku")
    return Line(
        ref=str(place + 1),
        sku=sku,
        name=line.text_or_empty("name") or sku,
        eaches=quantity,
        multiplier=1,
        case_price=Decimal(plain(price)),
    )


def _net_days(order: Fields) -> int:
    """Read after how many days net terms are due; 0 where Ordo says none."""
    days = order.number_or_zero("net_days")
    if days != days.to_integral_value() or days < 0:
        raise Unreadable(order.at("net_days"), f"should be a whole number of days, but is {days}")
    return int(days)


def _customer(order: Fields) -> Customer:
    """Read who buys: Ordo's order names the license, and no address or type of license."""
    customer = order.child("customer")
    shown = order.text_or_empty("license_number").strip()
    name = customer.text_or_empty("name").strip()
    return Customer(
        ref=license_key(shown) or name,
        name=name,
        license=license_key(shown),
        license_shown=shown,
        email=customer.text_or_empty("email").strip(),
    )


def _reps(order: Fields) -> tuple[str, ...]:
    """Read the order's sales rep: an e-mail is all that names one."""
    email = order.child_or_empty("sales_rep").text_or_empty("email").strip()
    return (email,) if email else ()


def _total(order: Fields, lines: Sequence[Line]) -> Decimal:
    """Read the total. Where Ordo says none the lines come to it, and also where it only rounds another way
    than Trellis does: by at most a cent for each line that comes to no whole one."""
    ours = sum(map(line_total, lines), Decimal(0))
    if not order.has("total"):
        return ours
    told = order.number("total")
    inexact = sum(line.case_price * line.eaches != line_total(line) for line in lines)
    return ours if abs(told - ours) <= CENT * inexact else told


def read_hint(row: Fields) -> Hint:
    """Read of a row of the list of orders which one changed."""
    return Hint(
        kind="order",
        ref=row.ident("id"),
        topic="poll",
        updated_at=row.time("updated_at"),
        label=row.text_or_empty("number"),
    )


def write_lines(lines: Sequence[DraftLine]) -> list[dict[str, Any]]:
    """Write all lines of an order: the item by Flourish's id where Ordo knows it, and by its SKU."""
    return [
        {
            "sku": line.sku,
            "item_external_id": line.item_id,
            "quantity": line.eaches,
            "unit_price": plain(line.unit_price),
        }
        for line in lines
    ]
