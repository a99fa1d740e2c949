"""Stop switches for pages: which are on, since when, by whom and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Installation, Tenant


@dataclass(frozen=True)
class Stop:
    """A switch that is on. `everybodys`: it is the operator's, for all companies."""

    since: datetime
    by: str
    reason: str
    everybodys: bool


@dataclass(frozen=True)
class Leaving:
    """A deletion of a company that was asked for: who did, and when it is carried out."""

    at: datetime
    by: str


def leaving(session: Session, tenant_id: UUID) -> Leaving | None:
    """Read whether a company is to be deleted."""
    query = select(Tenant.delete_at, Tenant.delete_asked_by).where(Tenant.id == tenant_id)
    found = session.execute(query).first()
    return Leaving(found[0], found[1] or "Somebody") if found and found[0] else None


def standing(session: Session, tenant_id: UUID | None = None) -> list[Stop]:
    """Read the switches that are on: the operator's, and that of a tenant when one is named."""
    query = select(Installation.stopped_at, Installation.stopped_by, Installation.stop_reason)
    rows = [(row, True) for row in session.execute(query).all()]
    if tenant_id is not None:
        own = select(Tenant.stopped_at, Tenant.stopped_by, Tenant.stop_reason).where(Tenant.id == tenant_id)
        rows += [(row, False) for row in session.execute(own).all()]
    return [
        Stop(since, by or "Somebody", reason or "No reason was given.", everybodys)
        for (since, by, reason), everybodys in rows
        if since is not None
    ]
