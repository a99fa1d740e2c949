"""Tenants as the person signed in sees them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from portal.models import Grant, Membership, Tenant


class Belonging(NamedTuple):
    """A tenant that somebody is a member of, and what they are in it."""

    id: UUID
    slug: str
    name: str
    timezone: str
    stopped_at: datetime | None
    role: str


_OF_PERSON = (
    select(Tenant.id, Tenant.slug, Tenant.name, Tenant.timezone, Tenant.stopped_at, Membership.role)
    .join(Membership, Membership.tenant_id == Tenant.id)
    .where(Membership.user_id == bindparam("user_id"), Tenant.retired_at.is_(None))
)


def of_person(session: Session, user_id: UUID) -> list[Belonging]:
    """List the tenants that a person is a member of, by name."""
    found = [Belonging(*row) for row in session.execute(_OF_PERSON, {"user_id": user_id})]
    return sorted(found, key=lambda one: one.name.casefold())


class Standing(NamedTuple):
    """A grant that stands: where, and until when."""

    tenant: Tenant
    grant: Grant
    ends_at: datetime


def granted(system: Session, agent_id: UUID, slug: str) -> Standing | None:
    """Find the tenant with this slug and the grant under which one of Trellis's own people may be in it now.

    Args:
        system: a system session.
        agent_id: whose grant.
        slug: of the tenant.
    """
    now = func.clock_timestamp()
    found = system.execute(
        select(Tenant, Grant)
        .join(Grant, Grant.tenant_id == Tenant.id)
        .where(
            Tenant.slug == slug,
            Tenant.retired_at.is_(None),
            Grant.agent_id == agent_id,
            Grant.revoked_at.is_(None),
            Grant.ends_at > now,
        )
        .order_by(Grant.may_act.desc(), Grant.ends_at.desc())
        .limit(1)
    ).first()
    if found is None or found[1].ends_at is None:
        return None
    return Standing(found[0], found[1], found[1].ends_at)
