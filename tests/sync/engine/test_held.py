"""Units that open orders hold: each change marks the items at once, whoever else does so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from portal.models import Link, MirroredItem
from portal.sync.engine.held import note_held
from tests.sync.engine.catalogues import furnish
from tests.sync.mapping.examples import order

_TIMES = 20
_HELD = {"SKU-1": "4", "SKU-2": "1"}


def stock_told(stocked):
    with stocked.desk.tenant(stocked.tenant_id) as session:
        return dict(session.execute(select(MirroredItem.sku, MirroredItem.stock_told)).all())


@pytest.mark.promise("LL-11")
def test_no_mark_is_lost_when_orders_hold_and_release_the_same_items_at_once(shop, monkeypatch):
    stocked = furnish(shop, monkeypatch)
    stocked.begin(1, 2)
    orders = [stocked.arrive(order(number=f"n-{each}", label=f"L-{each}")) for each in range(3)]
    before = {sku: link.dirty_seq for sku, link in stocked.item_links().items()}

    def hold_and_release(order_id):
        for holds in [_HELD, None] * _TIMES:
            with stocked.desk.tenant(stocked.tenant_id) as session:
                note_held(session, session.get_one(Link, order_id, with_for_update=True), holds)

    with ThreadPoolExecutor(len(orders)) as pool:
        list(pool.map(hold_and_release, orders))

    marks = {sku: link.dirty_seq - before[sku] for sku, link in stocked.item_links().items()}
    assert marks == dict.fromkeys(_HELD, len(orders) * 2 * _TIMES)


def test_items_are_due_at_once_and_read_anew_only_when_they_are_released(shop, monkeypatch):
    stocked = furnish(shop, monkeypatch)
    stocked.begin(1, 2)
    stocked.look_until_quiet()
    order_id = stocked.arrive(order())

    told = [stock_told(stocked)]
    for holds in (_HELD, {"SKU-1": "4"}):
        with stocked.desk.tenant(stocked.tenant_id) as session:
            note_held(session, session.get_one(Link, order_id), holds)
        told.append(stock_told(stocked))

    assert told[1] == told[0]
    assert told[2]["SKU-1"] == told[1]["SKU-1"]
    assert told[2]["SKU-2"] != told[1]["SKU-2"]
    assert all(link.due_at is not None for link in stocked.item_links().values())
