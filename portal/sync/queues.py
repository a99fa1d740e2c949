"""Queues: the doorbell. PostgreSQL holds the work; a ring only says that there is some.

Only this module knows RQ. A lost ring costs seconds: the sweeper rings for whatever is due.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from uuid import UUID

from redis import Redis, RedisError
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

QUEUE = "trellis"
# After this many seconds a ring that nobody answered may be repeated.
_RING_SECONDS = 20
CHECK, PURGE = "portal.sync.jobs.check", "portal.sync.jobs.purge"
# A job may take so many seconds: one that hangs is killed. A check reads every order on both sides.
_SECONDS, _LONG_SECONDS = 180, {CHECK: 6 * 60 * 60}


def ring(redis: Redis, connection_id: UUID) -> bool:
    """Ask for a drain of a connection, unless one is asked for already.

    Returns:
        Whether Redis took it; False when Redis is away or full, which the sweeper makes good.
    """
    return _ring(redis, "portal.sync.jobs.drain", str(connection_id))


def ring_poll(redis: Redis, stream_id: UUID) -> bool:
    """Ask for a poll of a stream, unless one is asked for already."""
    return _ring(redis, "portal.sync.jobs.poll", str(stream_id))


def ring_check(redis: Redis, tenant_id: UUID) -> bool:
    """Ask for a check of a tenant, unless one is asked for already."""
    return _ring(redis, CHECK, str(tenant_id))


def ring_purge(redis: Redis, tenant_id: UUID) -> bool:
    """Ask for what a tenant need not keep to be cleared, unless that is asked for already."""
    return _ring(redis, PURGE, str(tenant_id))


class Ringer:
    """Rings from a thread of its own, so that whoever marks something need not wait for Redis. What is
    asked for while it rings is asked for once."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._asked: set[UUID] = set()
        self._change = threading.Condition()
        self._ended = False
        self._thread: threading.Thread | None = None

    def ring(self, connection_id: UUID) -> None:
        """Ask for a drain of a connection, soon."""
        with self._change:
            self._asked.add(connection_id)
            if self._thread is None:  # not before: a server may fork its processes after it has loaded us
                self._thread = threading.Thread(target=self._go_on, name="ringer", daemon=True)
                self._thread.start()
            self._change.notify()

    def close(self) -> None:
        """Ring for what is left, and end."""
        with self._change:
            self._ended = True
            self._change.notify()
        if self._thread is not None:
            self._thread.join()

    def _go_on(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._asked or self._ended)
                asked, self._asked = self._asked, set()
            for connection_id in asked:
                ring(self._redis, connection_id)
            if not asked:
                return


def _ring(redis: Redis, job: str, argument: str) -> bool:
    try:
        if not redis.set(_key(job, argument), 1, nx=True, ex=_RING_SECONDS):
            return True
        queue = Queue(QUEUE, connection=redis, serializer=JSONSerializer)
        queue.enqueue(job, argument, result_ttl=0, failure_ttl=3600, job_timeout=_LONG_SECONDS.get(job, _SECONDS))
    except RedisError:
        return False
    return True


def answered(redis: Redis, job: str, argument: str) -> None:
    """A job has begun: from now on a new ring is a new job."""
    try:
        redis.delete(_key(job, argument))
    except RedisError:
        return


def _key(job: str, argument: str) -> str:
    return f"trellis:ring:{job.rpartition('.')[2]}:{argument}"


class _TiedWorker(Worker):
    """A worker whose jobs begin with a call of ours, in the process that was forked for them."""

    job_begins: Callable[[], None] = staticmethod(lambda: None)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        self.job_begins()
        super().main_work_horse(job, queue)


def work(redis: Redis, *, job_begins: Callable[[], None] | None = None) -> None:
    """Run one worker until it is told to stop. It finishes the job at hand first.

    Args:
        redis: where it is rung for.
        job_begins: called first in each job's own process, such as what ties its life to the worker's.
    """
    worker = _TiedWorker(
        [QUEUE],
        connection=redis,
        serializer=JSONSerializer,
        name=f"trellis-{os.getpid()}",
        worker_ttl=60,
        job_monitoring_interval=5,
        maintenance_interval=15,
    )
    if job_begins is not None:
        worker.job_begins = job_begins
    worker.work(with_scheduler=False, logging_level="WARNING")


def tidy(redis: Redis) -> None:
    """Clear what dead workers left in RQ's registries; the rows themselves are the engine's business."""
    try:
        queue = Queue(QUEUE, connection=redis, serializer=JSONSerializer)
        queue.started_job_registry.cleanup()
    except RedisError:
        return
