"""Drains: due links worked off several at once, bounded, and stopped when the account may not be called."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.models import Run
from portal.sync.engine import drain as drains
from portal.sync.engine.breaker import OPENS_AFTER
from portal.sync.engine.drain import drain
from portal.sync.errors import ConnectionBroken, Retryable
from tests.sync.mapping.examples import order


@pytest.fixture
def opened(shop, monkeypatch):
    """Drains open this shop's worlds."""
    account = shop.account
    monkeypatch.setattr(drains, "open_account", lambda *_: account)
    return shop


def place(shop, count):
    return [shop.arrive(order(number=f"n{number}", label=f"L{number}")) for number in range(count)]


def run_of(shop):
    with shop.desk.tenant(shop.tenant_id) as session:
        return session.scalars(select(Run)).all()


def test_a_drain_works_off_all_that_is_due_and_leaves_a_run_with_counts(opened):
    links = place(opened, 12)

    assert drain(opened.desk, opened.tenant_id, opened.connection_id) is False

    assert {opened.link(link_id).state for link_id in links} == {"settled"}
    assert len(opened.flourish.orders) == 12
    (run,) = run_of(opened)
    assert (run.state, run.counts) == ("done", {"looked": 12, "settled": 12})


def test_a_drain_that_finds_nothing_leaves_no_run(opened):
    assert drain(opened.desk, opened.tenant_id, opened.connection_id) is False
    assert run_of(opened) == []


def test_several_drains_of_one_connection_side_by_side_send_each_order_once(opened):
    place(opened, 16)
    threads = [
        threading.Thread(target=drain, args=(opened.desk, opened.tenant_id, opened.connection_id))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert opened.flourish.count("create_order") == 16
    assert len({one.original_order_id for one in opened.flourish.orders.values()}) == 16


def test_calls_of_several_links_overlap(opened):
    place(opened, 4)
    together = threading.Barrier(2)
    opened.leaflink.order = _meeting(opened.leaflink.order, together)

    drain(opened.desk, opened.tenant_id, opened.connection_id)

    assert len(opened.flourish.orders) == 4


def _meeting(call, together):
    def met(number):
        together.wait(10)  # breaks when nobody else calls at the same time
        return call(number)

    return met


def test_a_drain_stops_when_its_time_is_up_and_says_that_more_is_due(opened):
    place(opened, 5)
    desk = replace(opened.desk, settings=replace(opened.desk.settings, drain_seconds=0.0001, links_at_once=2))

    assert drain(desk, opened.tenant_id, opened.connection_id) is True
    assert len(opened.flourish.orders) == 2


def test_a_bug_on_one_link_is_a_visible_problem_and_the_others_go_on(opened):
    links = place(opened, 3)
    broken = opened.leaflink.orders["n1"]
    opened.leaflink.orders["n1"] = replace(broken, lines=None)

    drain(opened.desk, opened.tenant_id, opened.connection_id)

    assert [opened.link(link_id).state for link_id in links] == ["settled", "stuck", "settled"]
    problem = opened.problems()["bug"]
    assert (problem.who, problem.link_id) == ("operator", links[1])
    assert opened.link(links[1]).due_at is not None

    opened.leaflink.orders["n1"] = broken
    opened.pass_time(1000)
    drain(opened.desk, opened.tenant_id, opened.connection_id)
    assert opened.problems() == {}
    assert opened.link(links[1]).state == "settled"


@pytest.mark.parametrize("state", ["draft", "ready", "needs_credentials", "disconnected"])
def test_a_connection_that_may_not_work_is_not_called(opened, state):
    place(opened, 1)
    opened.set("connection", state=state)

    assert drain(opened.desk, opened.tenant_id, opened.connection_id) is False
    assert opened.leaflink.calls == []


def test_an_open_breaker_lets_nobody_call_and_a_half_open_one_lets_one_link_try(opened):
    place(opened, 4)
    opened.leaflink.always["order"] = Retryable("down")
    with opened.desk.tenant(opened.tenant_id) as session:
        now = session.scalar(select(func.now()))
    opened.set("connection", failures=OPENS_AFTER, open_until=now + timedelta(seconds=30))

    drain(opened.desk, opened.tenant_id, opened.connection_id)
    assert opened.leaflink.calls == []

    opened.pass_time(31)
    drain(opened.desk, opened.tenant_id, opened.connection_id)
    assert opened.leaflink.calls == ["order"]


def test_a_breaker_that_opens_in_the_middle_ends_the_drain(opened):
    place(opened, 20)
    opened.leaflink.always["order"] = Retryable("down")
    desk = replace(opened.desk, settings=replace(opened.desk.settings, links_at_once=5))

    drain(desk, opened.tenant_id, opened.connection_id)

    assert opened.leaflink.count("order") <= OPENS_AFTER + 4


def test_a_refused_key_ends_the_drain_after_the_calls_in_flight(opened):
    place(opened, 20)
    opened.leaflink.always["order"] = ConnectionBroken("Invalid token", http_status=401)
    opened.leaflink.always["company"] = ConnectionBroken("Invalid token", http_status=401)
    desk = replace(opened.desk, settings=replace(opened.desk.settings, links_at_once=2))

    drain(desk, opened.tenant_id, opened.connection_id)

    assert opened.connection().state == "needs_credentials"
    assert opened.leaflink.count("order") == 2


def test_a_connection_that_is_gone_is_nobodys_work(opened):
    from portal.models import new_id

    assert drain(opened.desk, opened.tenant_id, new_id()) is False
