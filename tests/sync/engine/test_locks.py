"""Who waits for a lock holds none that the other one needs: nothing is broken off by a deadlock."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import text

from portal.models import Connection, Link
from portal.sync import journal
from portal.sync.engine import mirror
from portal.sync.engine.claim import renew, take_back_lost
from tests.sync.engine.catalogues import furnish

LOCKED = {"key_share": True}
_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
LEASE_SECONDS = 30


@pytest.fixture
def stocked(shop, monkeypatch):
    """A shop whose catalogue is synced."""
    store = furnish(shop, monkeypatch)
    store.begin(1)
    return store


def wait_for_a_waiter(session):
    deadline = time.monotonic() + 10
    while not session.scalar(_WAITING):
        assert time.monotonic() < deadline, "nobody waits"
        time.sleep(0.01)


@pytest.mark.fault(77)
@pytest.mark.parametrize("announce", ["announce_product", "announce_item"])
def test_a_webhook_that_waits_for_a_look_holds_nothing_that_the_look_needs(stocked, announce):
    (link,) = stocked.item_links().values()
    changed = stocked.leaflink.edit("1001", available=Decimal(3), quantity=Decimal(3))
    stocked.flourish.edit("item-1", name="Renamed", updated_at=datetime.now(UTC))
    ref = {"announce_product": "1001", "announce_item": "item-1"}[announce]
    with ThreadPoolExecutor(1) as pool:
        with stocked.desk.tenant(stocked.tenant_id) as session:
            session.get_one(Link, link.id, with_for_update=LOCKED)
            webhook = pool.submit(getattr(stocked, announce), ref)
            wait_for_a_waiter(session)
            connection = session.get_one(Connection, stocked.connection_id)
            mirror.store_products(session, connection, [changed])
            journal.log(session, connection, "info", "the look ends")
        webhook.result()

    assert stocked.item_links()["SKU-1"].dirty_seq == link.dirty_seq + 1
    assert stocked.log()[-1] == "the look ends"


def test_a_link_that_is_being_recorded_is_neither_waited_for_nor_taken_back(shop):
    links = [shop.arrive(number=f"n-{place}") for place in range(2)]
    claims = shop.claims()
    assert {claim.link_id for claim in claims} == set(links)
    shop.pass_time(1000)
    with shop.desk.tenant(shop.tenant_id) as recording:
        recording.get_one(Link, links[0], with_for_update=LOCKED)
        with shop.desk.sessions.system() as session:
            session.execute(text("SET LOCAL lock_timeout = '1s'"))
            renew(session, claims, LEASE_SECONDS)
        with shop.desk.sessions.system() as session:
            session.execute(text("SET LOCAL lock_timeout = '1s'"))
            assert take_back_lost(session) == 0
        now = datetime.now(UTC)
        assert [shop.link(link_id).lease_until > now for link_id in links] == [False, True]

    with shop.desk.sessions.system() as session:
        assert take_back_lost(session) == 1
