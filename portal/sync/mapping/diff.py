"""Differences between two states of an order on its platform, field by field, as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from portal.sync.domain import Json, Line, SourceOrder
from portal.sync.mapping.keys import sku_key
from portal.sync.mapping.likeness import pair

# Three texts: what it is, before, after.
Change = list[str]

_FIELDS = {
    "notes": "Notes",
    "ship_at": "Ship date",
    "term": "Payment term",
    "discount": "Discount",
    "shipping": "Shipping",
    "credits": "Credits",
    "tax": "Tax",
    "customer": "Customer",
}
# What a line consists of, after its SKU.
_PARTS = ("eaches", "case price", "units per case", "lot")


def shared_values(order: SourceOrder) -> dict[str, Any]:
    """The values of an order that both sides hold and either may change, in its platform's terms, as JSON."""
    return {
        "lines": [_line(line) for line in order.lines],
        "notes": order.notes,
        "ship_at": order.ship_at.isoformat() if order.ship_at else "",
        "term": order.term or order.term_shown,
        "discount": plain(order.discount),
        "shipping": plain(order.shipping),
        "credits": plain(order.credits),
        "tax": plain(order.tax),
        "customer": order.customer.license or order.customer.name,
    }


def _line(line: Line) -> list[str]:
    multiplier = str(line.multiplier)
    return [sku_key(line.sku), plain(line.eaches), plain(line.case_price), multiplier, line.lot]


def plain(number: Decimal) -> str:
    """A number without zeros at its end, so that one number is always one text."""
    return f"{number.normalize():f}" if number else "0"


def is_of_today(values: Json) -> bool:
    """Whether shared values are in the shape that is written now: older code kept lines by their ids."""
    return isinstance(values.get("lines"), list)


def changes(before: Json, after: Json) -> list[Change]:
    """What changed from one set of shared values to another; nothing is known of a set of an older shape.

    Args:
        before: `shared_values` of the earlier state.
        after: `shared_values` of the later state.
    """
    if not is_of_today(before):
        return []
    found = [
        [label, before[field], after[field]]
        for field, label in _FIELDS.items()
        if before[field] != after[field]
    ]
    return found + list(_line_changes(before["lines"], after["lines"]))


def _line_changes(before: Sequence[Sequence[str]], after: Sequence[Sequence[str]]) -> Iterator[Change]:
    for old, new in pair(before, after, sku=lambda line: line[0], same=lambda one, other: one == other):
        if old is None and new is not None:
            yield [after[new][0], "", _words(after[new])]
        elif old is not None and new is None:
            yield [before[old][0], _words(before[old]), "removed"]
        elif old is not None and new is not None:
            sku, *parts = before[old]
            for name, was, now in zip(_PARTS, parts, after[new][1:], strict=True):
                if was != now:
                    yield [f"{sku} {name}", was, now]


def _words(line: Sequence[str]) -> str:
    _sku, eaches, price, _multiplier, lot = line
    return f"{eaches} ea, case {price}" + (f", lot {lot}" if lot else "")
