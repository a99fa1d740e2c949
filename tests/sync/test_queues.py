"""Queues: rings that may repeat, may be lost, and never carry more than an id."""

from __future__ import annotations

import json
import pickle
import signal
import tempfile
import zlib
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue, SimpleWorker, Worker
from rq.serializers import JSONSerializer
from sqlalchemy.engine import make_url

from portal.embedded.valkey import Valkey
from portal.models import Stream, new_id
from portal.sync import jobs, queues
from portal.sync.contract import Throttle
from portal.sync.engine import poll as polls
from portal.sync.engine import shift
from portal.sync.engine.budget import Budget
from tests.sync.engine.shop import open_shop


def queued(desk):
    queue = Queue(queues.QUEUE, connection=desk.redis, serializer=JSONSerializer)
    return [(job.func_name, job.args) for job in queue.jobs]


@pytest.mark.fault(13)
def test_ringing_often_asks_once(desk):
    assert all(queues.ring(desk.redis) for _ in range(50))

    assert queued(desk) == [(queues.WORK, [])]


def test_a_ring_after_the_job_has_begun_is_a_new_job(desk):
    queues.ring(desk.redis)
    queues.answered(desk.redis, queues.WORK)
    queues.ring(desk.redis)

    assert len(queued(desk)) == 2


def test_rings_of_different_kinds_do_not_stand_in_each_others_way(desk):
    one = new_id()
    queues.ring(desk.redis)
    queues.ring_alone(desk.redis, one)
    queues.ring_poll(desk.redis, one)

    assert [name for name, _ in queued(desk)] == [queues.WORK, queues.WORK_ALONE, queues.POLL]


def test_jobs_are_json_and_hold_an_id_only(desk):
    link_id = new_id()
    queues.ring_alone(desk.redis, link_id)
    (key,) = desk.redis.keys("rq:job:*")

    body = desk.redis.hget(key, "data")

    text = body if body.startswith(b"[") else zlib.decompress(body)
    assert json.loads(text)[0] == queues.WORK_ALONE
    assert json.loads(text)[2] == [str(link_id)]


@pytest.mark.fault(10)
@pytest.mark.parametrize(
    ("act", "arguments"), [(queues.ring, ()), (queues.ring_alone, ("x",)), (queues.ring_poll, ("x",))]
)
def test_redis_being_away_is_no_error(act, arguments):
    away = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2)

    assert act(away, *arguments) is False
    queues.answered(away, queues.WORK)
    queues.tidy(away)
    away.close()


@pytest.fixture(scope="module")
def own_redis():
    """A server of these tests' own, which they may spoil."""
    with tempfile.TemporaryDirectory(prefix="trellis-") as folder, Valkey(Path(folder)).running() as url:
        yield url


# What is wrong with Redis, as commands: to spoil it, and to have it sound again.
SPOILT = {
    "full": ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
    "a read-only copy": ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
    "another password": (
        "ACL SETUSER default resetpass >other",
        "ACL SETUSER default resetpass >{password}",
    ),
}


@pytest.mark.fault(11)
@pytest.mark.parametrize(("spoil", "mend"), SPOILT.values(), ids=SPOILT)
def test_redis_that_takes_nothing_is_as_good_as_away(own_redis, spoil, mend):
    password = make_url(own_redis).password
    with Redis.from_url(own_redis) as operator:
        operator.flushall()
        operator.execute_command(*spoil.split())
        redis = Redis.from_url(own_redis)
        try:
            assert queues.ring(redis) is False
            queues.answered(redis, queues.WORK)
            queues.tidy(redis)
            budget = Budget(redis)
            waits = [budget.take("leaflink:Ann", Throttle(0.001, 3)) for _ in range(4)]
            assert [wait > 0 for wait in waits] == [False, False, False, True], "a budget of its own"
        finally:
            operator.execute_command(*mend.format(password=password).split())
        assert queues.ring(redis)
        assert redis.llen(f"rq:queue:{queues.QUEUE}") == 1
        redis.close()


