"""Polls: lists of changes, read from the watermark less an overlap. They only mark; drains do the work."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from portal.models import Connection, Hub, Stream
from portal.sync import journal
from portal.sync.contract import Page
from portal.sync.decisions import Finding
from portal.sync.domain import Hint
from portal.sync.engine import breaker, crash, marks, silence
from portal.sync.engine.accounts import Tape, open_hub, open_platform
from portal.sync.engine.desk import Desk
from portal.sync.engine.gate import may_read
from portal.sync.errors import ConnectionBroken, Retryable, SyncError, Unreadable
from portal.sync.registry import platform as platform_by_key

FLOURISH_ORDERS = "flourish.orders"
_FLOURISH_OVERLAP_SECONDS = 900.0
_LEASE_SECONDS = 300
# A stream that fails this often in a row is named as a problem.
_FAILS_BEFORE_PROBLEM = 3
# A refusal that the next poll repeats is confirmed.
_REFUSALS_BEFORE_STOP = 2

# These pass by themselves mostly; anything else is a problem the first time.
_QUIET = (Retryable, Unreadable)

_log = logging.getLogger(__name__)

Pages = Callable[[datetime | None], Iterator[Page]]


@dataclass(frozen=True)
class _Source:
    """Where a stream reads from, and whom its hints concern."""

    pages: Pages
    overlap: timedelta
    since: datetime | None


def claim_stream(session: Session, stream_id: UUID) -> bool:
    """Take a stream for one poll; False when another process has it or it is not due."""
    taken = session.execute(
        update(Stream)
        .where(
            Stream.id == stream_id,
            Stream.due_at <= func.now(),
            or_(Stream.lease_until.is_(None), Stream.lease_until < func.now()),
        )
        .values(lease_until=func.now() + timedelta(seconds=_LEASE_SECONDS))
        .returning(Stream.id)
        .execution_options(synchronize_session=False)
    )
    return taken.first() is not None


def poll(desk: Desk, tenant_id: UUID, stream_id: UUID) -> set[UUID]:
    """Read one stream once.

    Returns:
        The connections that have something to look at now.
    """
    with desk.tenant(tenant_id) as session:
        if not claim_stream(session, stream_id):
            return set()
        source = _open(desk, session, session.get_one(Stream, stream_id))
    if source is None:
        _put_off(desk, tenant_id, stream_id)
        return set()
    try:
        return _pull(desk, tenant_id, stream_id, source)
    except OperationalError as error:
        _log.warning("the database interrupted a poll: %s", type(error.orig).__name__)
        _failed(desk, tenant_id, stream_id, Retryable("the database interrupted it"))
    except Exception as error:  # noqa: BLE001 - a bug is turned into a visible problem, as in a drain
        if not isinstance(error, SyncError):
            _log.exception("bug while polling", extra={"stream": str(stream_id)})
        _failed(desk, tenant_id, stream_id, error)
    return set()


def _open(desk: Desk, session: Session, stream: Stream) -> _Source | None:
    tape = Tape()
    if stream.connection_id is None:
        hub = session.get_one(Hub, stream.hub_id)
        if hub.state not in ("live", "paused"):
            return None
        flourish = open_hub(desk, session, hub, tape)
        overlap = timedelta(seconds=_FLOURISH_OVERLAP_SECONDS)
        return _Source(flourish.changed_orders, overlap, _since(stream, overlap))
    connection = session.get_one(Connection, stream.connection_id)
    if not may_read(connection) or connection.live_since is None:
        return None
    platform = platform_by_key(connection.platform)
    spec = next(spec for spec in platform.streams if spec.name == stream.name)
    client = open_platform(desk, session, connection, tape)
    overlap = timedelta(seconds=spec.overlap_seconds)
    # The first poll goes back behind go-live, so that earlier orders are listed too (LL-29).
    return _Source(client.changed_orders, overlap, _since(stream, overlap))


def _since(stream: Stream, overlap: timedelta) -> datetime | None:
    return stream.watermark - overlap if stream.watermark else None


def _pull(desk: Desk, tenant_id: UUID, stream_id: UUID, source: _Source) -> set[UUID]:
    """Page through the changes. Marks are committed page by page; the watermark only after the last one,
    so that a pull that breaks off is read again."""
    concerned: set[UUID] = set()
    found = unannounced = 0
    latest: datetime | None = None
    for page in source.pages(source.since):
        with desk.tenant(tenant_id) as session:
            stream = session.get_one(Stream, stream_id)
            # In order: two polls that mark the same links must not wait for each other.
            for hint in sorted(page.hints, key=attrgetter("ref")):
                marked = _mark(session, stream, hint)
                concerned |= marked
                found += bool(marked)
                unannounced += bool(marked) and silence.unannounced(session, stream, hint)
                latest = max(filter(None, (latest, hint.updated_at)), default=None)
        crash.point("page_marked")
    crash.point("before_watermark")
    _finish(desk, tenant_id, stream_id, found=found, unannounced=unannounced, watermark=latest)
    return concerned


def _mark(session: Session, stream: Stream, hint: Hint) -> set[UUID]:
    if stream.connection_id is None:
        return {connection_id for _, connection_id in marks.mark_flourish(session, stream.hub_id, hint)}
    connection = session.get_one(Connection, stream.connection_id)
    return {connection.id} if marks.mark_if_changed(session, connection, hint) else set()


def _finish(
    desk: Desk,
    tenant_id: UUID,
    stream_id: UUID,
    *,
    found: int,
    unannounced: int,
    watermark: datetime | None,
) -> None:
    with desk.tenant(tenant_id) as session:
        stream = session.get_one(Stream, stream_id)
        stream.watermark = max(filter(None, (stream.watermark, watermark)), default=None)
        stream.last_ok_at = func.now()
        stream.last_found = found
        if stream.failures:
            for connection in _connections(session, stream):
                journal.log(session, connection, "done", f"Polling {stream.name} works again")
                journal.report(session, connection, (), subject_id=stream.id, solved="Polling works again.")
        stream.failures = 0
        _release(session, stream, stream.interval_seconds)
        for connection in _connections(session, stream):
            silence.judge(session, stream, connection, unannounced)
            if found:
                text = f"Polled {stream.name}: {found} changed since the last look"
                journal.log(session, connection, "info", text)


def _put_off(desk: Desk, tenant_id: UUID, stream_id: UUID) -> None:
    """The stream may not be read now: that is neither a success nor a failure."""
    with desk.tenant(tenant_id) as session:
        stream = session.get_one(Stream, stream_id)
        _release(session, stream, stream.interval_seconds)


def _failed(desk: Desk, tenant_id: UUID, stream_id: UUID, error: Exception) -> None:
    after = error.after if isinstance(error, Retryable) else None
    with desk.tenant(tenant_id) as session:
        stream = session.get_one(Stream, stream_id)
        stream.failures += 1
        _release(session, stream, max(after or 0.0, min(stream.interval_seconds, 60.0)))
        for connection in _connections(session, stream):
            finding = _finding(stream, error)
            level = "bug" if finding.code == "bug" else "wait"
            journal.log(session, connection, level, f"Polling {stream.name} did not work: {finding.text}")
            if stream.failures >= _FAILS_BEFORE_PROBLEM or not isinstance(error, _QUIET):
                journal.report(session, connection, (finding,), subject_id=stream.id)
            if isinstance(error, ConnectionBroken) and stream.failures >= _REFUSALS_BEFORE_STOP:
                breaker.stop(
                    session, connection, connection if stream.connection_id else connection.hub, error
                )


def _finding(stream: Stream, error: Exception) -> Finding:
    if isinstance(error, SyncError):
        step = "Webhooks still bring orders in. Test the connection; replace its key if it is refused."
        title = f"Polling {stream.name} does not work"
        return Finding("poll_fails", title, step, cause=stream.name, text=str(error))
    name = type(error).__name__
    title, step = f"Trellis failed on polling {stream.name}: {name}", "An operator looks at the worker's log."
    return Finding("bug", title, step, cause=stream.name, text=name, who="operator")


def _connections(session: Session, stream: Stream) -> list[Connection]:
    if stream.connection_id is not None:
        return [session.get_one(Connection, stream.connection_id)]
    return list(session.scalars(select(Connection).where(Connection.hub_id == stream.hub_id)))


def _release(session: Session, stream: Stream, seconds: float) -> None:
    stream.lease_until = None
    stream.due_at = session.execute(select(func.now() + timedelta(seconds=seconds))).scalar_one()
