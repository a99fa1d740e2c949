"""Streams: who reads a list now, from when on, and what is said when it cannot be read."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from portal.models import Connection, Stream
from portal.sync import journal
from portal.sync.decisions import Finding
from portal.sync.engine import breaker, gate
from portal.sync.engine.desk import Desk
from portal.sync.errors import ConnectionBroken, Retryable, SyncError, Unreadable
from portal.sync.registry import platform as platform_by_key

# A platform's list of orders.
ORDERS = "orders"
# A stream that fails this often in a row is named as a problem.
_FAILS_BEFORE_PROBLEM = 3
# The problems of a stream that are about its polls; others are about what it said.
_OWN = ("poll_fails", "bug")
# These pass by themselves mostly; anything else is a problem the first time.
_QUIET = (Retryable, Unreadable)


def claim_stream(session: Session, stream_id: UUID, *, lease_seconds: float) -> bool:
    """Take a stream for one poll; False when another process has it or it is not due. Each page renews the
    lease: when the process dies, another one reads the list as soon as the lease has run out."""
    taken = session.execute(
        update(Stream)
        .where(
            Stream.id == stream_id,
            Stream.due_at <= func.now(),
            or_(Stream.lease_until.is_(None), Stream.lease_until < func.now()),
        )
        .values(lease_until=func.now() + timedelta(seconds=lease_seconds))
        .returning(Stream.id)
        .execution_options(synchronize_session=False)
    )
    return taken.first() is not None


def read_now(session: Session, tenant_id: UUID) -> int:
    """Have the lists of orders read now that may be read at all; returns how many there are."""
    readable = select(Connection.id).join(Connection.hub).where(gate.may_be_read())
    asked = session.execute(
        update(Stream)
        .where(Stream.tenant_id == tenant_id, Stream.name == ORDERS, Stream.connection_id.in_(readable))
        .values(due_at=func.least(Stream.due_at, func.now()))
        .returning(Stream.id)
        .execution_options(synchronize_session=False)
    )
    return len(asked.all())


def _watermark(session: Session, stream: Stream, latest: datetime | None) -> datetime | None:
    """Up to when everything is known. Never ahead of now: one row with a date of next year would hide all
    others until then."""
    known = max(filter(None, (stream.watermark, latest)), default=None)
    return min(known, session.execute(select(func.now())).scalar_one()) if known else None


def put_off(desk: Desk, tenant_id: UUID, stream_id: UUID) -> None:
    """The stream may not be read now: that is neither a success nor a failure."""
    with desk.tenant(tenant_id) as session:
        stream = session.get_one(Stream, stream_id)
        release(session, stream, stream.interval_seconds)


def worked(session: Session, stream: Stream, latest: datetime | None) -> None:
    """The list was read to its end: what is known, and when it is due again; at once, if it was asked for
    while it was read.

    Args:
        session: a session inside the stream's tenant.
        stream: the stream.
        latest: the latest change that was seen.
    """
    stream.watermark = _watermark(session, stream, latest)
    stream.last_ok_at = func.now()
    if stream.failures:
        for connection in connections_of(session, stream):
            journal.log(session, connection, "done", f"Polling {called(stream, connection)} works again")
            for code in _OWN:
                solved = "Polling works again."
                journal.report(session, connection, (), subject_id=stream.id, code=code, solved=solved)
    stream.failures = 0
    release(session, stream, 0.0 if stream.asked_at else stream.interval_seconds)


def failed(desk: Desk, tenant_id: UUID, stream_id: UUID, error: Exception, *, stop: bool = False) -> None:
    """The list could not be read: it is tried again soon, and named after some times.

    Args:
        desk: what to work with.
        tenant_id: the stream's tenant.
        stream_id: the stream.
        error: why.
        stop: whether its key is refused, so that no more calls are made with it.
    """
    after = error.after if isinstance(error, Retryable) else None
    with desk.tenant(tenant_id) as session:
        stream = session.get_one(Stream, stream_id)
        stream.failures += 1
        release(session, stream, max(after or 0.0, min(stream.interval_seconds, 60.0)))
        for connection in connections_of(session, stream):
            name = called(stream, connection)
            finding = _finding(stream, name, error)
            level = "bug" if finding.code == "bug" else "wait"
            journal.log(session, connection, level, f"Polling {name} did not work: {finding.text}")
            if stream.failures >= _FAILS_BEFORE_PROBLEM or not isinstance(error, _QUIET):
                journal.report(session, connection, (finding,), subject_id=stream.id, code=finding.code)
            if stop and isinstance(error, ConnectionBroken):
                breaker.stop(
                    session, connection, connection if stream.connection_id else connection.hub, error
                )


def _finding(stream: Stream, name: str, error: Exception) -> Finding:
    if isinstance(error, SyncError):
        step = (
            "Test the connection; replace its key if it is refused. Until then only webhooks tell of changes."
        )
        title = f"Polling {name} does not work"
        return Finding("poll_fails", title, step, cause=stream.name, text=str(error))
    kind = type(error).__name__
    title, step = f"Trellis failed on polling {name}: {kind}", "An operator looks at the worker's log."
    return Finding("bug", title, step, cause=stream.name, text=kind, who="operator")


def called(stream: Stream, connection: Connection) -> str:
    """What people call the list that a stream reads, for one of the connections that it serves."""
    whose = platform_by_key(connection.platform).label if stream.connection_id else "Flourish"
    return f"{whose}'s {stream.name.rpartition('.')[2].replace('_', ' ')}"


def connections_of(session: Session, stream: Stream) -> list[Connection]:
    """The connections that a stream serves."""
    if stream.connection_id is not None:
        return [session.get_one(Connection, stream.connection_id)]
    return list(session.scalars(select(Connection).where(Connection.hub_id == stream.hub_id)))


def release(session: Session, stream: Stream, seconds: float) -> None:
    """Let go of a stream; it is due again in so many seconds."""
    stream.lease_until = None
    stream.due_at = session.execute(select(func.now() + timedelta(seconds=seconds))).scalar_one()
