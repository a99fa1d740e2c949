"""Shops' orders: what our own rows say of those of one Flourish company or connection."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal.models import Link
from portal.sync.engine.writes import RETAIL
from portal.sync.questions import SameLabel
from portal.sync.retail import RETAIL_OVER

# More are not named.
_MOST = 20


def known_by(session: Session, hub_id: UUID, question: SameLabel) -> tuple[str, ...]:
    """Find the other orders of a hub that people know by an order's number, by their ids on their platforms
    (AQ-12).

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


def open_in_flourish(session: Session, owner: ColumnElement[bool]) -> list[str]:
    """Find Flourish's ids of retail orders to which something may still happen.

    Args:
        session: a session inside the tenant.
        owner: whose they are: a condition on `Link`.
    """
    query = select(Link.flourish_id).where(
        owner,
        Link.kind == "order",
        Link.flourish_kind == RETAIL,
        Link.flourish_status.not_in(RETAIL_OVER),
    )
    return [one for one in session.scalars(query.order_by(Link.flourish_id)) if one]
