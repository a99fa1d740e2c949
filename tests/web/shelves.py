"""Items, products and their links as pulls would leave them, for tests of pages."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from portal.models import Link, MirroredItem, MirroredProduct
from portal.sync.mapping.keys import near_key
from tests.web.factory import Company, order


def product(
    session: Session,
    company: Company,
    sku: str,
    *,
    name: str = "Blue Dream 3.5g Jar",
    state: str = "settled",
    sides: tuple[str, ...] = ("flourish", "platform"),
    **more: Any,
) -> Link:
    """Make a SKU's link, with the item and the product that have it, on the sides named."""
    if "flourish" in sides:
        session.add(mirrored_item(company, sku, name))
    if "platform" in sides:
        session.add(mirrored_product(company, sku, name))
    values = {"decision_text": "Both sides agree.", "decision_code": "agree", "next_step": "Nothing.", **more}
    return order(
        session,
        company,
        label=sku,
        state=state,
        flourish_id=f"i-{sku}" if "flourish" in sides else None,
        kind="item",
        foreign_id=sku,
        foreign_status=None,
        snapshot={},
        terms=tuple(name.split()),
        **values,
    )


def mirrored_item(company: Company, sku: str, name: str, ref: str = "") -> MirroredItem:
    """Make the item of a SKU, as it was read last."""
    item_id = ref or f"i-{sku}"
    return MirroredItem(
        tenant_id=company.id,
        hub_id=company.hub_id,
        flourish_id=item_id,
        sku=sku,
        sku_key=sku,
        near_key=near_key(sku),
        name=name,
        ecommerce=True,
        brand="Harbor",
        facts={"id": item_id, "sku": sku, "name": name, "brand": "Harbor", "price": "17.5", "uom": "ea"},
        stock={"12": "240"},
    )


def mirrored_product(company: Company, sku: str, name: str) -> MirroredProduct:
    """Make the product of a SKU, as it was read last."""
    facts = {
        "ref": f"p-{sku}",
        "sku": sku,
        "listing_state": "Available",
        "available": "228",
        "reserved": "12",
    }
    return MirroredProduct(
        tenant_id=company.id,
        connection_id=company.connection_id,
        foreign_id=f"p-{sku}",
        sku=sku,
        sku_key=sku,
        near_key=near_key(sku),
        name=name,
        listing_state="Available",
        facts=facts,
    )
