"""The backlog: what each connection has still to look at."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal.models import Link


def due(session: Session, tenant_id: UUID) -> Mapping[UUID, Mapping[str, int]]:
    """Count the links that are due or being looked at now, by connection and kind."""
    rows = session.execute(
        select(Link.connection_id, Link.kind, func.count())
        .where(Link.tenant_id == tenant_id, or_(Link.due_at <= func.now(), Link.lease_until.is_not(None)))
        .group_by(Link.connection_id, Link.kind)
    )
    found: dict[UUID, dict[str, int]] = {}
    for connection_id, kind, count in rows:
        found.setdefault(connection_id, {})[kind] = int(count)
    return found
