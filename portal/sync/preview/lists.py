"""Lists: both sides' items, products and stock, read whole for a connection that was never live."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Connection, LogLine, Stream
from portal.sync.engine.desk import Desk
from portal.sync.engine.poll import poll
from portal.sync.engine.sources import INTERVALS
from portal.sync.engine.streams import called
from portal.sync.errors import Retryable


def read(desk: Desk, tenant_id: UUID, connection_id: UUID, since: datetime) -> bool:
    """Read on in the lists that were not read since a time.

    Returns:
        Whether all of them are read now.

    Raises:
        Retryable: one could not be read; the sentence says which and why.
    """
    for stream_id in _left(desk, tenant_id, connection_id, since):
        poll(desk, tenant_id, stream_id)
    with desk.tenant(tenant_id) as session:
        left = _unread(session, connection_id, since)
        broken = next((one for one in left if one.failures), None)
        if broken is not None:
            raise Retryable(_why(session, connection_id, broken))
    return not left


def _left(desk: Desk, tenant_id: UUID, connection_id: UUID, since: datetime) -> list[UUID]:
    with desk.tenant(tenant_id) as session:
        return [one.id for one in _unread(session, connection_id, since)]


def _unread(session: Session, connection_id: UUID, since: datetime) -> list[Stream]:
    connection = session.get_one(Connection, connection_id)
    query = select(Stream).where(
        Stream.source_id.in_((connection.id, connection.hub_id)), Stream.name.in_(tuple(INTERVALS))
    )
    streams = session.scalars(query.order_by(Stream.name)).all()
    return [
        one
        for one in streams
        if one.full_at is None or one.last_ok_at is None or one.last_ok_at < since or one.position is not None
    ]


def _why(session: Session, connection_id: UUID, stream: Stream) -> str:
    """The log's own words on why a list could not be read."""
    name = called(stream, session.get_one(Connection, connection_id))
    said = session.scalar(
        select(LogLine.text)
        .where(LogLine.connection_id == connection_id, LogLine.text.startswith(f"Polling {name}"))
        .order_by(LogLine.number.desc())
        .limit(1)
    )
    return said or f"{name} could not be read"
