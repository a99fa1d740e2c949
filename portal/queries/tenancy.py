"""Tenants as the person signed in sees them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Membership, Tenant


def membership(session: Session, user_id: UUID, slug: str) -> Membership | None:
    """Find a person's membership of the tenant with this slug."""
    return session.scalar(
        select(Membership)
        .join(Membership.tenant)
        .where(Membership.user_id == user_id, Tenant.slug == slug, Tenant.retired_at.is_(None))
    )
