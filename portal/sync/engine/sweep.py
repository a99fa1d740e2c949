"""The sweeper: rings for whatever is due, so that a lost ring costs seconds and a dead worker little more."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from portal.models import Run, Stream
from portal.sync import queues
from portal.sync.engine import turns
from portal.sync.engine.claim import take_back_lost
from portal.sync.engine.desk import Desk

# A run without a sign of life for this long is lost with its worker; its links are claimed again.
_RUN_LOST_AFTER = timedelta(minutes=5)


def sweep(desk: Desk) -> int:
    """Take links back from dead workers, and ring for whatever is due: links, links that are worked on alone,
    and streams.

    Returns:
        How many rings were asked for.
    """
    with desk.sessions.system() as session:
        take_back_lost(session)
        due = bool(turns.ready(session))
        alone = turns.lonely(session)
        streams = _due_streams(session)
        _close_lost_runs(session)
    rung = int(due and queues.ring(desk.redis))
    rung += sum(queues.ring_alone(desk.redis, link_id) for link_id in alone)
    return rung + sum(queues.ring_poll(desk.redis, stream_id) for stream_id in streams)


def _due_streams(session: Session) -> list[UUID]:
    return list(
        session.scalars(
            select(Stream.id).where(
                Stream.due_at <= func.now(),
                or_(Stream.lease_until.is_(None), Stream.lease_until < func.now()),
            )
        )
    )


def _close_lost_runs(session: Session) -> None:
    session.execute(
        update(Run)
        .where(Run.state == "running", Run.heartbeat_at < func.now() - _RUN_LOST_AFTER)
        .values(state="lost", finished_at=func.now())
        .execution_options(synchronize_session=False)
    )
