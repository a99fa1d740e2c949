"""A SKU that both sides gave up may come back: on another item, it is another product."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portal.models import Connection
from portal.sync import audit, registry, unlinking
from portal.sync.catalogues import Catalogue
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


def unlink(shop, sku):
    with shop.desk.tenant(shop.tenant_id) as session:
        connection = session.get_one(Connection, shop.connection_id)
        link = session.merge(shop.item_links()[sku])
        unlinking.unlink(session, shop.desk.settings.master_keys, connection, link, actor=audit.Actor("Ann"))


@pytest.mark.promise("ON-9")
def test_an_item_and_a_product_that_came_apart_are_unlinked_and_each_is_matched_anew(making):
    making.leaflink.edit("1001", sku="OTHER-1")
    making.read_again()
    making.look_until_quiet()
    assert making.item_links()["SKU-1"].decision_code == "sku_changed"

    unlink(making, "SKU-1")
    making.look_until_quiet()

    links = making.item_links()
    assert links["SKU-1"].base["product"] == "1002"
    assert (links["OTHER-1"].base or {}).get("product") is None
    assert links["OTHER-1"].decision_code == "no_item"
    assert making.problems() == {}


@pytest.mark.promise("ON-9")
def test_a_product_that_was_deleted_is_unlinked_and_made_anew_each_time(making):
    for former, made in (("1001", "1002"), ("1002", "1003")):
        del making.leaflink.products_by_ref[former]
        making.read_again()
        making.look_until_quiet()
        assert making.item_links()["SKU-1"].decision_code == "product_gone"

        unlink(making, "SKU-1")
        making.look_until_quiet()

        assert making.item_links()["SKU-1"].base["product"] == made
    assert making.leaflink.count("create_product") == 3
    assert making.problems() == {}


def test_a_pair_that_an_equal_sku_links_cannot_be_unlinked(making):
    with pytest.raises(unlinking.CannotUnlink, match="an equal SKU links them"):
        unlink(making, "SKU-1")
