"""The schedule process: sweeps until it is told to stop, and waits for a database that is away."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from portal.extensions import Sessions, new_engine
from portal.models import Installation
from portal.sync import cron, nightly


@pytest.fixture
def quick(desk):
    return replace(desk, settings=replace(desk.settings, sweep_seconds=0.01))


def run_until(desk, monkeypatch, sweeps, outcome=lambda turn: None):
    stop, turns = threading.Event(), []

    def sweep(_desk):
        turns.append(1)
        if len(turns) >= sweeps:
            stop.set()
        return outcome(len(turns))

    monkeypatch.setattr(cron, "sweep", sweep)
    thread = threading.Thread(target=cron.run, args=(desk, stop))
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    return len(turns)


def test_it_sweeps_again_and_again_until_it_is_stopped(quick, monkeypatch):
    assert run_until(quick, monkeypatch, 3) == 3


@pytest.mark.fault(77)
def test_a_database_that_is_away_is_waited_for(quick, monkeypatch):
    def away(turn):
        if turn < 3:
            raise OperationalError("SELECT 1", {}, Exception("gone"))

    assert run_until(quick, monkeypatch, 4, away) == 4


@pytest.mark.fault(77)
def test_a_real_sweep_without_a_database_goes_on(quick):
    gone = new_engine("postgresql+psycopg://nobody:x@127.0.0.1:1/none")
    desk = replace(quick, sessions=Sessions(gone))
    stop = threading.Event()
    thread = threading.Thread(target=cron.run, args=(desk, stop))
    thread.start()
    stop.wait(0.2)
    assert thread.is_alive()
    stop.set()
    thread.join(20)
    gone.dispose()

    assert not thread.is_alive()


def test_a_bug_ends_the_process_instead_of_sweeping_blindly(quick, monkeypatch):
    monkeypatch.setattr(cron, "sweep", lambda _: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        cron.run(quick, threading.Event())


def test_each_sweep_leaves_a_trace_and_asks_the_calendar(quick, tenant_id, monkeypatch):
    asked: list[object] = []
    monkeypatch.setattr(nightly, "run_due", asked.append)

    run_until(quick, monkeypatch, 2)

    assert asked == [quick, quick]
    with quick.sessions.system() as session:
        assert session.scalar(select(Installation.last_swept_at)) is not None
