"""Queues: the doorbell. PostgreSQL holds the work; a ring only says that there is some.

Only this module knows RQ. A lost ring costs seconds: the sweeper rings for whatever is due.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from redis import Redis, RedisError
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

QUEUE = "trellis"
# After this many seconds a ring that nobody answered may be repeated.
_RING_SECONDS = 20
# Sooner for a shift: a worker that dies before it answers would keep every company waiting.
_SHIFT_RING_SECONDS = 5
CHECK, PURGE = "portal.sync.jobs.check", "portal.sync.jobs.purge"
MAIL, PREVIEW = "portal.sync.jobs.deliver_mail", "portal.sync.jobs.preview"
RECONCILE = "portal.sync.jobs.reconcile"
ASSESS, NOTICES = "portal.sync.jobs.assess", "portal.sync.jobs.deliver_notices"
# A job may take so many seconds: one that hangs is killed. A check reads every order on both sides.
_SECONDS, _LONG_SECONDS = 180, {CHECK: 6 * 60 * 60, ASSESS: 60 * 60}
_STOP_JOB = signal.SIGUSR1


WORK, WORK_ALONE, POLL = "portal.sync.jobs.work", "portal.sync.jobs.work_alone", "portal.sync.jobs.poll"


def ring(redis: Redis) -> bool:
    """Say that something is due: ask for a shift, unless one is asked for already.

    Returns:
        Whether Redis took it; False when Redis is away or full, which the sweeper makes good.
    """
    return _ring(redis, WORK, seconds=_SHIFT_RING_SECONDS)


def ring_alone(redis: Redis, link_id: UUID) -> bool:
    """Ask for a job that works on this link and on nothing beside it."""
    return _ring(redis, WORK_ALONE, str(link_id))


def ring_poll(redis: Redis, stream_id: UUID) -> bool:
    """Ask for a poll of a stream, unless one is asked for already."""
    return _ring(redis, POLL, str(stream_id))


def ring_check(redis: Redis, tenant_id: UUID) -> bool:
    """Ask for a check of a tenant, unless one is asked for already."""
    return _ring(redis, CHECK, str(tenant_id))


def ring_assessment(redis: Redis, tenant_id: UUID, run_id: UUID) -> bool:
    """Ask for a run of checks to be carried out, unless that is asked for already."""
    return _ring(redis, ASSESS, str(tenant_id), str(run_id))


def ring_purge(redis: Redis, tenant_id: UUID) -> bool:
    """Ask for what a tenant need not keep to be cleared, unless that is asked for already."""
    return _ring(redis, PURGE, str(tenant_id))


def ring_preview(redis: Redis, preview_id: UUID) -> bool:
    """Ask for a turn at a preview, unless one is asked for already."""
    return _ring(redis, PREVIEW, str(preview_id))


def ring_reconciliation(redis: Redis, report_id: UUID) -> bool:
    """Ask for a turn at a report, unless one is asked for already."""
    return _ring(redis, RECONCILE, str(report_id))


def ring_mail(redis: Redis) -> bool:
    """Ask for the mail that is due to be sent, unless that is asked for already."""
    return _ring(redis, MAIL)


def ring_notices(redis: Redis) -> bool:
    """Ask for the messages that are due to be sent, unless that is asked for or under way already."""
    return _ring(redis, NOTICES)


class Ringer:
    """Rings from a thread of its own, so that whoever marks something need not wait for Redis. What is
    asked for while it rings is asked for once."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._asked = False
        self._change = threading.Condition()
        self._ended = False
        self._thread: threading.Thread | None = None

    def ring(self) -> None:
        """Ask for a shift, soon."""
        with self._change:
            self._asked = True
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
                asked, self._asked = self._asked, False
            if not asked:
                return
            ring(self._redis)


def _ring(redis: Redis, job: str, *arguments: str, seconds: int = _RING_SECONDS) -> bool:
    try:
        if not redis.set(_key(job, *arguments), 1, nx=True, ex=seconds):
            return True
        queue = Queue(QUEUE, connection=redis, serializer=JSONSerializer)
        queue.enqueue(
            job, *arguments, result_ttl=0, failure_ttl=3600, job_timeout=_LONG_SECONDS.get(job, _SECONDS)
        )
    except RedisError:
        return False
    return True


def answered(redis: Redis, job: str, *arguments: str) -> None:
    """A job has begun: from now on a new ring is a new job."""
    try:
        redis.delete(_key(job, *arguments))
    except RedisError:
        return


def _key(job: str, *arguments: str) -> str:
    return ":".join(("trellis:ring", job.rpartition(".")[2], *arguments))


class _TiedWorker(Worker):
    """A worker whose jobs begin with a call of ours, in the process that was forked for them, and are told
    when the worker is to stop."""

    job_begins: Callable[[], None] = staticmethod(lambda: None)
    job_stops: Callable[[], None] = staticmethod(lambda: None)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        self.job_begins()
        super().main_work_horse(job, queue)

    def setup_work_horse_signals(self) -> None:
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call] # RQ leaves it untyped
        signal.signal(_STOP_JOB, lambda *_: self.job_stops())

    def handle_warm_shutdown_request(self) -> None:
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, _STOP_JOB)


def work(
    redis: Redis,
    *,
    job_begins: Callable[[], None] | None = None,
    job_stops: Callable[[], None] | None = None,
) -> None:
    """Run one worker until it is told to stop. It lets the job at hand come to its end first.

    Args:
        redis: where it is rung for.
        job_begins: called first in each job's own process, such as what ties its life to the worker's.
        job_stops: called in a job's process when the worker is told to stop, so that it ends soon.
    """
    # Ignored, not deadly, in the moment between the fork and the job's own handler.
    signal.signal(_STOP_JOB, signal.SIG_IGN)
    worker = _TiedWorker(
        [QUEUE],
        connection=redis,
        serializer=JSONSerializer,
        name=f"trellis-{os.getpid()}",
        worker_ttl=60,
        job_monitoring_interval=5,
        maintenance_interval=15,
    )
    worker.job_begins = job_begins or worker.job_begins
    worker.job_stops = job_stops or worker.job_stops
    worker.work(with_scheduler=False, logging_level="WARNING")


def tidy(redis: Redis) -> None:
    """Clear what dead workers left in RQ's registries; the rows themselves are the engine's business."""
    try:
        queue = Queue(QUEUE, connection=redis, serializer=JSONSerializer)
        queue.started_job_registry.cleanup()
    except RedisError:
        return


@dataclass(frozen=True)
class Standing:
    """How the queue stands: jobs that wait, are worked on or have failed, and workers that are alive."""

    waiting: int
    working: int
    failed: int
    workers: int


def standing(redis: Redis) -> Standing:
    """Count jobs and workers. A failed job is kept for an hour; a worker that is silent for minutes is gone.

    Raises:
        RedisError: Redis is away.
    """
    queue = Queue(QUEUE, connection=redis, serializer=JSONSerializer)
    return Standing(
        waiting=queue.count,
        working=queue.started_job_registry.get_job_count(cleanup=False),
        failed=queue.failed_job_registry.get_job_count(cleanup=False),
        workers=len(Worker.all(connection=redis, serializer=JSONSerializer)),
    )
