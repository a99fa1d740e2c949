"""What is done by the calendar: when, once, by one, and again when its worker died."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text, update

from portal.extensions import new_redis
from portal.identity import tenants
from portal.models import Installation, Proof, Tenant
from portal.sync import nightly, queues
from portal.sync.engine import accounts
from portal.sync.errors import Retryable
from tests.sync.checker.world import build

LA, BERLIN, UTC_ZONE = ZoneInfo("America/Los_Angeles"), ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
HALF_PAST_ONE, HALF_PAST_TWO, THREE = time(1, 30), time(2, 30), time(3)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc] # parts of a time, in order


@pytest.mark.fault(65)
@pytest.mark.parametrize(
    ("zone", "at", "now", "following"),
    [
        (UTC_ZONE, THREE, utc(2026, 6, 1, 2, 59), utc(2026, 6, 1, 3)),
        (UTC_ZONE, THREE, utc(2026, 6, 1, 3), utc(2026, 6, 2, 3)),
        (LA, THREE, utc(2026, 6, 1, 9, 59), utc(2026, 6, 1, 10)),
        (LA, THREE, utc(2026, 12, 1, 10, 59), utc(2026, 12, 1, 11)),
        # 1 November 2026, Los Angeles: 01:30 comes at 08:30 and again at 09:30 UTC.
        (LA, HALF_PAST_ONE, utc(2026, 11, 1, 8, 29), utc(2026, 11, 1, 8, 30)),
        (LA, HALF_PAST_ONE, utc(2026, 11, 1, 8, 30), utc(2026, 11, 2, 9, 30)),
        (LA, HALF_PAST_ONE, utc(2026, 11, 1, 9, 15), utc(2026, 11, 2, 9, 30)),
        (LA, THREE, utc(2026, 11, 1, 8, 30), utc(2026, 11, 1, 11)),
        # 14 March 2027, Los Angeles: there is no 02:30; it is the moment that would have been.
        (LA, HALF_PAST_TWO, utc(2027, 3, 14, 9), utc(2027, 3, 14, 10, 30)),
        (LA, HALF_PAST_TWO, utc(2027, 3, 14, 10, 30), utc(2027, 3, 15, 9, 30)),
        # 25 October 2026, Berlin: 02:30 comes twice.
        (BERLIN, HALF_PAST_TWO, utc(2026, 10, 25, 0, 30), utc(2026, 10, 26, 1, 30)),
        (BERLIN, HALF_PAST_TWO, utc(2026, 10, 25, 1), utc(2026, 10, 26, 1, 30)),
    ],
)
def test_a_night_comes_once_a_day_in_the_companys_own_time(zone, at, now, following):
    assert nightly.next_night(now, zone, at) == following


@pytest.fixture
def rung(monkeypatch) -> list[str]:
    """What is asked of the workers."""
    asked: list[str] = []

    def ring(what):
        def rung(_redis, tenant_id):
            asked.append(f"{what} {tenant_id}")
            return True

        return rung

    monkeypatch.setattr(queues, "ring_check", ring("check"))
    monkeypatch.setattr(queues, "ring_purge", ring("purge"))
    return asked


def make_due(desk, *columns: str, ago: str = "1 second") -> None:
    nightly.run_due(desk)
    with desk.sessions.system() as session:
        for column in columns:
            session.execute(text(f"UPDATE tenant SET {column} = now() - interval '{ago}'"))


def row(desk) -> Any:
    with desk.sessions.system() as session:
        return session.execute(select(Tenant)).scalar_one()


def test_a_new_company_is_checked_soon_and_cleared_at_night(desk, tenant, rung):
    nightly.run_due(desk)

    assert rung == []
    planned = row(desk)
    assert timedelta(0) < planned.proof_due_at - datetime.now(UTC) <= timedelta(minutes=1)
    assert planned.purge_due_at.astimezone(LA).time() == THREE


@pytest.mark.fault(14)
def test_what_is_due_is_rung_for_once_however_long_it_was_missed(desk, tenant, rung):
    make_due(desk, "proof_due_at", "purge_due_at", ago="6 days")

    for _ in range(3):
        nightly.run_due(desk)

    assert rung == [f"purge {tenant.id}", f"check {tenant.id}"]


@pytest.mark.fault(14)
def test_of_several_schedules_one_takes_it(desk, tenant, rung):
    make_due(desk, "proof_due_at", "purge_due_at")
    start = threading.Barrier(6)

    def sweep() -> None:
        start.wait()
        nightly.run_due(desk)

    threads = [threading.Thread(target=sweep) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(rung) == [f"check {tenant.id}", f"purge {tenant.id}"]


def test_one_company_is_checked_at_a_time(desk, tenant, rung):
    second = tenants.create(desk.sessions, slug="other", name="Other", timezone="UTC")
    make_due(desk, "proof_due_at")

    nightly.run_due(desk)
    nightly.run_due(desk)
    assert len(rung) == 1
    nightly.check(desk, tenant.id if str(tenant.id) in rung[0] else second.id)
    nightly.run_due(desk)

    assert set(rung) == {f"check {tenant.id}", f"check {second.id}"}


def test_a_check_whose_worker_died_is_done_again(desk, tenant, rung):
    make_due(desk, "proof_due_at")
    nightly.run_due(desk)
    with desk.sessions.system() as session:
        session.execute(text("UPDATE installation SET checking_until = now() - interval '1 second'"))
        session.execute(text("UPDATE tenant SET proof_due_at = now() - interval '1 second'"))

    nightly.run_due(desk)

    assert rung == [f"check {tenant.id}"] * 2


def test_while_redis_is_away_a_check_stays_due(desk, tenant):
    make_due(desk, "proof_due_at")
    gone = new_redis("redis://127.0.0.1:1/0")

    nightly.run_due(replace(desk, redis=gone))

    gone.close()
    nightly.run_due(desk)
    assert desk.redis.llen(f"rq:queue:{queues.QUEUE}") == 1


@pytest.fixture
def world(desk, tenant, monkeypatch):
    world = build(desk, tenant)
    monkeypatch.setattr(accounts, "open_platform", lambda *_: world.platform)
    monkeypatch.setattr(accounts, "open_hub", lambda *_: world.flourish)
    return world


@pytest.mark.parametrize(("every", "longest"), [(0.0, timedelta(days=1)), (300.0, timedelta(minutes=5))])
def test_a_check_leaves_a_proof_and_is_due_again_in_its_time(desk, world, every, longest):
    pace = replace(desk, settings=replace(desk.settings, proof_seconds=every))

    nightly.check(pace, world.tenant.id)

    with world.session() as session:
        proof = session.execute(select(Proof)).scalar_one()
    assert (proof.how, proof.outcome) == ("schedule", "held")
    due = row(desk).proof_due_at
    assert due - datetime.now(UTC) <= longest
    assert every or due.astimezone(LA).time() == THREE
    with desk.sessions.system() as session:
        assert session.scalar(select(Installation.checking_until)) is None


def test_a_worker_that_is_told_to_stop_gives_its_check_back(desk, world, rung):
    stopping = replace(desk, stopping=threading.Event())
    stopping.stopping.set()

    nightly.check(stopping, world.tenant.id)

    with world.session() as session:
        assert session.scalar(select(Proof.id)) is None
    nightly.run_due(desk)
    assert rung == [f"check {world.tenant.id}"]


def test_a_check_that_a_platform_asks_to_wait_gives_its_worker_back_to_orders(desk, world, rung, monkeypatch):
    slept: list[float] = []
    monkeypatch.setattr(nightly, "sleep", slept.append)
    world.platform.errors = [Retryable("asked to wait", after=12.0, throttled=True)] * 99

    nightly.check(desk, world.tenant.id)

    assert 12.0 <= sum(slept) < 60.0
    with world.session() as session:
        assert session.scalar(select(Proof.id)) is None
    assert timedelta(minutes=5) < row(desk).proof_due_at - datetime.now(UTC) < timedelta(minutes=15)
    nightly.run_due(desk)
    assert rung == []
    make_due(desk, "proof_due_at")
    nightly.run_due(desk)
    assert rung == [f"check {world.tenant.id}"]


def test_a_check_waits_its_turn_where_that_is_soon(desk, world, monkeypatch):
    monkeypatch.setattr(nightly, "sleep", lambda _seconds: None)
    world.platform.errors = [Retryable("used up", after=2.0, throttled=True)] * 5

    nightly.check(desk, world.tenant.id)

    with world.session() as session:
        assert session.scalar(select(Proof.outcome)) == "held"


def test_a_company_that_is_gone_is_left_alone(desk, tenant, rung):
    make_due(desk, "proof_due_at", "purge_due_at")
    with desk.sessions.engine.begin() as connection:
        connection.execute(update(Tenant).values(retired_at=datetime.now(UTC)))

    nightly.run_due(desk)
    nightly.check(desk, tenant.id)

    assert rung == []
