"""Items and products as plain JSON and back: what mirrors keep of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeVar

from portal.sync.domain import Item, Json, Product, StockKind

_Side = TypeVar("_Side", Item, Product)

_DECIMALS = frozenset(
    {"price", "unit_weight", "quantity", "reserved", "available", "sale_price", "denomination"}
)
_READERS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        **dict.fromkeys(_DECIMALS, Decimal),
        "updated_at": datetime.fromisoformat,
        "stock_kind": StockKind,
        "ref_fields": tuple,
        "strains": tuple,
    }
)


def item_facts(item: Item) -> dict[str, Any]:
    """Write an item as plain JSON."""
    return plain(asdict(item))


def product_facts(product: Product) -> dict[str, Any]:
    """Write a product as plain JSON."""
    return plain(asdict(product))


def item_from(facts: Json) -> Item:
    """Read an item that `item_facts` wrote, also one of before a field was added."""
    return _from(Item, facts)


def product_from(facts: Json) -> Product:
    """Read a product that `product_facts` wrote, also one of before a field was added."""
    return _from(Product, facts)


def plain(values: Json) -> dict[str, Any]:
    """Write field values as plain JSON: numbers as text without trailing zeros, times as ISO 8601."""
    return {name: plain_value(value) for name, value in values.items()}


def plain_value(value: Any) -> Any:
    """Write one field's value as plain JSON."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _from(kind: type[_Side], facts: Json) -> _Side:
    known = {each.name for each in fields(kind)}
    values: dict[str, Any] = {
        name: value if value is None else _READERS.get(name, _as_is)(value)
        for name, value in facts.items()
        if name in known
    }
    return kind(**values)


def _as_is(value: Any) -> Any:
    return value
