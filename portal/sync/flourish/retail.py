"""Flourish's retail orders, discounts and lab results in Trellis's words, and back. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from portal.sync.domain import Hint
from portal.sync.flourish.customers import write_address
from portal.sync.flourish.retail_shapes import KEPT_DISCOUNT, LAB, RETAIL_LINE, RETAIL_ORDER
from portal.sync.flourish.translate import write_time
from portal.sync.reading import Fields, Notice, Shape
from portal.sync.retail import (
    AppliedDiscount,
    Fulfilment,
    KeptDiscount,
    LabResult,
    RetailDraft,
    RetailDraftLine,
    RetailLine,
    RetailOrder,
    retail_status,
)

_PERCENT = "percentage"
_SUBSTANCE = "_percentage"
# What an order of ours says of itself stands before what its shopper says.
NOTE_BREAK = "\n"


def read_order(order: Fields, notice: Notice) -> RetailOrder:
    """Read a retail order: of a list, alone, or as the answer to a write, which name some fields differently.

    Raises:
        Unreadable: a used field is missing or has another type.
    """
    order.check(RETAIL_ORDER, notice)
    created = _time(order, "created_timestamp")
    return RetailOrder(
        id=_id(order),
        status=retail_status(order.text("order_status")),
        payment_status=order.text_or_empty("payment_status"),
        facility_id=order.text_or_empty("facility_id"),
        original_order_id=order.text_or_empty("original_order_id"),
        customer_id=order.ident("customer_id"),
        fulfilment=_fulfilment(order),
        lines=tuple(_line(line.check(RETAIL_LINE, notice)) for line in order.children("order_lines")),
        subtotal=order.number_or_zero("sub_total_price"),
        discount=order.number_or_zero("total_discounts"),
        taxes=order.number_or_zero("taxes"),
        delivery_fee=order.number_or_zero("delivery_fee"),
        total=order.number("total_price"),
        created_at=created,
        updated_at=_time_or_none(order, "last_updated_timestamp") or created,
        notes=_notes(order),
        submitted_at=_time_or_none(order, "submitted_timestamp"),
        packed_at=_time_or_none(order, "packed_timestamp"),
        completed_at=_time_or_none(order, "completed_timestamp"),
        is_recreational=order.flag("is_recreational") if order.has("is_recreational") else None,
    )


def _id(order: Fields) -> str:
    """A list shows both names of the id, a single order one, the answer to a write the other."""
    return order.ident("order_id" if order.has("order_id") else "id")


def _notes(order: Fields) -> tuple[str, ...]:
    """Read the notes, of which each stands on a line of its own."""
    text = order.text_or_empty("order_notes") or order.text_or_empty("notes")
    return tuple(line.strip() for line in text.split(NOTE_BREAK)) if text else ()


def _fulfilment(order: Fields) -> Fulfilment | None:
    """Read how the goods come to the customer: "In-Store" and "in-store" are one."""
    text = order.text_or_empty("order_fulfillment_type") or order.text_or_empty("fulfillment_type")
    return next((each for each in Fulfilment if each.value == text.strip().casefold()), None)


def _line(line: Fields) -> RetailLine:
    return RetailLine(
        item_id=line.ident("item_id"),
        name=line.text_or_empty("item_name"),
        eaches=line.number("order_qty"),
        allocated=line.number_or_zero("allocated_qty"),
        unit_price=line.number("unit_price"),
        sku=line.text_or_empty("sku"),
    )


def read_hint(order: Fields) -> Hint:
    """Read of an order in a list only that it is there, so that one unreadable order does not stop a poll."""
    marker = next(iter(order.text_or_empty("order_notes").split(NOTE_BREAK)), "")
    changed = _time_or_none(order, "last_updated_timestamp")
    label = order.text_or_empty("original_order_id")
    return Hint("order", _id(order), "poll", changed, label=label, marker=marker)


def write_order(draft: RetailDraft) -> dict[str, Any]:
    """Make the body that creates a retail order, as Submitted and by its list prices (AQ-6, AQ-9)."""
    body: dict[str, Any] = {
        "original_order_id": draft.original_order_id,
        "customer_id": draft.customer_id,
        "order_timestamp": write_time(draft.placed_at),
        "order_status": "submitted",
        "fulfillment_type": draft.fulfilment.value,
        # Always said, either way: left out it would be a guess of Flourish's.
        "is_recreational": draft.is_recreational,
        "is_preorder": False,
        "notes": NOTE_BREAK.join(draft.notes),
        "delivery_fee": draft.delivery_fee,
        "order_lines": [_new_line(line) for line in draft.lines],
        "applied_discounts": [_new_discount(each) for each in draft.discounts],
    }
    if draft.fulfilment is Fulfilment.DELIVERY and draft.address is not None:
        body["delivery_address"] = write_address(draft.address)
    contact = {"delivery_contact_no": draft.phone, "delivery_email": draft.email}
    return body | {name: value for name, value in contact.items() if value}


def _new_line(line: RetailDraftLine) -> dict[str, Any]:
    item = {"item_id": line.item_id, "sku": line.sku, "strain_id": line.strain_id}
    amounts = {"order_qty": line.eaches, "unit_price": line.unit_price}
    return {name: value for name, value in item.items() if value} | amounts


def _new_discount(discount: AppliedDiscount) -> dict[str, Any]:
    method = _PERCENT if discount.is_percentage else "dollar"
    texts = {
        "sku": discount.sku,
        "promo_code": discount.promo_code,
        "discount_id": discount.discount_id,
    }
    return {"method": method, "amount": discount.amount} | {
        name: text for name, text in texts.items() if text
    }


def read_discount(discount: Fields, notice: Notice) -> KeptDiscount:
    """Read a discount that the shop keeps."""
    discount.check(KEPT_DISCOUNT, notice)
    return KeptDiscount(
        id=discount.ident("discount_id"),
        name=discount.text("discount_name"),
        amount=discount.number("amount"),
        is_percentage=discount.text("method").strip().casefold() == _PERCENT,
        promo_code=discount.text_or_empty("promo_code"),
        applies_itself=discount.flag_or_no("applied_automatically"),
    )


def read_lab(lab: Fields, notice: Notice) -> LabResult:
    """Read a lab result: every field that ends in `_percentage` is a substance. Version 2 names the status
    differently."""
    substances = [name for name in lab.value if name.endswith(_SUBSTANCE)]
    _check_besides(lab, substances, notice)
    return LabResult(
        id=lab.ident("lab_test_result_id"),
        lot=lab.text_or_empty("lot_number"),
        status=lab.text_or_empty("lab_test_result_status") or lab.text_or_empty("status"),
        is_final=lab.flag_or_no("is_final"),
        analysed_at=_time_or_none(lab, "sample_analyzed_timestamp"),
        percentages={name.removesuffix(_SUBSTANCE): lab.number(name) for name in substances if lab.has(name)},
    )


def _check_besides(lab: Fields, substances: list[str], notice: Notice) -> None:
    shape = Shape(LAB.resource, LAB.required, LAB.used, LAB.ignored | frozenset(substances))
    lab.check(shape, notice)


def _time(fields: Fields, name: str) -> datetime:
    return fields.time(name, naive_is_utc=True)


def _time_or_none(fields: Fields, name: str) -> datetime | None:
    return _time(fields, name) if fields.has(name) else None
