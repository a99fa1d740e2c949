"""I3: what is offered of a product is what was decided for it, also where no look was needed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from portal.models import Link, MirroredProduct, utc_now
from portal.sync import registry
from portal.sync.batches import Batch
from portal.sync.catalogues import Catalogue
from portal.sync.checker.items import stock_kept
from portal.sync.checker.place import Place
from tests.sync.engine.catalogues import by_lot, furnish, item, product
from tests.sync.engine.shop import open_shop


@pytest.fixture
def stocked(desk, tenant, monkeypatch):
    """A shop of two items that agree, as a comparison found an hour ago; nobody looked at one since."""
    store = furnish(open_shop(desk, tenant.id), monkeypatch)
    store.begin(1, 2)
    with desk.tenant(tenant.id) as session:
        session.execute(update(Link).values(created_at=utc_now() - timedelta(hours=1)))
    assert {link.looked_at for link in store.item_links().values()} == {None}
    return store


def seen(store):
    with store.desk.tenant(store.tenant_id) as session:
        found = stock_kept(session, Place(store.tenant_id, "acme", 180.0))
    return found.looked, [(one.thing, one.wrong) for one in found.wrong]


def test_products_that_offer_what_was_decided_are_right(stocked):
    assert seen(stocked) == (2, [])


@pytest.mark.promise("LL-11")
def test_a_product_that_offers_something_else_is_named_though_no_look_was_needed(stocked):
    with stocked.desk.tenant(stocked.tenant_id) as session:
        row = session.scalars(select(MirroredProduct).where(MirroredProduct.foreign_id == "1001")).one()
        row.facts = {**(row.facts or {}), "available": "3"}

    assert seen(stocked) == (2, [("item SKU-1", "10 was agreed on, and 3 is offered")])


@pytest.mark.promise("LL-11")
def test_a_lot_of_which_something_else_is_offered_is_named(desk, tenant, monkeypatch):
    store = furnish(open_shop(desk, tenant.id), monkeypatch)
    platform = replace(registry.platform("leaflink"), catalogue=Catalogue((), by_lot))
    monkeypatch.setitem(registry.PLATFORMS, "leaflink", platform)
    store.flourish.count_anew("item-1", 5, lot="A")
    store.leaflink.keep_lots("1001", Batch("b-A", "s-A", "A", "1", Decimal(5)))
    store.flourish.shelve(item(1), sellable=None)
    store.leaflink.stock_up(product(1))
    store.read()
    long_ago = {"created_at": utc_now() - timedelta(hours=1), "looked_at": None}
    with desk.tenant(tenant.id) as session:
        session.execute(update(Link).values(**long_ago))
    assert seen(store) == (1, [])

    with desk.tenant(tenant.id) as session:
        row = session.scalars(select(MirroredProduct)).one()
        row.batches = [{**(row.batches or [{}])[0], "quantity": "9"}]

    assert seen(store) == (1, [("item SKU-1", "5 of lot A was agreed on, and 9 is offered")])


@pytest.mark.promise("AQ-11")
def test_what_a_platform_keeps_back_itself_of_what_it_was_told_is_no_difference(stocked, monkeypatch):
    declared = registry.platform("leaflink")
    assert declared.catalogue is not None
    whole = replace(declared.catalogue, names={"quantity": "quantity"})
    monkeypatch.setitem(registry.PLATFORMS, "leaflink", replace(declared, catalogue=whole))

    def show(**facts):
        with stocked.desk.tenant(stocked.tenant_id) as session:
            row = session.scalars(select(MirroredProduct).where(MirroredProduct.foreign_id == "1001")).one()
            row.facts = {**(row.facts or {}), **facts}

    show(quantity="10", reserved="3", available="7")
    assert seen(stocked) == (2, [])
    show(quantity="8", reserved="3", available="5")
    assert seen(stocked) == (2, [("item SKU-1", "10 was agreed on, and 8 is offered")])
