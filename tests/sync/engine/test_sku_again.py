"""A SKU that both sides gave up may come back: on another item, it is another product."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portal.sync import registry
from portal.sync.contract import Catalogue
from portal.sync.platforms.leaflink.shop import SHOP
from tests.sync.engine.catalogues import furnish, item
from tests.sync.engine.catalogues import rules as store_rules

# Nothing is asked of a product but its SKU: what a new one needs is another test's.
_EASY = replace(SHOP, required={}, required_each={}, required_strained={})


@pytest.fixture
def making(shop, monkeypatch):
    """A shop whose products are made from items."""
    store = furnish(shop, monkeypatch)

    def makes(*given):
        return replace(store_rules(*given), creates=True, shop=_EASY)

    platform = replace(registry.platform("leaflink"), catalogue=Catalogue((), makes))
    monkeypatch.setitem(registry.PLATFORMS, "leaflink", platform)
    store.flourish.shelve(item(1))
    store.read()
    store.look_until_quiet()
    return store


@pytest.mark.promise("LL-1")
def test_a_sku_whose_item_and_product_were_renamed_gets_a_product_anew(making):
    making.flourish.edit("item-1", sku="RENAMED-1")
    making.leaflink.edit("1001", sku="RENAMED-1")
    making.read_again()
    making.look_until_quiet()
    making.flourish.shelve(item(2, sku="SKU-1"))

    making.read_again()
    making.look_until_quiet()

    links = making.item_links()
    assert {sku: one.base["product"] for sku, one in links.items()} == {"RENAMED-1": "1001", "SKU-1": "1002"}
    assert making.leaflink.count("create_product") == 2
    assert making.problems() == {}
