"""Turns: tenants take turns, and within a tenant its connections; a long queue makes only its owner wait."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from portal.models import Connection
from portal.sync import journal
from portal.sync.engine import shift, turns
from portal.sync.engine.turns import Ready, claim_in_turn, dealt, ready
from tests.sync.mapping.examples import order

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def one(tenant, number, *, ago=None, half_open=False):
    turn = None if ago is None else NOON - timedelta(seconds=ago)
    return Ready(UUID(int=tenant * 100 + number), UUID(int=tenant), turn, half_open)


A1, A2, A3, B1 = one(1, 1), one(1, 2), one(1, 3), one(2, 1)

# What is waiting, free places, what is being worked on; then the share of each.
CASES = {
    "nothing waits": ([], 8, {}, {}),
    "no place is free": ([A1], 0, {}, {}),
    "one connection takes what it may": ([A1], 24, {}, {A1: 8}),
    "what it has in hand counts": ([A1], 24, {A1: 6}, {A1: 2}),
    "a half-open breaker lets one try": ([one(1, 1, half_open=True)], 24, {}, {A1: 1}),
    "and none while that one tries": ([one(1, 1, half_open=True)], 24, {A1: 1}, {}),
    "two tenants share": ([A1, B1], 8, {}, {A1: 4, B1: 4}),
    "three connections of one tenant count as one tenant": (
        [A1, A2, A3, B1],
        6,
        {},
        {A1: 1, A2: 1, A3: 1, B1: 3},
    ),
    "the one place goes to whose turn was longest ago": (
        [one(1, 1, ago=1), one(2, 1, ago=9)],
        1,
        {},
        {B1: 1},
    ),
    "a tenant's last turn counts, whichever connection had it": (
        [one(1, 1, ago=1), one(1, 2, ago=99), one(2, 1, ago=9)],
        1,
        {},
        {B1: 1},
    ),
    "who never had a turn goes first": ([one(1, 1, ago=99), B1], 1, {}, {B1: 1}),
}


@pytest.mark.fault(15)
@pytest.mark.parametrize("case", CASES)
def test_free_places_are_dealt_in_turns(case):
    waiting, free, busy, shares = CASES[case]

    got = dealt(waiting, free=free, most=8, busy={each.connection_id: n for each, n in busy.items()})

    assert got == Counter({each.connection_id: n for each, n in shares.items()})


@pytest.mark.fault(15)
@given(
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=6),
    free=st.integers(0, 60),
    most=st.integers(1, 8),
)
def test_nobody_gets_more_than_one_place_beyond_a_tenant_that_could_take_more(sizes, free, most):
    waiting = [one(tenant + 1, number) for tenant, size in enumerate(sizes) for number in range(size)]

    shares = dealt(waiting, free=free, most=most, busy={})

    total = {
        tenant + 1: sum(shares[one(tenant + 1, number).connection_id] for number in range(size))
        for tenant, size in enumerate(sizes)
    }
    assert sum(total.values()) == min(free, most * len(waiting))
    hungry = [got for tenant, got in total.items() if got < most * sizes[tenant - 1]]
    assert all(got <= min(hungry) + 1 for got in total.values()) if hungry else True


def test_who_was_served_waits_for_the_next_turn(shop):
    for number in range(3):
        shop.arrive(order(number=f"n{number}", label=f"L{number}"))
    with shop.desk.sessions.system() as session:
        (before,) = ready(session)
        shares = dealt([before], free=2, most=8, busy={})
        claims = claim_in_turn(session, shares, worker="test", lease_seconds=45)
    with shop.desk.sessions.system() as session:
        (after,) = ready(session)

    assert len(claims) == 2
    assert before.turn_at is None
    assert after.turn_at is not None


@pytest.mark.parametrize("alone", [True, False])
def test_links_that_are_worked_on_alone_are_nobodys_turn(shop, alone):
    shop.arrive()
    with shop.desk.tenant(shop.tenant_id) as session:
        session.execute(text("UPDATE link SET alone = :alone"), {"alone": alone})

    with shop.desk.sessions.system() as session:
        assert len(ready(session)) == (0 if alone else 1)


def test_workers_that_claim_and_workers_that_log_do_not_wait_for_each_other_in_a_circle(shop):
    ends = time.monotonic() + 2
    failed: list[OperationalError] = []

    def again_and_again(act):
        while time.monotonic() < ends and not failed:
            try:
                act()
            except OperationalError as error:
                failed.append(error)

    def take_a_turn():
        with shop.desk.sessions.system() as session:
            turns._note_turn(session, {shop.connection_id})

    def log():
        with shop.desk.tenant(shop.tenant_id) as session:
            # As every row does that refers to the connection.
            session.execute(text("SELECT 1 FROM connection FOR KEY SHARE"))
            journal.log(session, session.get_one(Connection, shop.connection_id), "info", "x")

    threads = [threading.Thread(target=again_and_again, args=(act,)) for act in (take_a_turn, log) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []


def test_a_claim_that_the_database_interrupts_ends_the_shift_and_no_more(shop, monkeypatch):
    shop.arrive()

    def gone(_session):
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    with monkeypatch.context() as broken:
        broken.setattr(turns, "dealt", lambda *_, **__: gone(None))
        assert shift.work(shop.desk) is True
    assert len(shop.claims()) == 1
