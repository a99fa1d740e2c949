"""The sweeper rings for what is due, and for nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from portal.models import Run, Stream, new_id
from portal.sync import queues
from portal.sync.engine.sweep import sweep


@pytest.fixture
def rung(monkeypatch):
    """Who was rung for, instead of a queue."""
    rings = []

    def ring(_redis, *one):
        rings.append(one)
        return True

    for name in ("ring", "ring_alone", "ring_poll"):
        monkeypatch.setattr(queues, name, ring)
    return rings


@pytest.mark.fault(9, 13)
def test_due_links_are_rung_for_once(shop, rung):
    for number in range(3):
        shop.mark(f"n{number}")

    assert sweep(shop.desk) == 1
    assert rung == [()]


def test_nothing_is_rung_for_when_nothing_is_due(shop, rung):
    shop.arrive()
    shop.look()

    assert sweep(shop.desk) == 0


def test_a_link_at_work_is_rung_for_by_itself_when_its_lease_has_run_out(shop, rung):
    link_id = shop.arrive()
    shop.claims()
    assert sweep(shop.desk) == 0

    shop.pass_time(46)
    assert sweep(shop.desk) == 1
    assert rung == [(link_id,)]


@pytest.mark.parametrize(
    ("state", "rings"),
    [("live", 1), ("paused", 1), ("ready", 0), ("needs_credentials", 0), ("disconnected", 0), ("draft", 0)],
)
def test_only_connections_whose_links_are_looked_at_are_rung_for(shop, rung, state, rings):
    shop.arrive()
    shop.set("connection", state=state)

    assert sweep(shop.desk) == rings


def test_a_hub_without_credentials_keeps_its_connections_quiet(shop, rung):
    shop.arrive()
    shop.set("hub", state="needs_credentials")

    assert sweep(shop.desk) == 0


def test_an_open_breaker_is_left_alone_until_its_time(shop, rung):
    shop.arrive()
    with shop.desk.tenant(shop.tenant_id) as session:
        later = session.scalar(select(func.now() + timedelta(seconds=20)))
    shop.set("connection", open_until=later)
    assert sweep(shop.desk) == 0

    shop.pass_time(21)
    assert sweep(shop.desk) == 1


def test_due_streams_are_rung_for_unless_somebody_reads_them(shop, rung):
    stream = Stream(
        id=new_id(),
        tenant_id=shop.tenant_id,
        source_id=shop.connection_id,
        hub_id=shop.hub_id,
        connection_id=shop.connection_id,
        name="orders",
        interval_seconds=30,
    )
    with shop.desk.tenant(shop.tenant_id) as session:
        session.add(stream)
    assert sweep(shop.desk) == 1
    assert rung == [(stream.id,)]

    with shop.desk.tenant(shop.tenant_id) as session:
        session.execute(text("UPDATE stream SET lease_until = now() + interval '1 minute'"))
    assert sweep(shop.desk) == 0


def test_a_run_without_a_sign_of_life_is_closed_as_lost(shop, rung):
    with shop.desk.tenant(shop.tenant_id) as session:
        for minutes in (1, 6):
            session.add(
                Run(
                    tenant_id=shop.tenant_id,
                    connection_id=shop.connection_id,
                    kind="drain",
                    worker="w",
                    heartbeat_at=func.now() - timedelta(minutes=minutes),
                )
            )

    sweep(shop.desk)

    with shop.desk.tenant(shop.tenant_id) as session:
        states = session.scalars(select(Run.state).order_by(Run.heartbeat_at)).all()
    assert states == ["lost", "running"]
