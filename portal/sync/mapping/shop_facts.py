"""What shops ask of an item as plain JSON and back: what the mirror keeps beside an item's own facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from portal.sync.domain import Item, Json
from portal.sync.mapping.facts import plain, plain_value
from portal.sync.retail import LabResult
from portal.sync.shopping import Claims, ShopItem

_CLAIMS = tuple(each.name for each in fields(Claims))
_UNITS = frozenset({"thc_unit", "cbd_unit"})
_OWN = ("is_sellable", "shop_name", "retail_name")


def shop_facts(one: ShopItem) -> dict[str, Any]:
    """Write what only shops ask of an item; the price of its variations is read and kept apart."""
    claims = {name: plain_value(getattr(one.claims, name)) for name in _CLAIMS}
    return {**{name: getattr(one, name) for name in _OWN}, "claims": claims}


def shop_item_from(facts: Json, item: Item, variation: Json | None) -> ShopItem:
    """Read an item as shops need it.

    Args:
        facts: what `shop_facts` wrote.
        item: what every platform needs of it.
        variation: its cheapest variation, with a "price"; None where nobody has asked.
    """
    claims = {name: _claim(name, value) for name, value in facts.get("claims", {}).items() if name in _CLAIMS}
    price = (variation or {}).get("price")
    own = {name: facts[name] for name in _OWN if name in facts}
    return ShopItem(
        item=item,
        claims=Claims(**claims),
        variation_price=None if price is None else Decimal(price),
        **own,
    )


def _claim(name: str, value: Any) -> Any:
    return value if name in _UNITS or value is None else Decimal(value)


def lab_facts(result: LabResult) -> dict[str, Any]:
    """Write a lab result; its lot is its key."""
    return {
        "id": result.id,
        "status": result.status,
        "is_final": result.is_final,
        "analysed_at": plain_value(result.analysed_at),
        "percentages": plain(result.percentages),
    }


def lab_from(lot: str, facts: Mapping[str, Any]) -> LabResult:
    """Read a lab result of a lot that `lab_facts` wrote."""
    analysed = facts["analysed_at"]
    return LabResult(
        id=facts["id"],
        lot=lot,
        status=facts["status"],
        is_final=facts["is_final"],
        analysed_at=datetime.fromisoformat(analysed) if analysed else None,
        percentages={name: Decimal(value) for name, value in facts["percentages"].items()},
    )
