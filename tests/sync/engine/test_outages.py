"""What Trellis stands on goes away in the middle of work: the other side, database, disk, the right time."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from portal.sync.engine import shift
from portal.sync.engine.shift import work, work_alone
from portal.sync.engine.sweep import sweep
from portal.sync.errors import Retryable
from tests.databases import full_disk
from tests.sync.mapping.examples import order

DOWN = Retryable("LeafLink cannot be reached")


@pytest.fixture
def opened(shop, monkeypatch):
    """Shifts open this shop's worlds."""
    account = shop.account
    monkeypatch.setattr(shift, "open_account", lambda *_: account)
    return shop


def come_back(shop, *links):
    """The next worker's shifts, once the leases of the last one have run out."""
    for _ in range(3):
        shop.pass_time(1000)
        sweep(shop.desk)
        work(shop.desk)
        for link_id in links:
            work_alone(shop.desk, link_id)


def assert_made_once(shop, link_id):
    assert shop.link(link_id).state == "settled"
    assert shop.flourish.count("create_order") == len(shop.flourish.orders) == 1
    assert {one.status for one in shop.operations()} == {"ok"}
    assert shop.problems() == {}


@pytest.mark.fault(21)
def test_a_week_without_an_answer_is_one_problem_and_then_all_orders_go_in(shop):
    shop.leaflink.always["order"] = DOWN
    links = [shop.arrive(order(number=f"n{each}", label=f"L{each}")) for each in range(4)]
    for _half_day in range(2 * 7):
        shop.look()
        shop.pass_time(12 * 60 * 60)

    assert set(shop.problems()) == {"not_answering"}
    assert shop.problems()["not_answering"].link_id is None
    assert {shop.link(link_id).state for link_id in links} == {"waiting"}
    assert all(shop.link(link_id).due_at for link_id in links)

    del shop.leaflink.always["order"]
    shop.look_until_quiet()
    assert {shop.link(link_id).state for link_id in links} == {"settled"}
    assert len(shop.flourish.orders) == len(links)
    assert shop.problems() == {}


def cut_connections(shop):
    """What a failover does: every connection to this database is gone."""
    url = shop.desk.sessions.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    others = "pid <> pg_backend_pid() AND datname = current_database() AND backend_type = 'client backend'"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}")


@pytest.mark.fault(77)
@pytest.mark.parametrize("where", ["leaflink.order", "flourish.answer", "flourish.create_order"])
def test_connections_that_the_database_cuts_cost_another_look_and_no_second_order(opened, where):
    link_id = opened.arrive()
    world, _, call = where.partition(".")
    getattr(opened, world).meanwhile[call] = lambda: cut_connections(opened)

    with suppress(OperationalError):  # the job dies of it, or not: the next one goes on either way
        work(opened.desk)
    come_back(opened, link_id)

    assert_made_once(opened, link_id)


@pytest.mark.fault(78)
@pytest.mark.parametrize(
    ("table", "when", "calls"),
    [("operation", "INSERT", 0), ("operation", "UPDATE", 1), ("link", "UPDATE", 0)],
    ids=["before an intent", "before an outcome", "before anything"],
)
def test_what_a_full_disk_does_not_take_is_done_when_there_is_room_again(opened, table, when, calls):
    link_id = opened.arrive()
    with full_disk(opened.desk.sessions.engine, table, when), suppress(OperationalError):
        work(opened.desk)
    assert opened.flourish.count("create_order") == calls

    come_back(opened, link_id)

    assert_made_once(opened, link_id)


# As a worker would, in a process whose clock is wrong.
CLAIM = """
import sys
from datetime import UTC, datetime
from uuid import UUID
from portal.extensions import Sessions, new_engine
from portal.sync.engine.claim import claim_due
with Sessions(new_engine(sys.argv[1])).system() as session:
    claims = claim_due(session, UUID(sys.argv[2]), worker="skewed", most=9, lease_seconds=45)
print(*sorted(str(claim.link_id) for claim in claims), round(datetime.now(UTC).timestamp()))
"""
SKEWED = Path(__file__).parents[2] / "chaos" / "skewed"


@pytest.mark.fault(66)
@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_worker_whose_clock_is_wrong_claims_and_leases_by_the_databases(shop, database_url, minutes):
    due = shop.arrive(order(number="due", label="1"))
    later = shop.arrive(order(number="later", label="2"))
    with shop.desk.tenant(shop.tenant_id) as session:
        soon = text("UPDATE link SET due_at = now() + interval '5 minutes' WHERE id = :link")
        session.execute(soon, {"link": later})
        right = session.execute(text("SELECT extract(epoch FROM now())::float")).scalar_one()

    done = subprocess.run(
        (sys.executable, "-c", CLAIM, database_url, str(shop.connection_id)),
        env=os.environ | {"PYTHONPATH": str(SKEWED), "CHAOS_CLOCK_SHIFT": str(minutes * 60)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    *claimed, its_time = done.stdout.split()
    assert abs(float(its_time) - right - minutes * 60) < 60, "its clock was not wrong"
    assert claimed == [str(due)]
    assert shop.claims() == []
    shop.pass_time(46)
    assert [claim.link_id for claim in shop.claims()] == [due]
