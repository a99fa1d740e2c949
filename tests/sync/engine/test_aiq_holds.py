"""What an order of a shop keeps back, from when it is seen until Flourish's figure has it off (AQ-11)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from portal.models import HeldLine
from portal.sync.engine import shop_holds
from portal.sync.mapping.shop_stock import StockReading
from tests.sync.engine.aiq_world import SKU, aiq_order, open_aiq_shop
from tests.sync.platforms.aiq.examples import NUMBER


@pytest.fixture
def shop(desk, tenant_id):
    """A live connection to AIQ with both worlds plugged in."""
    return open_aiq_shop(desk, tenant_id)


def place(shop, **changed):
    return shop.arrive(aiq_order(**changed))


def here(shop):
    return shop.leaflink.orders[NUMBER]


def held(shop):
    """What is kept back, by SKU: eaches, and whether that has ended in Flourish."""
    with shop.desk.tenant(shop.tenant_id) as session:
        rows = session.scalars(select(HeldLine)).all()
        return {row.sku_key: (row.eaches, row.ended_at is not None) for row in rows}


@pytest.mark.promise("AQ-11")
def test_an_order_keeps_its_goods_back_from_when_it_is_seen_until_it_is_packed(shop):
    place(shop, status="PENDING")
    shop.look_until_quiet()
    assert held(shop) == {SKU: (Decimal(2), False)}
    shop.leaflink.put(here(shop), status="CONFIRMED")
    shop.mark(NUMBER)
    shop.look_until_quiet()
    assert held(shop) == {SKU: (Decimal(2), False)}
    shop.flourish.change("RO-1", status="Packed")
    shop.mark(NUMBER)
    shop.look_until_quiet()

    assert held(shop) == {SKU: (Decimal(2), True)}


@pytest.mark.promise("AQ-11")
def test_what_is_cancelled_before_it_was_sent_is_let_go_at_once(shop):
    place(shop, status="PENDING")
    shop.look_until_quiet()
    shop.leaflink.put(here(shop), status="CANCELLED")
    shop.mark(NUMBER)
    shop.look_until_quiet()

    assert held(shop) == {}


@pytest.mark.promise("AQ-11")
def test_aiq_keeps_nothing_back_any_more_once_flourishs_figure_has_the_goods_off(shop):
    shop.choose(platform_holds=True)
    link_id = place(shop)
    shop.look()
    shop.flourish.change("RO-1", status="Packed")
    shop.mark(NUMBER)
    shop.look()
    assert not here(shop).is_released
    assert shop.link(link_id).due_at is not None
    with shop.desk.tenant(shop.tenant_id) as session:
        shop_holds.release(session, shop.connection_id, SKU, StockReading(Decimal(9), after_now()))
    shop.pass_time(121)
    shop.look_until_quiet()

    assert here(shop).is_released
    assert shop.operations()[-1].kind == "release_goods"
    assert (shop.link(link_id).state, shop.link(link_id).due_at) == ("settled", None)


def after_now():
    """A moment by the database's clock, or a little later."""
    return datetime.now(UTC) + timedelta(seconds=5)
