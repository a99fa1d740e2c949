"""Flows for pages: when each last worked."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Text, cast, func, select
from sqlalchemy.orm import Session

from portal.models import Connection, Operation, Stream


def last_worked(
    session: Session, tenant_id: UUID, kinds: Iterable[str]
) -> dict[tuple[UUID, str], datetime | None]:
    """For each connection and each kind of write: when one last worked."""
    # Not called as the column is, which would hide it in the query inside.
    kind = func.unnest(cast(list(kinds), ARRAY(Text))).column_valued("wanted", joins_implicitly=True)
    # For each by itself: the newest is the end of an index.
    newest = (
        select(Operation.finished_at)
        .where(Operation.connection_id == Connection.id, Operation.kind == kind, Operation.status == "ok")
        .order_by(Operation.finished_at.desc())
        .limit(1)
    )
    rows = session.execute(
        select(Connection.id, kind, newest.scalar_subquery()).where(Connection.tenant_id == tenant_id)
    )
    return {(connection_id, name): at for connection_id, name, at in rows}


def worked_since(
    session: Session, tenant_id: UUID, connection_id: UUID, kinds: Collection[str], since: datetime
) -> dict[str, int]:
    """Count the writes of these kinds that worked on a connection since then, by kind."""
    rows = session.execute(
        select(Operation.kind, func.count())
        .where(
            Operation.tenant_id == tenant_id,
            Operation.connection_id == connection_id,
            Operation.kind.in_(kinds),
            Operation.status == "ok",
            Operation.finished_at >= since,
        )
        .group_by(Operation.kind)
    )
    return dict(rows.all())


def last_read(
    session: Session, tenant_id: UUID, names: Collection[str]
) -> dict[tuple[UUID, str], datetime | None]:
    """For each list of one of these names, by the connection or hub that it is of and its name: when it was
    last read to its end."""
    rows = session.execute(
        select(Stream.source_id, Stream.name, Stream.last_ok_at).where(
            Stream.tenant_id == tenant_id, Stream.name.in_(names)
        )
    )
    return {(row.source_id, row.name): row.last_ok_at for row in rows}
