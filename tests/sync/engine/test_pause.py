"""Switches: what pauses writes, what goes on, and what happens when they are resumed."""

from __future__ import annotations

import pytest
from sqlalchemy import func, text, update

from portal.models import Connection, Tenant
from portal.sync import connecting
from portal.sync.audit import Actor
from portal.sync.engine.gate import is_open, may_read, may_take_deliveries, may_work, why_no_writes
from tests.sync.mapping.examples import order


def switch(shop, act):
    with shop.desk.tenant(shop.tenant_id) as session:
        act(session, shop.desk.settings.master_keys, shop.connection_id, actor=Actor("Adam Admin"))


@pytest.mark.promise("MO-11")
def test_a_paused_connection_reads_and_decides_and_writes_nothing(shop):
    switch(shop, connecting.pause)
    link_id = shop.arrive()

    shop.look()

    link = shop.link(link_id)
    assert (link.state, link.decision_code) == ("waiting", "bring_in")
    assert "paused" in link.decision_text
    assert shop.leaflink.count("order") == 1
    assert shop.writes() == 0
    assert shop.operations() == []


def test_resuming_sends_what_waited(shop):
    switch(shop, connecting.pause)
    link_id = shop.arrive()
    shop.look()

    switch(shop, connecting.resume)
    assert shop.look() == 1

    assert shop.link(link_id).state == "settled"
    assert shop.flourish.count("create_order") == 1
    assert "Adam Admin paused the connection" in shop.log()
    assert "Adam Admin resumed the connection" in shop.log()


@pytest.mark.fault(71)
def test_a_pause_in_the_middle_of_a_look_lets_the_call_in_flight_end_and_stops_the_next(shop):
    from datetime import UTC, datetime

    link_id = shop.arrive(ship_at=datetime(2026, 4, 1, 15, tzinfo=UTC))
    shop.flourish.meanwhile["create_order"] = lambda: switch(shop, connecting.pause)

    shop.look()

    assert [(one.kind, one.status) for one in shop.operations()] == [("create_order", "ok")]
    assert shop.link(link_id).decision_code == "finish"
    switch(shop, connecting.resume)
    shop.look_until_quiet()
    assert shop.link(link_id).state == "settled"
    assert shop.flourish.count("finish_order") == 1


def test_looking_again_while_paused_adds_nothing_to_the_story(shop):
    switch(shop, connecting.pause)
    link_id = shop.arrive()
    shop.look()
    told = shop.story(link_id)

    for _ in range(2):
        shop.mark(order().number)
        shop.look()

    assert shop.story(link_id) == told


@pytest.mark.promise("MO-11")
def test_the_companys_stop_switch_stops_writes_of_all_its_connections(shop):
    with shop.desk.tenant(shop.tenant_id) as session:
        session.execute(update(Tenant).values(stopped_at=func.now()))
    link_id = shop.arrive()

    shop.look()

    assert "stop switch" in shop.link(link_id).decision_text
    assert shop.writes() == 0


def test_an_open_write_is_settled_while_paused(shop):
    from portal.sync.errors import Unsettled

    link_id = shop.arrive()
    shop.flourish.fail("create_order", Unsettled("502"), effect=True)
    shop.look()
    switch(shop, connecting.pause)
    shop.look_until_quiet()

    assert shop.link(link_id).flourish_id == "SO-1"
    assert shop.flourish.count("create_order") == 1


@pytest.mark.fault(71)
@pytest.mark.parametrize(
    ("state", "deliveries", "reads", "works", "writes"),
    [
        ("draft", False, False, False, False),
        ("checking", True, True, False, False),
        ("ready", True, True, False, False),
        ("live", True, True, True, True),
        ("paused", True, True, True, False),
        ("needs_credentials", True, False, False, False),
        ("disconnected", False, False, False, False),
    ],
)
def test_each_state_allows_what_the_design_says(shop, state, deliveries, reads, works, writes):
    shop.set("connection", state=state)
    connection = shop.connection()
    with shop.desk.tenant(shop.tenant_id) as session:
        why = why_no_writes(session, connection.id)

    assert may_take_deliveries(state) is deliveries
    assert may_read(connection) is reads
    assert may_work(connection) is works
    assert (why == "") is writes


@pytest.mark.parametrize(
    ("state", "reads", "writes"),
    [("live", True, True), ("paused", True, False), ("needs_credentials", False, False)],
)
def test_a_hubs_state_holds_for_every_connection_on_it(shop, state, reads, writes):
    shop.set("hub", state=state)
    connection = shop.connection()
    with shop.desk.tenant(shop.tenant_id) as session:
        why = why_no_writes(session, connection.id)

    assert may_read(connection) is reads
    assert (why == "") is writes


def test_a_breaker_is_open_until_its_time(shop):
    with shop.desk.tenant(shop.tenant_id) as session:
        now, later = session.execute(text("SELECT now(), now() + interval '1 second'")).one()

    assert is_open(later, now)
    assert not is_open(now, later)
    assert not is_open(None, now)


def test_pausing_what_is_not_live_and_resuming_what_is_not_paused_change_nothing(shop):
    shop.set("connection", state="needs_credentials")
    switch(shop, connecting.pause)
    switch(shop, connecting.resume)

    assert shop.connection().state == "needs_credentials"
    with shop.desk.tenant(shop.tenant_id) as session:
        assert session.get_one(Connection, shop.connection_id).paused_at is None
