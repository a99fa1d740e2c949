"""Runs for pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session, joinedload

from portal.models import Run


def page(
    session: Session,
    tenant_id: UUID,
    *,
    connection_id: UUID | None = None,
    after: tuple[datetime, UUID] | None,
    size: int = 50,
) -> tuple[Sequence[Run], bool]:
    """Read one page of runs, of one connection or of all, newest first, and whether there is more."""
    query = (
        select(Run)
        .where(Run.tenant_id == tenant_id)
        .options(joinedload(Run.connection))
        .order_by(Run.started_at.desc(), Run.id.desc())
        .limit(size + 1)
    )
    if connection_id is not None:
        query = query.where(Run.connection_id == connection_id)
    if after is not None:
        query = query.where(tuple_(Run.started_at, Run.id) < after)
    rows = session.scalars(query).all()
    return rows[:size], len(rows) > size


def one(session: Session, tenant_id: UUID, run_id: UUID) -> Run | None:
    """Read one run with its connection."""
    return session.scalar(
        select(Run).where(Run.tenant_id == tenant_id, Run.id == run_id).options(joinedload(Run.connection))
    )


def last_of(session: Session, tenant_id: UUID, connection_id: UUID) -> Run | None:
    """Read the newest run of a connection."""
    return session.scalar(
        select(Run)
        .where(Run.tenant_id == tenant_id, Run.connection_id == connection_id)
        .order_by(Run.started_at.desc())
        .limit(1)
    )
