"""Retail orders as the API shows them: in a list, alone, and in the answer to a write, which differ.

A list and a single order hold the whole customer, and no SKU, address, note's flag or `is_recreational`; the
answer to a write holds those, and no customer.
"""

from decimal import Decimal
from typing import Any

from sandbox.flourish.retail.statuses import OVER
from sandbox.flourish.retail.totals import Totals, gross, totals
from sandbox.flourish.shapes import stamps
from sandbox.money import number
from sandbox.office import Office
from sandbox.store import Record

BOTH = (
    "facility_id", "original_order_id", "customer_id", "original_customer_id", "is_backorder", "is_preorder",
    "order_timestamp", "delivery_contact_no", "delivery_text_contact_no", "delivery_email",
    "last_updated_timestamp", "created_by", "created_timestamp", "order_status", "payment_status",
    "delivered_timestamp",
)  # fmt: skip
READ = (
    "needs_review", "last_updated_by", "submitted_timestamp", "submitted_by", "packed_timestamp", "packed_by",
    "completed_timestamp", "completed_by", "delivered_by", "order_origin",
)  # fmt: skip
WRITTEN = ("is_replacement", "is_recreational", "delivery_address_id", "notes", "fulfillment_type")
CONTACTS = ("delivery_contact_no", "delivery_text_contact_no", "delivery_email")
PRICE_STEP = Decimal("0.0001")
NO_TENDERS = dict.fromkeys(
    (
        "change_given", "canpay_amount", "cash_amount", "linx_amount", "credit_card_amount", "manual_amount",
        "account_credit_used",
    )
)  # fmt: skip


def listed(office: Office, body: Record) -> dict[str, Any]:
    """Return an order as lists show it: by either name of its id."""
    return {"id": body["id"], **read(office, body)}


def read(office: Office, body: Record) -> dict[str, Any]:
    """Return an order alone, as webhooks show it, too."""
    sums = totals(body)
    return {
        "order_id": body["id"],
        **{name: body[name] for name in (*BOTH, *READ)},
        **_common(office, body, sums),
        **NO_TENDERS,
        "is_quicksale": False,
        "order_notes": body["notes"],
        "order_fulfillment_type": body["fulfillment_type"],
        "delivery_timestamp": body["expected_delivery_timestamp"] or body["expected_pickup_timestamp"],
        "delivery_backup_timestamp": None,
        "customer": customer(office, office.look("customer", body["customer_id"])),
        "order_lines": [_line(office, body, place, sums) for place in range(len(body["order_lines"]))],
        "applied_discounts": [
            {name: value for name, value in each.items() if name not in ("discount_id", "sku")}
            for each in _discounts(body, sums)
        ],
        "transactions": [_transaction(each) for each in body["transactions"]],
    }


def written(office: Office, body: Record) -> dict[str, Any]:
    """Return the answer to creating or replacing an order."""
    sums = totals(body)
    lines = [_line(office, body, place, sums) for place in range(len(body["order_lines"]))]
    return {
        "id": body["id"],
        **{name: body[name] for name in (*BOTH, *WRITTEN)},
        **_common(office, body, sums),
        "shipped_timestamp": None,
        "total_returns": 0,
        "order_lines": [
            {**shown, "sku": line["sku"]} for shown, line in zip(lines, body["order_lines"], strict=True)
        ],
        # A discount of the order's own has no id.
        "applied_discounts": [
            {name: value for name, value in each.items() if name != "discount_id" or value is not None}
            for each in _discounts(body, sums)
        ],
    }


def customer(_office: Office, body: Record) -> dict[str, Any]:
    """Return a customer alone; the kind of an address has another name there than in lists."""
    addresses = [
        {("address_type" if name == "type" else name): value for name, value in each.items()}
        for each in body["address"]
    ]
    return {**body, "address": addresses}


def _common(office: Office, body: Record, sums: Totals) -> dict[str, Any]:
    return {
        "facility_name": office.look("facility", body["facility_id"])["facility_name"],
        "sub_total_price": number(sums.lines), "taxes": number(sums.taxes),
        "total_discounts": number(sums.off), "total_price": number(sums.total),
        "total_paid": number(body["total_paid"]), "total_refund": number(body["total_refund"]),
        "delivery_fee": number(body["delivery_fee"]), "tax_type": None, "tax_payment_direction": "Exclusive",
        **{f"{name}_checked": body[name] is not None for name in CONTACTS},
    }  # fmt: skip


def _line(office: Office, body: Record, place: int, sums: Totals) -> dict[str, Any]:
    line, rest = body["order_lines"][place], sums.rests[place]
    found = office.look("item", line["item_id"])
    each = (rest / Decimal(line["order_qty"])).quantize(PRICE_STEP) if rest != gross(line) else Decimal(0)
    return {
        "item_id": found["id"], "strain_id": line["strain_id"], "strain_name": found["strain_name"],
        "item_variation_pk": line["item_variation_pk"], "variation_name": None, "unit_qty": None,
        "order_qty": number(line["order_qty"]), "allocated_qty": number(line["allocated_qty"]),
        "unit_price": number(line["unit_price"]), "discount_price": number(each),
        "line_total_price": number(rest), "qty_returned": 0, "taxes": [], "item_name": found["item_name"],
        "inventory_type_id": 1, "item_uom": found["uom"], "order_line_status": _line_status(body, line),
        "retail_display_name": found["retail_display_name"], "order_line_dtls": _packages(office, body, line),
        "needs_fulfillment": found["needs_fulfillment"], **stamps(body),
    }  # fmt: skip


def _line_status(body: Record, line: Record) -> str:
    if body["order_status"] in OVER:
        return str(body["order_status"])
    return "Allocated" if Decimal(line["allocated_qty"]) else "Created"


def _packages(office: Office, body: Record, line: Record) -> list[dict[str, Any]]:
    """Return what is packed for a line: one package."""
    if not Decimal(line["allocated_qty"]):
        return []
    stock = office.look("stock", f"{body['facility_id']}:{line['item_id']}")
    return [{
        "package_id": f"1A4060300{body['id']}{line['item_id'][-5:]}", "lot_number": stock["lot_number"],
        "qty": number(line["allocated_qty"]), "returned": False, **stamps(body),
    }]  # fmt: skip


def _discounts(body: Record, sums: Totals) -> list[dict[str, Any]]:
    return [
        {
            **each, "amount": number(each["amount"]), "discount_value": number(off),
            "level": "line" if each["sku"] else "order", **stamps(body),
        }
        for each, off in zip(body["applied_discounts"], sums.discounts, strict=True)
    ]  # fmt: skip


def _transaction(each: Record) -> dict[str, Any]:
    amounts = ("amount", "change_given", "amount_going_in")
    return {
        **each, **{name: number(each[name]) for name in amounts}, "is_successful": True, "is_voided": False,
        "reference": None, "reference_token": "", "till_name": None,
    }  # fmt: skip
