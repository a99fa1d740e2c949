"""The sweeper: rings for whatever is due, so that a lost ring costs seconds and a dead worker little more."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from portal.models import Connection, Hub, Link, Run, Stream
from portal.sync import queues
from portal.sync.engine.desk import Desk

_WORKING = ("live", "paused")
# A run without a sign of life for this long is lost with its worker; its links are claimed again.
_RUN_LOST_AFTER = timedelta(minutes=5)


def sweep(desk: Desk) -> int:
    """Ring for every connection with due links and every stream that is due.

    Returns:
        How many rings were asked for.
    """
    with desk.sessions.system() as session:
        connections = _connections_with_work(session)
        streams = _due_streams(session)
        _close_lost_runs(session)
    rung = sum(queues.ring(desk.redis, connection_id) for connection_id in connections)
    return rung + sum(queues.ring_poll(desk.redis, stream_id) for stream_id in streams)


def _connections_with_work(session: Session) -> list[UUID]:
    due = (
        select(Link.connection_id)
        .where(Link.due_at <= func.now(), or_(Link.lease_until.is_(None), Link.lease_until < func.now()))
        .distinct()
    )
    ready = (
        select(Connection.id)
        .join(Hub, Hub.id == Connection.hub_id)
        .where(
            Connection.id.in_(due),
            Connection.state.in_(_WORKING),
            Hub.state.in_(_WORKING),
            or_(Connection.open_until.is_(None), Connection.open_until <= func.now()),
        )
    )
    return list(session.scalars(ready))


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
