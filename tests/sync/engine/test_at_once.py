"""Things that happen at once: two people, two companies, a new key and an old one."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import text

from portal.identity import tenants
from portal.sync.audit import Actor
from portal.sync.engine import marks, shift
from portal.sync.engine import poll as polls
from portal.sync.engine.poll import FLOURISH_ORDERS, poll
from portal.sync.engine.shift import Shift, work
from portal.sync.errors import ConnectionBroken, Rejected
from tests.sync.engine.shop import open_shop
from tests.sync.engine.test_poll import opened as polled
from tests.sync.engine.test_poll import page, read, stream

__all__ = ["polled"]


@pytest.mark.fault(84)
def test_two_people_who_press_retry_at_once_have_it_looked_at_and_written_once(shop):
    shop.flourish.fail("create_order", Rejected("is not in stock", field="order_lines[0]", http_status=422))
    link_id = shop.arrive()
    shop.look()
    assert shop.link(link_id).state == "stuck"
    start = threading.Barrier(2)

    def press(actor):
        start.wait()
        with shop.desk.tenant(shop.tenant_id) as session:
            return marks.look_again(session, link_id, actor=Actor(actor))

    with ThreadPoolExecutor(2) as people:
        assert list(people.map(press, ("Adam Admin", "Olivia Owner"))) == [True, True]

    assert [shop.look(), shop.look()] == [1, 0]
    assert shop.link(link_id).state == "settled"
    assert shop.flourish.count("create_order") == 2  # the one that was refused, and one more
    assert len(shop.flourish.orders) == 1


@pytest.mark.fault(15)
def test_a_company_with_hundreds_of_orders_leaves_room_for_one_with_few(shop):
    for number in range(300):
        shop.mark(f"n{number}")
    other = tenants.create(shop.desk.sessions, slug="other", name="Other", timezone="UTC")
    small = open_shop(shop.desk, other.id, "Other")
    for number in range(3):
        small.mark(f"n{number}")

    few_places = replace(shop.desk, settings=replace(shop.desk.settings, links_per_worker=6))
    claims = Shift(few_places).claim()

    assert Counter(claim.connection_id for claim in claims) == {shop.connection_id: 3, small.connection_id: 3}


REVOKED = ConnectionBroken("Invalid token", http_status=401)


@pytest.mark.fault(25)
@pytest.mark.parametrize("side", ["leaflink", "flourish"])
def test_a_shift_that_has_the_old_key_stops_nothing_when_it_is_replaced_and_dies(shop, monkeypatch, side):
    account = shop.account
    monkeypatch.setattr(shift, "open_account", lambda *_: account)
    world = getattr(shop, side)
    table = "connection" if side == "leaflink" else "hub"
    link_id = shop.arrive()

    def replaced():
        with shop.desk.tenant(shop.tenant_id) as session:
            session.execute(text(f"UPDATE {table} SET proven_at = now()"))
        world.always = dict.fromkeys(("order", "answer", "company"), REVOKED)

    shop.leaflink.meanwhile["order"] = replaced
    work(shop.desk)
    assert (shop.connection().state, shop.connection().hub.state) == ("live", "live")

    world.always = {}  # the next shift has the new key
    shop.pass_time(1000)
    work(shop.desk)
    assert shop.link(link_id).state == "settled"
    assert shop.problems() == {}


@pytest.mark.fault(25)
@pytest.mark.parametrize("of_hub", [False, True])
def test_a_poll_that_has_the_old_key_stops_nothing_when_it_is_replaced_and_dies(polled, monkeypatch, of_hub):
    stream_id = stream(polled, FLOURISH_ORDERS if of_hub else "orders", of_hub=of_hub)
    world = polled.flourish if of_hub else polled.leaflink
    world.pages = [page("a")]
    world.always["changed_orders"] = world.always["company"] = REVOKED
    opener = "open_hub" if of_hub else "open_platform"
    keys = iter((world, type(world)()))
    monkeypatch.setattr(polls, opener, lambda *_: next(keys))

    poll(polled.desk, polled.tenant_id, stream_id)

    assert read(polled, stream_id).failures == 1
    assert (polled.connection().state, polled.connection().hub.state) == ("live", "live")
    assert "needs_credentials" not in polled.problems()
