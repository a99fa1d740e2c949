"""Connections for pages. Secrets are read without their ciphertext."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from portal.models import Connection, Hub, Link, Operation, Problem, Secret, Stream

_NAMES = (
    select(Connection.id, Connection.name)
    .where(Connection.tenant_id == bindparam("tenant_id"))
    .order_by(Connection.state == "disconnected", Connection.name)
)


def all_of(session: Session, tenant_id: UUID) -> Sequence[Connection]:
    """Read the tenant's platform connections, by name."""
    return session.scalars(
        select(Connection)
        .where(Connection.tenant_id == tenant_id)
        .options(joinedload(Connection.hub), joinedload(Connection.facility))
        .order_by(Connection.name)
    ).all()


def names(session: Session, tenant_id: UUID) -> dict[UUID, str]:
    """Name the tenant's platform connections, those that were disconnected last."""
    return {row.id: row.name for row in session.execute(_NAMES, {"tenant_id": tenant_id})}


def hubs_of(session: Session, tenant_id: UUID) -> Sequence[Hub]:
    """Read the tenant's connections to Flourish with their facilities, by name."""
    return session.scalars(
        select(Hub).where(Hub.tenant_id == tenant_id).options(selectinload(Hub.facilities)).order_by(Hub.name)
    ).all()


def hub(session: Session, tenant_id: UUID, hub_id: UUID) -> Hub | None:
    """Read one connection to Flourish."""
    return session.scalar(select(Hub).where(Hub.tenant_id == tenant_id, Hub.id == hub_id))


def is_there(session: Session, tenant_id: UUID, connection_id: UUID) -> bool:
    """Say whether the tenant has a connection."""
    query = select(Connection.id).where(Connection.tenant_id == tenant_id, Connection.id == connection_id)
    return session.scalar(query) is not None


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


@dataclass(frozen=True)
class Standing:
    """What a connection has to do with at the moment, in counts."""

    # Orders that are on their way, or held up.
    open_orders: int = 0
    stuck_orders: int = 0
    # Products that both sides have as one.
    products: int = 0
    problems: int = 0
    # Writes of which nobody knows yet whether they took effect.
    unclear: int = 0


def standing(session: Session, tenant_id: UUID, connection_id: UUID) -> Standing:
    """Count what going live begins with, and what disconnecting stops."""
    mine = (Link.tenant_id == tenant_id, Link.connection_id == connection_id)
    is_order = Link.kind == "order"
    on_its_way = Link.state.in_(("new", "waiting", "stuck"))
    open_orders, stuck_orders, products = session.execute(
        select(
            func.count().filter(is_order, on_its_way),
            func.count().filter(is_order, Link.state == "stuck"),
            func.count().filter(Link.kind == "item", Link.base["product"].is_not(None)),
        ).where(*mine)
    ).one()
    problems = select(func.count(Problem.id)).where(
        Problem.tenant_id == tenant_id, Problem.connection_id == connection_id, Problem.closed_at.is_(None)
    )
    unclear = select(func.count(Operation.id)).where(
        Operation.tenant_id == tenant_id,
        Operation.connection_id == connection_id,
        Operation.status.in_(("intent", "unknown")),
    )
    return Standing(
        open_orders=open_orders,
        stuck_orders=stuck_orders,
        products=products,
        problems=session.scalar(problems) or 0,
        unclear=session.scalar(unclear) or 0,
    )
