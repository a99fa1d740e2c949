"""Stop switches for pages: which are on, since when, by whom and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import false, null, select, true
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


@dataclass(frozen=True)
class Banners:
    """What stands above all of a company's pages: the stops that are on, and whether it is to be deleted."""

    stops: list[Stop]
    leaving: Leaving | None


def standing(session: Session, tenant_id: UUID | None = None) -> list[Stop]:
    """Read the switches that are on: the operator's, and that of a tenant when one is named."""
    return banners(session, tenant_id).stops


def banners(session: Session, tenant_id: UUID | None = None) -> Banners:
    """Read the switches that are on, and whether a company is to be deleted, in one question."""
    everybodys = select(Installation.stopped_at, Installation.stopped_by, Installation.stop_reason, true())
    own = select(Tenant.stopped_at, Tenant.stopped_by, Tenant.stop_reason, false())
    leaving = (Tenant.delete_at, Tenant.delete_asked_by)
    query = everybodys.add_columns(null(), null()).union_all(
        own.add_columns(*leaving).where(Tenant.id == tenant_id)
    )
    rows = session.execute(query).all()
    return Banners(
        [
            Stop(since, by or "Somebody", reason or "No reason was given.", is_everybodys)
            for since, by, reason, is_everybodys, _at, _asked_by in rows
            if since is not None
        ],
        next((Leaving(at, asked_by or "Somebody") for *_stop, at, asked_by in rows if at is not None), None),
    )
