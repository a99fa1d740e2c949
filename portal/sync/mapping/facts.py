"""Items and products as plain JSON and back: what mirrors keep of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from portal.sync.batches import Batch
from portal.sync.domain import Item, Json, Product, StockKind

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
# Named once: a first sync writes and reads tens of thousands. Their fields hold no other dataclass.
_ITEM = tuple(each.name for each in fields(Item))
_PRODUCT = tuple(each.name for each in fields(Product) if each.name not in ("batches", "own_sku"))
_BATCH = tuple(each.name for each in fields(Batch))


def item_facts(item: Item) -> dict[str, Any]:
    """Write an item as plain JSON."""
    return {name: plain_value(getattr(item, name)) for name in _ITEM}


def product_facts(product: Product) -> dict[str, Any]:
    """Write a product as plain JSON, without its batches, which are kept beside it, and without what people
    said of its SKU."""
    return {name: plain_value(getattr(product, name)) for name in _PRODUCT}


def item_from(facts: Json) -> Item:
    """Read an item that `item_facts` wrote, also one of before a field was added."""
    return Item(**_values(_ITEM, facts))


def product_from(facts: Json) -> Product:
    """Read a product that `product_facts` wrote, also one of before a field was added."""
    return Product(**_values(_PRODUCT, facts))


def batch_facts(batch: Batch) -> dict[str, Any]:
    """Write a batch as plain JSON."""
    return {name: plain_value(getattr(batch, name)) for name in _BATCH}


def batch_from(facts: Json) -> Batch:
    """Read a batch that `batch_facts` wrote."""
    return Batch(**_values(_BATCH, facts))


def plain(values: Json) -> dict[str, Any]:
    """Write field values as plain JSON: numbers as text without trailing zeros, times as ISO 8601."""
    return {name: plain_value(value) for name, value in values.items()}


def plain_value(value: Any) -> Any:
    """Write one field's value as plain JSON."""
    # Most of them are: a first sync writes millions.
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return plain(value)
    return list(value) if isinstance(value, tuple) else value


def _values(names: tuple[str, ...], facts: Json) -> dict[str, Any]:
    return {name: _read(name, facts[name]) for name in names if name in facts}


def _read(name: str, value: Any) -> Any:
    reader = _READERS.get(name)
    return value if value is None or reader is None else reader(value)
