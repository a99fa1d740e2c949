"""Stop switches for pages: which are on, since when, by whom and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import false, select, true
from sqlalchemy.orm import Session

from portal.models import Installation, Tenant


@dataclass(frozen=True)
class Stop:
    """A switch that is on. `everybodys`: it is the operator's, for all companies."""

    since: datetime
    by: str
    reason: str
    everybodys: bool


def standing(session: Session, tenant_id: UUID | None = None) -> list[Stop]:
    """Read the switches that are on: the operator's, and that of a tenant when one is named."""
    everybodys = select(Installation.stopped_at, Installation.stopped_by, Installation.stop_reason, true())
    own = select(Tenant.stopped_at, Tenant.stopped_by, Tenant.stop_reason, false())
    rows = session.execute(everybodys.union_all(own.where(Tenant.id == tenant_id))).all()
    return [
        stop
        for since, by, reason, is_everybodys in rows
        for stop in told(since, by, reason, everybodys=is_everybodys)
    ]


def told(since: datetime | None, by: str | None, reason: str | None, *, everybodys: bool) -> list[Stop]:
    """A switch as its columns say it; nothing where it is off."""
    if since is None:
        return []
    return [Stop(since, by or "Somebody", reason or "No reason was given.", everybodys)]
