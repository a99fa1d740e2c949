"""Objects of Ordo's assumed API, as its sandbox answers them."""

from __future__ import annotations

from typing import Any

NUMBER = "5a0c8f1e-7a51-4a9e-9b6d-2f1f3a7c9d10"


def line(sku: str = "EM-FL35-BLUDRE", **changed: Any) -> dict[str, Any]:
    """Make a line."""
    return {
        "sku": sku,
        "item_external_id": f"item-{sku}",
        "name": f"Item {sku}",
        "quantity": 10,
        "unit_price": "12.50",
    } | changed


def order(**changed: Any) -> dict[str, Any]:
    """Make an order."""
    return {
        "id": NUMBER,
        "number": "ORD-1001",
        "status": "Confirmed",
        "external_order_id": None,
        "payment_term": "Net Terms",
        "net_days": 30,
        "seller_license_number": "C11-0000114-LIC",
        "license_number": "c10-0000217-lic ",
        "customer": {"name": "Riverside", "email": "orders@riverside.example"},
        "sales_rep": {"name": "Rae Ray", "email": "Rae@acme.example"},
        "notes": "Ring twice",
        "lines": [line()],
        "total": "125.00",
        "locked": False,
        "paid_at": None,
        "created_at": "2026-03-01T10:00:00.000000Z",
        "updated_at": "2026-03-01T11:00:00.000000Z",
    } | changed
