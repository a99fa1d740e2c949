"""What orders of a shop keep back of an item, for pages."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import HeldLine, Link


def links(session: Session, connection_id: UUID, sku: str) -> Mapping[str, UUID]:
    """The links of the orders that keep something back of a SKU, by the orders' ids on their platform.

    Args:
        session: a session inside the tenant.
        connection_id: the connection.
        sku: the item's match key.
    """
    rows = session.execute(
        select(Link.foreign_id, Link.id)
        .join(HeldLine, HeldLine.link_id == Link.id)
        .where(
            HeldLine.connection_id == connection_id,
            HeldLine.sku_key == sku,
            HeldLine.released_at.is_(None),
        )
        .distinct()
    )
    return dict(rows.all())
