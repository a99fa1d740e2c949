"""Webhook deliveries of a company for pages: the list, and one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, literal, select, tuple_, union_all
from sqlalchemy.orm import Session, defer

from portal.models import Connection, Delivery, Hub

OUTCOMES = ("applied", "stale", "ignored", "problem")
_RECEIVERS: tuple[type[Hub] | type[Connection], ...] = (Hub, Connection)
# One whose outcome is not known yet.
WAITING = "waiting"


@dataclass(frozen=True)
class Filters:
    """What the list shows; empty means everything. `source` is a connection or a hub."""

    source: UUID | None = None
    outcome: str = ""
    topic: str = ""
    ref: str = ""

    @property
    def any(self) -> bool:
        """Say whether something is left out."""
        return self != Filters()


def page(
    session: Session,
    tenant_id: UUID,
    filters: Filters,
    *,
    after: tuple[datetime, UUID] | None,
    size: int = 50,
) -> tuple[Sequence[Delivery], bool]:
    """Read one page of deliveries without their bodies, newest first, and whether there is more."""
    query = select(Delivery).where(Delivery.tenant_id == tenant_id)
    if filters.source:
        query = query.where(Delivery.source_id == filters.source)
    if filters.outcome == WAITING:
        query = query.where(Delivery.outcome.is_(None))
    elif filters.outcome:
        query = query.where(Delivery.outcome == filters.outcome)
    if filters.topic:
        query = query.where(Delivery.topic == filters.topic)
    if filters.ref:
        query = query.where(Delivery.foreign_ref == filters.ref)
    if after is not None:
        query = query.where(tuple_(Delivery.received_at, Delivery.id) < after)
    query = query.order_by(Delivery.received_at.desc(), Delivery.id.desc())
    rows = session.scalars(query.options(defer(Delivery.body)).limit(size + 1)).all()
    return rows[:size], len(rows) > size


def one(session: Session, tenant_id: UUID, delivery_id: UUID) -> Delivery | None:
    """Read one delivery with its body."""
    query = select(Delivery).where(Delivery.tenant_id == tenant_id, Delivery.id == delivery_id)
    return session.scalar(query)


def refusals(session: Session, tenant_id: UUID) -> Sequence[Row[Any]]:
    """The accounts whose deliveries were refused: how many, when the last one, and why; the latest first."""
    each = (
        select(
            table.id,
            table.name,
            literal(table is Hub).label("is_hub"),
            table.refused_deliveries,
            table.last_refused_at,
            table.last_refusal,
        ).where(table.tenant_id == tenant_id, table.refused_deliveries > 0)
        for table in _RECEIVERS
    )
    refused = union_all(*each).subquery()
    return session.execute(select(refused).order_by(refused.c.last_refused_at.desc())).all()


def sources(session: Session, tenant_id: UUID) -> dict[UUID, tuple[str, UUID]]:
    """The name and the hub of each connection and each hub, by its id."""
    hubs = session.execute(select(Hub.id, Hub.name).where(Hub.tenant_id == tenant_id)).all()
    found = {hub_id: (name, hub_id) for hub_id, name in hubs}
    connections = select(Connection.id, Connection.name, Connection.hub_id).order_by(Connection.name)
    for connection_id, name, hub_id in session.execute(connections.where(Connection.tenant_id == tenant_id)):
        found[connection_id] = (name, hub_id)
    return found
