"""Queues: rings that may repeat, may be lost, and never carry more than an id."""

from __future__ import annotations

import json
import zlib

import pytest
from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from portal.models import Stream, new_id
from portal.sync import jobs, queues
from portal.sync.engine import drain as drains
from portal.sync.engine import poll as polls
from tests.sync.engine.shop import open_shop


def queued(desk):
    queue = Queue(queues.QUEUE, connection=desk.redis, serializer=JSONSerializer)
    return [(job.func_name, job.args) for job in queue.jobs]


def test_ringing_often_asks_once(desk):
    connection_id = new_id()

    assert all(queues.ring(desk.redis, connection_id) for _ in range(50))

    assert queued(desk) == [("portal.sync.jobs.drain", [str(connection_id)])]


def test_a_ring_after_the_job_has_begun_is_a_new_job(desk):
    connection_id = new_id()
    queues.ring(desk.redis, connection_id)
    queues.answered(desk.redis, "portal.sync.jobs.drain", str(connection_id))
    queues.ring(desk.redis, connection_id)

    assert len(queued(desk)) == 2


def test_a_poll_and_a_drain_do_not_stand_in_each_others_way(desk):
    one = new_id()
    queues.ring(desk.redis, one)
    queues.ring_poll(desk.redis, one)

    assert {name for name, _ in queued(desk)} == {"portal.sync.jobs.drain", "portal.sync.jobs.poll"}


def test_jobs_are_json_and_hold_an_id_only(desk):
    connection_id = new_id()
    queues.ring(desk.redis, connection_id)
    (key,) = desk.redis.keys("rq:job:*")

    body = desk.redis.hget(key, "data")

    text = body if body.startswith(b"[") else zlib.decompress(body)
    assert json.loads(text)[0] == "portal.sync.jobs.drain"
    assert json.loads(text)[2] == [str(connection_id)]


@pytest.mark.parametrize("act", [queues.ring, queues.ring_poll])
def test_redis_being_away_is_no_error(act):
    away = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2)

    assert act(away, new_id()) is False
    queues.answered(away, "portal.sync.jobs.drain", "x")
    queues.tidy(away)
    away.close()


@pytest.fixture
def working(desk, monkeypatch):
    """Jobs use this test's desk; what a ring asks for is run here."""
    monkeypatch.setattr(jobs, "desk", lambda: desk)

    def burst():
        worker = SimpleWorker([queues.QUEUE], connection=desk.redis, serializer=JSONSerializer)
        worker.work(burst=True, logging_level="ERROR")

    return burst


def test_a_worker_answers_a_ring(desk, tenant_id, working, monkeypatch):
    shop = open_shop(desk, tenant_id)
    drained = []

    def drain(*args):
        drained.append(args[1:])
        return False

    monkeypatch.setattr(drains, "drain", drain)
    queues.ring(desk.redis, shop.connection_id)

    working()

    assert drained == [(tenant_id, shop.connection_id)]
    assert queued(desk) == []


def test_a_drain_that_left_work_rings_again(desk, tenant_id, monkeypatch):
    shop = open_shop(desk, tenant_id)
    monkeypatch.setattr(jobs, "desk", lambda: desk)
    monkeypatch.setattr(drains, "drain", lambda *_: True)

    jobs.drain(str(shop.connection_id))

    assert queued(desk) == [("portal.sync.jobs.drain", [str(shop.connection_id)])]


def test_a_poll_rings_for_what_it_marked(desk, tenant_id, monkeypatch):
    shop = open_shop(desk, tenant_id)
    stream = Stream(
        id=new_id(),
        tenant_id=tenant_id,
        source_id=shop.connection_id,
        hub_id=shop.hub_id,
        connection_id=shop.connection_id,
        name="orders",
        interval_seconds=30,
    )
    with desk.tenant(tenant_id) as session:
        session.add(stream)
    monkeypatch.setattr(jobs, "desk", lambda: desk)
    monkeypatch.setattr(polls, "poll", lambda *_: {shop.connection_id})

    jobs.poll(str(stream.id))

    assert queued(desk) == [("portal.sync.jobs.drain", [str(shop.connection_id)])]


@pytest.mark.parametrize("job", [jobs.drain, jobs.poll])
def test_a_job_for_what_is_gone_does_nothing(desk, monkeypatch, job):
    monkeypatch.setattr(jobs, "desk", lambda: desk)

    job(str(new_id()))

    assert queued(desk) == []
