"""Effects: field by field, what a write to a product changes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.sync.batches import SetLotStock
from portal.sync.decisions import Action, CreateProduct, SetStock, UpdateProduct
from portal.sync.domain import Json, Shelf
from portal.sync.drafts import ProductDraft, PutProduct
from portal.sync.mapping.facts import plain_value
from portal.sync.mapping.keys import sku_key

# One field that changes: its name, before and after.
Change = tuple[str, Any, Any]
# Characters of a value that people read; what is sent holds all of it.
_LONGEST = 200
_SHOWN = ("name", "description", "brand", "category", "subcategory", "line", "strain_class", "price", "unit")


def fields_of(shelf: Shelf) -> dict[str, Any]:
    """What of a SKU's live product is there now, by the name of its field, for what changes."""
    live = [one for one in shelf.products if sku_key(one.sku) == shelf.sku and not one.archived]
    if len(live) != 1:
        return {}
    product = live[0]
    shown: dict[str, Any] = {name: plain_value(getattr(product, name)) for name in _SHOWN}
    return shown | {"stock": plain_value(product.available), "strains": list(product.strains)}


def written(action: Action) -> dict[str, Any]:
    """What an action writes to a product, by the name of its field; what was looked up is told by its text,
    not by its id."""
    match action:
        case SetStock():
            return {"stock": plain_value(action.value)}
        case SetLotStock(batch=batch):
            return {f"stock of lot {batch.number}": plain_value(action.value)}
        case UpdateProduct():
            return _named(action.changes, action.base)
        case CreateProduct():
            return _named(_of_draft(action.draft), action.base)
        case PutProduct():
            fields = _of_draft(action.draft)
            return {name: fields[name] for name in action.changed}
        case _:
            return {}


def _of_draft(draft: ProductDraft) -> dict[str, Any]:
    return {"stock" if name == "quantity" else name: value for name, value in draft.fields.items()}


def changes(action: Action, now: Mapping[str, Any]) -> list[Change]:
    """Field by field what an action changes.

    Args:
        action: the planner's action.
        now: what is there, as `fields_of` tells it.
    """
    there: Mapping[str, Any] = {}
    if isinstance(action, SetLotStock):
        there = {f"stock of lot {action.batch.number}": plain_value(action.batch.quantity)}
    return [(name, now.get(name, there.get(name)), value) for name, value in written(action).items()]


def in_words(action: Action, now: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    """The same as people read it. What is made has nothing before it, and is told by what is sent."""
    if isinstance(action, CreateProduct) or (isinstance(action, PutProduct) and not action.ref):
        return ()
    told = changes(action, now)
    return tuple((name.replace("_", " ").capitalize(), _text(old), _text(new)) for name, old, new in told)


def _text(value: Any) -> str:
    text = (
        ", ".join(map(str, value)) if isinstance(value, list | tuple) else str("" if value is None else value)
    )
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _named(values: Json, base: Json) -> dict[str, Any]:
    names = base.get("names") or {}
    return {name: names.get(name) or value for name, value in values.items()}
