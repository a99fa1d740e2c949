"""Ordo's items as they are read and written."""

from __future__ import annotations

from decimal import Decimal

import pytest

from portal.sync.drafts import ProductDraft
from portal.sync.errors import Unreadable
from portal.sync.platforms.ordo.items import read_item, write_item
from portal.sync.reading import Fields

ITEM = {
    "id": "itm-7",
    "external_id": "00000345",
    "sku": "GL-GM10",
    "name": "Gummies",
    "brand": "Kitchen",
    "category": "Edibles",
    "unit": "ea",
    "price": "8.65",
    "sellable_quantity": 120,
    "updated_at": "2026-11-20T10:00:00Z",
}


def read(**changed):
    return read_item(Fields.of({**ITEM, **changed}), lambda *_: None)


def test_an_item_is_read_with_what_is_sellable():
    product = read()

    assert (product.ref, product.sku, product.name, product.brand) == (
        "itm-7",
        "GL-GM10",
        "Gummies",
        "Kitchen",
    )
    assert (product.available, product.quantity, product.reserved) == (120, 120, 0)
    assert (product.price, product.unit, product.archived) == (Decimal("8.65"), "ea", False)


def test_what_an_item_does_not_have_is_empty():
    product = read(external_id=None, brand=None, category=None, unit=None, price=None, sku="")

    assert (product.brand, product.category, product.unit, product.price, product.sku) == (
        "",
        "",
        "",
        None,
        "",
    )


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"id": ""}, "id"),
        ({"sellable_quantity": -1}, "sellable_quantity"),
        ({"sellable_quantity": "many"}, "sellable_quantity"),
        ({"updated_at": "yesterday"}, "updated_at"),
        ({"brand": 3.5}, "brand"),
    ],
)
def test_what_cannot_be_is_unreadable_by_its_path(changed, path):
    with pytest.raises(Unreadable, match=path):
        read(**changed)


def test_an_item_is_written_whole():
    fields = {
        "name": "Gummies",
        "brand": "Kitchen",
        "category": "",
        "unit": "ea",
        "price": None,
        "quantity": "2.5",
    }

    assert write_item(ProductDraft("GL-GM10", fields, {})) == {
        "sku": "GL-GM10",
        "name": "Gummies",
        "brand": "Kitchen",
        "category": None,
        "unit": "ea",
        "price": None,
        "sellable_quantity": Decimal("2.5"),
    }
