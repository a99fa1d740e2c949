"""Connections for pages. Secrets are read without their ciphertext."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session, joinedload, selectinload

from portal.models import Connection, Hub, Problem, Secret, Stream


def all_of(session: Session, tenant_id: UUID) -> Sequence[Connection]:
    """Read the tenant's platform connections, by name."""
    return session.scalars(
        select(Connection)
        .where(Connection.tenant_id == tenant_id)
        .options(joinedload(Connection.hub), joinedload(Connection.facility))
        .order_by(Connection.name)
    ).all()


def hubs_of(session: Session, tenant_id: UUID) -> Sequence[Hub]:
    """Read the tenant's connections to Flourish with their facilities, by name."""
    return session.scalars(
        select(Hub).where(Hub.tenant_id == tenant_id).options(selectinload(Hub.facilities)).order_by(Hub.name)
    ).all()


def one(session: Session, tenant_id: UUID, connection_id: UUID) -> Connection | None:
    """Read one platform connection with its hub and facility."""
    return session.scalar(
        select(Connection)
        .where(Connection.tenant_id == tenant_id, Connection.id == connection_id)
        .options(joinedload(Connection.hub).selectinload(Hub.facilities), joinedload(Connection.facility))
    )


def credentials(
    session: Session, tenant_id: UUID, owner_ids: Sequence[UUID]
) -> Sequence[Row[UUID, str, str, datetime, str]]:
    """Read whose credentials are set, by their last four characters."""
    return session.execute(
        select(Secret.owner_id, Secret.field, Secret.last_four, Secret.set_at, Secret.set_by)
        .where(Secret.tenant_id == tenant_id, Secret.owner_id.in_(owner_ids))
        .order_by(Secret.field)
    ).all()


def streams(session: Session, tenant_id: UUID, source_ids: Sequence[UUID]) -> Sequence[Stream]:
    """Read the lists that are polled for these connections or hubs."""
    return session.scalars(
        select(Stream)
        .where(Stream.tenant_id == tenant_id, Stream.source_id.in_(source_ids))
        .order_by(Stream.name)
    ).all()


def open_problems(session: Session, tenant_id: UUID, subject_ids: Sequence[UUID]) -> Sequence[Problem]:
    """Read the open problems of a connection itself or its hub, not of its orders."""
    return session.scalars(
        select(Problem)
        .where(
            Problem.tenant_id == tenant_id,
            Problem.subject_id.in_(subject_ids),
            Problem.closed_at.is_(None),
        )
        .order_by(Problem.opened_at)
    ).all()
