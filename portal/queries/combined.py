"""Orders that became part of another one: for the look at that other one, and for pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from portal.models import Link, LinkRelation, Operation

KIND = "combined_into"
# How long before the new order's creation its originals became part of it (features.md LL-16); what one act
# of the platform does may carry times that are a moment apart.
BEFORE, AFTER = timedelta(minutes=10), timedelta(seconds=5)


@dataclass(frozen=True)
class Related:
    """An order on the other end of a relation; `inferred` by Trellis, or said by a person."""

    link: Link
    inferred: bool


def candidates(
    session: Session, tenant_id: UUID, connection_id: UUID, *, license_number: str, placed_at: datetime
) -> Sequence[Link]:
    """Read the orders of one customer that ended just before a combined one was placed, and became part of
    none yet; oldest first."""
    return session.scalars(
        select(Link)
        .where(
            Link.tenant_id == tenant_id,
            Link.connection_id == connection_id,
            Link.kind == "order",
            Link.merged_at.between(placed_at - BEFORE, placed_at + AFTER),
            _customer_is(license_number),
            ~exists().where(LinkRelation.from_id == Link.id, LinkRelation.kind == KIND),
        )
        .order_by(Link.placed_at, Link.id)
    ).all()


def _customer_is(license_number: str) -> ColumnElement[bool]:
    shown: ColumnElement[str] = Link.snapshot["customer"]["license"].astext
    return shown == license_number


def about_to_be_read(
    session: Session, tenant_id: UUID, connection_id: UUID, *, license_number: str, but: UUID
) -> bool:
    """Say whether another order of this customer is looked at now or due: it may be an original."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    Link.tenant_id == tenant_id,
                    Link.connection_id == connection_id,
                    Link.kind == "order",
                    Link.id != but,
                    Link.merged_at.is_(None),
                    or_(Link.due_at <= func.now(), Link.lease_until.is_not(None)),
                    _customer_is(license_number),
                    Link.snapshot["is_combination"].as_boolean().isnot(True),
                )
            )
        )
    )


def originals(session: Session, tenant_id: UUID, link_id: UUID) -> list[Related]:
    """Read what an order combines, oldest first."""
    return _related(session, tenant_id, LinkRelation.to_id == link_id, LinkRelation.from_id)


def combined_into(session: Session, tenant_id: UUID, link_id: UUID) -> list[Related]:
    """Read what an order became part of: one order, or none."""
    return _related(session, tenant_id, LinkRelation.from_id == link_id, LinkRelation.to_id)


def _related(
    session: Session, tenant_id: UUID, this: ColumnElement[bool], other: InstrumentedAttribute[UUID]
) -> list[Related]:
    end = aliased(Link)
    rows = session.execute(
        select(end, LinkRelation.inferred)
        .join(LinkRelation, other == end.id)
        .where(LinkRelation.tenant_id == tenant_id, LinkRelation.kind == KIND, this)
        .order_by(end.placed_at, end.id)
    )
    return [Related(link, inferred) for link, inferred in rows]


def being_written(session: Session, tenant_id: UUID, links: Sequence[Link]) -> set[UUID]:
    """Read which of these orders have a write without an outcome."""
    rows = session.scalars(
        select(Operation.link_id).where(
            Operation.tenant_id == tenant_id,
            Operation.link_id.in_([link.id for link in links]),
            Operation.status.in_(("intent", "unknown")),
        )
    )
    return set(rows)
