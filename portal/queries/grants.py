"""Grants for pages: what is asked for, what stands, what is over and what it was used for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, not_, or_, select
from sqlalchemy.orm import Session

from portal.models import AuditEvent, Grant, Tenant

# So much of what is over is shown.
_HISTORY = 50
_OWN_HISTORY = timedelta(days=7)
# Sixty minutes hold no more than anybody would read.
_USES = 500

# After that whoever asked is not waiting any more: what is given must be wanted now.
_ASKED_LASTS = timedelta(hours=24)


def is_open() -> ColumnElement[bool]:
    """A request that waits for an answer."""
    recent = Grant.created_at > func.clock_timestamp() - _ASKED_LASTS
    return and_(Grant.given_at.is_(None), Grant.revoked_at.is_(None), recent)


def is_standing() -> ColumnElement[bool]:
    """A grant by which somebody may be in now."""
    return and_(Grant.revoked_at.is_(None), Grant.ends_at > func.clock_timestamp())


def is_open_or_standing() -> ColumnElement[bool]:
    """A request that waits for an answer, or a grant that stands; only the first was not given."""
    return or_(is_open(), is_standing())


def is_over() -> ColumnElement[bool]:
    """A grant that stood once, or a request that was declined, taken back or left unanswered."""
    return not_(or_(is_open(), and_(Grant.ends_at.is_not(None), is_standing())))


def of_tenant(
    session: Session, tenant_id: UUID, which: ColumnElement[bool], size: int = _HISTORY
) -> Sequence[Grant]:
    """Read a tenant's grants of one kind, newest first."""
    query = select(Grant).where(Grant.tenant_id == tenant_id, which)
    return session.scalars(query.order_by(Grant.created_at.desc()).limit(size)).all()


def one(session: Session, tenant_id: UUID, grant_id: UUID) -> Grant | None:
    """Read one grant of a tenant."""
    return session.scalar(select(Grant).where(Grant.tenant_id == tenant_id, Grant.id == grant_id))


def stands(session: Session, tenant_id: UUID, grant_id: UUID) -> bool:
    """Say whether somebody may be in by this grant now."""
    query = select(Grant.id).where(Grant.tenant_id == tenant_id, Grant.id == grant_id, is_standing())
    return session.scalar(query) is not None


def own(system: Session, agent_id: UUID) -> Sequence[Row[Grant, Tenant]]:
    """Read what one of Trellis's own people has asked for lately, with the companies, newest first.

    Args:
        system: a system session.
        agent_id: whose.
    """
    query = (
        select(Grant, Tenant)
        .join(Tenant, Tenant.id == Grant.tenant_id)
        .where(Grant.agent_id == agent_id, Grant.created_at > func.now() - _OWN_HISTORY)
        .where(Tenant.retired_at.is_(None))
        .order_by(Grant.created_at.desc())
        .limit(_HISTORY)
    )
    return system.execute(query).all()


def entered(system: Session, agent_id: UUID) -> set[UUID]:
    """Find the tenants that one of Trellis's own people may be in now.

    Args:
        system: a system session.
        agent_id: whose grants.
    """
    return set(system.scalars(select(Grant.tenant_id).where(Grant.agent_id == agent_id, is_standing())))


def own_one(system: Session, agent_id: UUID, grant_id: UUID) -> Grant | None:
    """Read one of somebody's own grants, in whichever company."""
    return system.scalar(select(Grant).where(Grant.agent_id == agent_id, Grant.id == grant_id))


def uses(session: Session, grant: Grant) -> Sequence[AuditEvent]:
    """Read what was looked at and done under a grant, oldest first."""
    if grant.given_at is None:
        return []
    ended = min(filter(None, (grant.revoked_at, grant.ends_at)))
    query = select(AuditEvent).where(
        AuditEvent.chain == grant.tenant_id,
        AuditEvent.actor_id == grant.agent_id,
        AuditEvent.at >= grant.given_at,
        # A page that was asked for before the end is written down a moment after it.
        AuditEvent.at <= ended + timedelta(seconds=30),
        AuditEvent.action.not_in(("grant.asked", "grant.withdrawn", "break_glass.taken")),
    )
    return session.scalars(query.order_by(AuditEvent.seq).limit(_USES)).all()


def was_used(session: Session, tenant_id: UUID, grant_id: UUID, kind: str, subject_id: str) -> bool:
    """Say whether it is written down already that somebody looked at a thing under a grant."""
    query = select(AuditEvent.seq).where(
        AuditEvent.chain == tenant_id,
        AuditEvent.action == "grant.used",
        AuditEvent.at > func.now() - timedelta(hours=1),
        AuditEvent.subject_kind == kind,
        AuditEvent.subject_id == subject_id,
        AuditEvent.detail["grant"].astext == str(grant_id),
    )
    return session.scalar(query.limit(1)) is not None
