"""The checks of live connections run again: one connection at a time, every few hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import select

from portal.models import Connection, Run, utc_now
from portal.sync import queues
from portal.sync.readiness import schedule
from tests.web import factory

AGO = timedelta(minutes=1)


@pytest.fixture
def due(desk):
    """Make a company whose live connection is due."""

    def make(state="live", ago=AGO):
        made = factory.company(desk.sessions, state=state)
        with desk.tenant(made.id) as session:
            session.get_one(Connection, made.connection_id).assess_due_at = utc_now() - ago
        return made

    return make


def runs(desk, company):
    with desk.tenant(company.id) as session:
        return session.scalars(select(Run).where(Run.kind == "assessment")).all()


def due_at(desk, company):
    with desk.tenant(company.id) as session:
        return session.get_one(Connection, company.connection_id).assess_due_at


def rung(desk):
    queue = Queue(queues.QUEUE, connection=desk.redis, serializer=JSONSerializer)
    return [(job.func_name, job.args) for job in queue.jobs]


@pytest.mark.promise("ON-6")
def test_what_is_due_is_rung_for_once_and_is_due_again_hours_later(desk, due):
    company = due()

    schedule.run_due(desk)
    schedule.run_due(desk)

    (run,) = runs(desk, company)
    assert rung(desk) == [(queues.ASSESS, [str(company.id), str(run.id)])]
    later = due_at(desk, company) - utc_now()
    assert abs(later.total_seconds() - desk.settings.health_seconds) < 60


def test_one_connection_at_a_time_the_one_that_waits_longest_first(desk, due):
    first, second = due(ago=2 * AGO), due()

    schedule.run_due(desk)
    assert (len(runs(desk, first)), len(runs(desk, second))) == (1, 0)

    with desk.tenant(first.id) as session:
        run = session.scalars(select(Run)).one()
        run.state, run.finished_at = "done", utc_now()
    schedule.run_due(desk)
    assert len(runs(desk, second)) == 1


@pytest.mark.parametrize("state", ["ready", "needs_credentials", "disconnected"])
def test_what_does_not_work_is_not_checked_by_itself(desk, due, state):
    company = due(state)

    schedule.run_due(desk)

    assert runs(desk, company) == []


def test_a_ring_that_nobody_takes_is_repeated_soon_and_leaves_nothing_running(desk, due):
    company = due()
    away = replace(desk, redis=Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0)))

    schedule.run_due(away)

    assert [run.state for run in runs(desk, company)] == ["lost"]
    assert due_at(desk, company) < utc_now() + timedelta(minutes=10)
    away.redis.close()
