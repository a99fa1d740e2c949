"""Flourish's answers, and ways to change them for a test."""

import copy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from portal.sync.drafts import DraftLine, OutboundDraft

STAMP = "2026-11-20T10:00:00.000Z"

LINE: dict[str, Any] = {
    "item_id": "00000328",
    "sku": "PR-1",
    "item_name": "Pre-Roll",
    "order_qty": 24,
    "allocated_qty": 0,
    "unit_price": Decimal("4.75"),
    "discount_price": 0,
    "strain_id": "00000007",
    "item_variation_pk": None,
    "lot_number": None,
    "order_line_dtls": [],
    "line_total_price": 114,
}

NOTE: dict[str, Any] = {
    "subject": "Trellis",
    "note": "Trellis c1 n1",
    "internal_only": 1,
    "id": 5,
    "active": 1,
}

ORDER: dict[str, Any] = {
    "id": "00000042",
    "original_order_id": "55556666",
    "order_status": "Created",
    "payment_status": "Awaiting Payment",
    "origin_type": "Online",
    "origin_facility": {"id": "00000001", "facility_name": "Oakland"},
    "destination": {"id": "00000011", "name": "Riverside", "license_number": "RE000123"},
    "distributor": None,
    "sales_rep": {"id": "3", "first_name": "Priya", "email": None},
    "order_lines": [LINE],
    "charges": [{"id": 1, "amount": 5, "value": 10, "method": "percentage", "custom_name": "Fuel"}],
    "discounts": [
        {"amount": Decimal("1.50"), "discount_value": Decimal("1.50"), "method": "dollar", "level": "order"},
        {"amount": 2, "discount_value": 2, "method": "dollar", "level": "line"},
    ],
    "notes": [NOTE],
    "payment_term": None,
    "requested_delivery_date": None,
    "invoice_date": "2026-11-20",
    "pretax_discounts": False,
    "order_timestamp": STAMP,
    "created_timestamp": STAMP,
    "last_updated_timestamp": STAMP,
    "total_price": Decimal("114.00"),
    "ref_field_1": "kept",
}

DRAFT = OutboundDraft(
    facility_id="00000001",
    original_order_id="55556666",
    destination_id="00000011",
    sales_rep_id="3",
    placed_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
    lines=(DraftLine("00000328", "PR-1", Decimal("24.0000"), Decimal("4.7500")),),
    charges=(Decimal("12.50"),),
    discounts=(Decimal("0.01"),),
    internal_notes=("Trellis c1 n1", "rounding +0.01"),
    notes=("Leave at the back",),
)


def order(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy({**ORDER, **changes})


def line(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy({**LINE, **changes})


def one(data: Any) -> dict[str, Any]:
    return {"message": "Success", "status": 200, "data": data}


def many(*rows: Any, total: int | None = None, following: str = "") -> dict[str, Any]:
    meta = {
        "total": len(rows) if total is None else total,
        "offset": 0,
        "limit": 50,
        "count": len(rows),
        "next": following,
    }
    return {"message": "Success", "status": 200, "meta": meta, "data": list(rows)}
