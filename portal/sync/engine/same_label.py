"""Same label: orders of one Flourish company that people know by one number (AQ-12)."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Link
from portal.sync.questions import SameLabel

# More are not named.
_MOST = 20


def known_by(session: Session, hub_id: UUID, question: SameLabel) -> tuple[str, ...]:
    """Find the other orders of a hub that people know by an order's number, by their ids on their platforms.

    Args:
        session: a session inside the tenant.
        hub_id: the Flourish company.
        question: the order.
    """
    query = select(Link.foreign_id).where(
        Link.hub_id == hub_id,
        Link.kind == "order",
        Link.label == question.label,
        Link.foreign_id != question.number,
    )
    return tuple(session.scalars(query.order_by(Link.foreign_id).limit(_MOST)))