@pytest.fixture
def working(desk, monkeypatch):
    """Jobs use this test's desk; what a ring asks for is run here."""
    monkeypatch.setattr(jobs, "desk", lambda: desk)

    def burst():
        worker = SimpleWorker([queues.QUEUE], connection=desk.redis, serializer=JSONSerializer)
        worker.work(burst=True, logging_level="ERROR")

    return burst


def test_a_worker_answers_a_ring(desk, working, monkeypatch):
    shifts = []
    monkeypatch.setattr(shift, "work", lambda *given: shifts.append(given))
    queues.ring(desk.redis)

    working()

    assert shifts == [(desk,)]
    assert queued(desk) == []


def test_a_shift_that_left_work_rings_again(desk, monkeypatch):
    monkeypatch.setattr(jobs, "desk", lambda: desk)
    monkeypatch.setattr(shift, "work", lambda _: True)

    jobs.work()

    assert queued(desk) == [(queues.WORK, [])]


def test_a_worker_answers_a_ring_for_one_link(desk, working, monkeypatch):
    link_id, worked = new_id(), []
    monkeypatch.setattr(shift, "work_alone", lambda *given: worked.append(given))
    queues.ring_alone(desk.redis, link_id)

    working()

    assert worked == [(desk, link_id)]


def test_a_job_that_is_told_to_stop_says_so_at_its_desk(desk, monkeypatch):
    monkeypatch.setattr(jobs, "desk", lambda: desk)

    jobs.stop()

    assert desk.stopping.is_set()
    desk.stopping.clear()


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

    assert queued(desk) == [(queues.WORK, [])]


@pytest.mark.parametrize("job", [jobs.work_alone, jobs.poll])
def test_a_job_for_what_is_gone_does_nothing(desk, monkeypatch, job):
    monkeypatch.setattr(jobs, "desk", lambda: desk)

    job(str(new_id()))

    assert queued(desk) == []


def test_a_ring_that_a_dying_worker_took_along_is_repeated_by_the_next_sweep(desk):
    queues.ring(desk.redis)

    (key,) = desk.redis.keys("trellis:ring:work")
    assert 0 < desk.redis.ttl(key) <= desk.settings.sweep_seconds


class Evil:
    """What pickle makes when it is read: a file, as a stand-in for anything at all."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_a_pickled_job_is_refused_and_nothing_of_it_is_run(desk, tmp_path, monkeypatch):
    job = Queue(queues.QUEUE, connection=desk.redis, serializer=JSONSerializer).enqueue(queues.WORK)
    pickled = pickle.dumps((Evil(tmp_path / "run"), None, (), {}))
    desk.redis.hset(job.key, "data", zlib.compress(pickled))
    worker = queues._TiedWorker
    monkeypatch.setattr(worker, "execute_job", SimpleWorker.execute_job)
    monkeypatch.setattr(
        worker, "work", lambda self, **_: Worker.work(self, burst=True, logging_level="CRITICAL")
    )
    kept = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)]

    queues.work(desk.redis)

    for number, handler in zip((signal.SIGINT, signal.SIGTERM, signal.SIGUSR1), kept, strict=True):
        signal.signal(number, handler)
    assert list(tmp_path.iterdir()) == []
    assert desk.redis.hget(job.key, "status") == b"failed"


def test_the_queue_is_counted_and_a_worker_that_died_is_none_that_is_alive(desk):
    queues.ring(desk.redis)
    queues.ring_mail(desk.redis)
    worker = Worker([queues.QUEUE], connection=desk.redis, serializer=JSONSerializer)
    worker.register_birth()
    assert queues.standing(desk.redis) == queues.Standing(waiting=2, working=0, failed=0, workers=1)

    desk.redis.delete(worker.key)  # as it runs out by itself when nobody gives a sign of life
    assert queues.standing(desk.redis).workers == 0
