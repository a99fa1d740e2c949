"""The objects of the API, in Flourish's field names."""

from decimal import Decimal
from typing import Any

from sandbox.flourish.nothings import EMPTY_BILLING, EMPTY_ITEM_FIELDS
from sandbox.flourish.totals import Totals, line_total, totals
from sandbox.money import number
from sandbox.office import Office
from sandbox.store import Record

TOP = (
    "id", "original_order_id", "shipment_id", "order_timestamp", "shipped_timestamp", "delivered_timestamp",
    "requested_delivery_date", "last_updated_timestamp", "created_by", "created_timestamp", "invoice_date",
    "ref_field_1", "ref_field_2", "ref_field_3", "ref_field_4", "ref_field_5", "is_approved",
    "pretax_discounts", "order_status", "payment_status", "origin_type", "payment_term",
)  # fmt: skip
NO_CONTACT = dict.fromkeys(("first_name", "middle_name", "last_name", "email", "phone_number"))


def plain(_office: Office, body: Record) -> dict[str, Any]:
    """Return a record whose stored fields are the API's."""
    return dict(body)


def item(_office: Office, body: Record) -> dict[str, Any]:
    """Return an item with all of its fields, most of them null."""
    return {**dict.fromkeys(EMPTY_ITEM_FIELDS), **body}


def destination(_office: Office, body: Record) -> dict[str, Any]:
    """Return a destination; the open balance is text."""
    shown = {"total_open_balance": "0.00", "number_open_invoices": "0", **body}
    return {
        name: value
        for name, value in shown.items()
        if name not in ("created_timestamp", "last_updated_timestamp")
    }


def order(office: Office, body: Record, *, with_notes: bool = True) -> dict[str, Any]:
    """Return an outbound order.

    Args:
        office: the company.
        body: the stored order.
        with_notes: lists leave the notes out.
    """
    sums = totals(body)
    facility = office.look("facility", body["facility_id"])
    return {
        **{name: body[name] for name in TOP},
        **_sums(body, sums),
        "last_updated_by": body["last_updated_by"],
        "origin_facility_id": facility["id"],
        "origin_facility": {"id": facility["id"], "facility_name": facility["facility_name"]},
        "distributor": body["distributor"],
        "destination": _destination(office, body),
        "sales_rep": _sales_rep(office, body["sales_rep_id"]),
        "order_lines": [_line(office, body, line) for line in body["order_lines"]],
        "charges": [
            _charge(body, each, amount) for each, amount in zip(body["charges"], sums.charges, strict=True)
        ],
        "discounts": [
            _discount(body, each, amount)
            for each, amount in zip(body["discounts"], sums.discounts, strict=True)
        ],
        "notes": [_note(body, each) for each in body["notes"]] if with_notes else [],
    }


def _sums(body: Record, sums: Totals) -> dict[str, Any]:
    return {
        "sub_total_price": number(sums.lines), "taxes": 0, "excise_tax_rate": None, "tax_type": None,
        "tax_payment_direction": None, "total_discounts": number(sum(sums.discounts, Decimal(0))),
        "total_charges": number(sum(sums.charges, Decimal(0))), "total_price": number(sums.total),
        "total_paid": number(body["total_paid"]), "delivery_fee": 0,
        "total_refund": number(body.get("total_refund", "0")), "total_returns": 0,
    }  # fmt: skip


def stamps(body: Record) -> dict[str, Any]:
    """Who made and who changed something last, and when: every shape shows it."""
    return {
        "created_by": body["created_by"], "created_timestamp": body["created_timestamp"],
        "last_updated_by": body["last_updated_by"], "last_updated_timestamp": body["last_updated_timestamp"],
    }  # fmt: skip


def _destination(office: Office, body: Record) -> dict[str, Any]:
    found = office.look("destination", body["destination_id"])
    shown = destination(office, found)
    left_out = ("contacts", "company_phone_number")
    return {
        **{name: value for name, value in shown.items() if name not in left_out},
        "billing": found["billing"] or EMPTY_BILLING,
        "contact": body["contact"] or NO_CONTACT,
    }


def _sales_rep(office: Office, rep_id: int | None) -> dict[str, Any] | None:
    if rep_id is None:
        return None
    rep = office.look("sales_rep", rep_id)
    names = ("first_name", "middle_name", "last_name", "phone_number", "email", "active")
    return {"id": str(rep["sales_rep_id"]), **{name: rep[name] for name in names}}


def _line(office: Office, body: Record, line: Record) -> dict[str, Any]:
    found = office.look("item", line["item_id"])
    return {
        "item_id": found["id"], "sku": found["sku"], "item_name": found["item_name"],
        "item_uom": found["uom"], "retail_display_name": found["retail_display_name"],
        "strain_id": line["strain_id"] or found["strain_id"], "strain_name": found["strain_name"],
        "item_variation_pk": line["item_variation_pk"], "variation_name": None, "unit_qty": None,
        "lot_number": line["lot_number"], "order_qty": number(line["order_qty"]),
        "allocated_qty": number(line["allocated_qty"]), "unit_price": number(line["unit_price"]),
        "discount_price": number(line["discount_price"]), "line_total_price": number(line_total(line)),
        "qty_returned": 0, "order_line_status": _line_status(body, line), "order_line_dtls": _packages(body,
        line), "needs_fulfillment": found["needs_fulfillment"], "taxes": [], **stamps(body),
    }  # fmt: skip


def _line_status(body: Record, line: Record) -> str:
    if body["order_status"] in ("Shipped", "Completed", "Cancelled"):
        return str(body["order_status"])
    allocated = Decimal(line["allocated_qty"])
    if not allocated:
        return "Created"
    return "Allocated" if allocated == Decimal(line["order_qty"]) else "Partially Allocated"


def _packages(body: Record, line: Record) -> list[dict[str, Any]]:
    """Return what is allocated to a line: one package."""
    if not Decimal(line["allocated_qty"]):
        return []
    return [{
        "package_id": f"1A4060300{body['id']}{line['item_id'][-5:]}", "lot_number": line["lot_number"],
        "qty": number(line["allocated_qty"]), "returned": False, **stamps(body),
    }]  # fmt: skip


def _note(body: Record, each: Record) -> dict[str, Any]:
    """Return a note; its flags, sent as true and false, come back as 1 and 0."""
    return {
        "id": each["id"], "subject": each["subject"], "note": each["note"], "active": 1,
        "internal_only": int(each["internal_only"]), "is_facility_note": 0, **stamps(body),
    }  # fmt: skip


def _charge(body: Record, each: Record, amount: Decimal) -> dict[str, Any]:
    return {
        "id": each["id"], "charge_id": each["id"], "custom_name": "Charge", "method": each["method"],
        "value": number(each["amount"]), "amount": number(amount), **stamps(body),
    }  # fmt: skip


def _discount(body: Record, each: Record, amount: Decimal) -> dict[str, Any]:
    return {
        "id": each["id"], "discount_id": each["id"], "discount_reason_id": 0, "on": False, "order_line_pk": 0,
        "discount_name": "Discount", "promo_code": None, "discount_value": number(each["amount"]),
        "amount": number(amount), "approved_by": None, "level": "order", "method": each["method"],
        **stamps(body),
    }  # fmt: skip
