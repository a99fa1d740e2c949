"""The frame around each page: what stands above its content, and what its navigation counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, func, select, true
from sqlalchemy.orm import Session

from portal.models import Grant, Installation, Tenant
from portal.queries import bounded, grants, problems, stops
from portal.queries.stops import Stop

# So many guests and requests are named.
_MOST_NAMED = 50


class Guest(NamedTuple):
    """One of Trellis's own people who may be in a company now, or who asks to be let in."""

    id: UUID
    kind: str
    agent_name: str
    may_act: bool
    reason: str
    given_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True)
class Leaving:
    """A deletion of a company that was asked for: who did, and when it is carried out."""

    at: datetime
    by: str


@dataclass(frozen=True)
class Frame:
    """What a frame shows; `open_problems` ends at a bound (queries/bounded.py)."""

    stops: list[Stop]
    leaving: Leaving | None = None
    # Those who may be in now, and how many ask.
    guests: tuple[Guest, ...] = ()
    open_requests: int = 0
    open_problems: int = 0


_TENANT_ID: ColumnElement[UUID] = bindparam("tenant_id")
_open_problems = problems.of_list(problems.Filters(), _TENANT_ID).limit(bounded.FEW + 1).subquery()
# One row of each guest or request, or one without; what is the company's stands in each.
_OF_COMPANY = (
    select(
        Installation.stopped_at.label("all_stopped_at"),
        Installation.stopped_by.label("all_stopped_by"),
        Installation.stop_reason.label("all_stop_reason"),
        Tenant.stopped_at,
        Tenant.stopped_by,
        Tenant.stop_reason,
        Tenant.delete_at,
        Tenant.delete_asked_by,
        select(func.count()).select_from(_open_problems).scalar_subquery().label("open_problems"),
        *(getattr(Grant, name) for name in Guest._fields),
    )
    .select_from(Tenant)
    .outerjoin(Installation, true())
    .outerjoin(Grant, and_(Grant.tenant_id == Tenant.id, grants.is_open_or_standing()))
    .where(Tenant.id == _TENANT_ID)
    .order_by(Grant.created_at.desc())
    .limit(_MOST_NAMED)
)


def of_company(session: Session, tenant_id: UUID) -> Frame:
    """Read the frame of a company's page, in one question: every page asks it."""
    rows = session.execute(_OF_COMPANY, {"tenant_id": tenant_id}).all()
    one = rows[0]
    of_all = stops.told(one.all_stopped_at, one.all_stopped_by, one.all_stop_reason, everybodys=True)
    own = stops.told(one.stopped_at, one.stopped_by, one.stop_reason, everybodys=False)
    named = [Guest(*(getattr(row, name) for name in Guest._fields)) for row in rows if row.id is not None]
    guests = tuple(guest for guest in named if guest.given_at is not None)
    return Frame(
        stops=[*of_all, *own],
        leaving=Leaving(one.delete_at, one.delete_asked_by or "Somebody") if one.delete_at else None,
        guests=guests,
        open_requests=len(named) - len(guests),
        open_problems=one.open_problems,
    )
