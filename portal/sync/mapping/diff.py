"""Differences between two states of an order, field by field, as people read them."""

from __future__ import annotations

from typing import Any

from portal.sync.domain import Json, SourceOrder

# Three texts: what it is, before, after.
Change = list[str]

_FIELDS = {
    "notes": "Notes",
    "ship_at": "Ship date",
    "term": "Payment term",
    "discount": "Discount",
    "shipping": "Shipping",
    "customer": "Customer",
}


def shared_values(order: SourceOrder) -> dict[str, Any]:
    """The values that both sides hold and either may change, as plain JSON: what the base consists of."""
    return {
        "lines": {line.ref: _line(line.sku, line.eaches, line.case_price) for line in order.lines},
        "notes": order.notes,
        "ship_at": order.ship_at.isoformat() if order.ship_at else "",
        "term": order.term_shown,
        "discount": _plain(order.discount),
        "shipping": _plain(order.shipping),
        "customer": order.customer.license or order.customer.name,
    }


def _line(sku: str, eaches: Any, price: Any) -> list[str]:
    return [sku, _plain(eaches), _plain(price)]


def _plain(number: Any) -> str:
    return f"{number.normalize():f}"


def changes(before: Json, after: Json) -> list[Change]:
    """What changed from one set of shared values to another.

    Args:
        before: `shared_values` of the earlier state.
        after: `shared_values` of the later state.
    """
    found = [
        [label, before.get(field, ""), after.get(field, "")]
        for field, label in _FIELDS.items()
        if before.get(field, "") != after.get(field, "")
    ]
    return found + _line_changes(before.get("lines", {}), after.get("lines", {}))


def _line_changes(before: Json, after: Json) -> list[Change]:
    found: list[Change] = []
    for ref in sorted({*before, *after}):
        if ref not in before:
            sku, eaches, price = after[ref]
            found.append([sku, "", f"{eaches} ea, case {price}"])
        elif ref not in after:
            sku, eaches, price = before[ref]
            found.append([sku, f"{eaches} ea, case {price}", "removed"])
        else:
            parts = zip(("SKU", "eaches", "case price"), before[ref], after[ref], strict=True)
            sku = after[ref][0]
            found += [[f"{sku} {name}", old, new] for name, old, new in parts if old != new]
    return found
