"""Reports: both sides of a connection compared field by field, and what of it did not agree."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Created, Owned

# orders, items: they are gone through. Then it is over.
RECONCILIATION_STATES = ("orders", "items", "done", "failed")
_IN_WORK = "state IN ('orders', 'items')"


class Reconciliation(Owned, Created, Base):
    """One report of a connection. It goes on where `place` says, whoever takes it up."""

    __tablename__ = "reconciliation"
    __table_args__ = (
        # One at a time.
        Index("uq_reconciliation_in_work", "connection_id", unique=True, postgresql_where=text(_IN_WORK)),
        Index("ix_reconciliation_recent", "connection_id", text("created_at DESC")),
        CheckConstraint("state IN ('orders', 'items', 'done', 'failed')", name="state"),
        CheckConstraint(f"({_IN_WORK}) = (finished_at IS NULL)", name="finished"),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    state: Mapped[str] = mapped_column(server_default="orders")
    started_by: Mapped[str]
    # Orders that were placed since then are compared.
    orders_since: Mapped[datetime]
    # The thing behind which it goes on, within its state.
    place: Mapped[str] = mapped_column(Text(collation="C"), server_default="")
    # {"order": 40, "item": 418}: how many were compared; {"order": 40} of how many, as far as that is known.
    compared: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    total: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    # {"order Status": {"agrees": 38, "corrected": 2}}: values by thing and field, and by outcome.
    fields: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    # Why it failed, in a sentence; how often in a row a turn at it did not work.
    error: Mapped[str] = mapped_column(server_default="")
    failures: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    lease_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class ReconciliationRow(Owned, Base):
    """One value of one order or SKU that did not agree."""

    __tablename__ = "reconciliation_row"
    __table_args__ = (
        UniqueConstraint("reconciliation_id", "thing", "subject", "number"),
        Index("ix_reconciliation_row_outcome", "reconciliation_id", "outcome", "thing", "subject", "number"),
        CheckConstraint("thing IN ('item', 'order')", name="thing"),
        CheckConstraint("outcome IN ('corrected', 'expected', 'conflict')", name="outcome"),
    )

    reconciliation_id: Mapped[UUID] = mapped_column(ForeignKey("reconciliation.id", ondelete="CASCADE"))
    # What was compared, where it is linked.
    link_id: Mapped[UUID | None] = mapped_column(ForeignKey("link.id"))
    thing: Mapped[str]
    # As its link is known by: the SKU, or the platform's id of the order; then its rows are numbered.
    subject: Mapped[str] = mapped_column(Text(collation="C"))
    number: Mapped[int]
    # As people call it.
    label: Mapped[str]
    # What it is counted under, and which value of it.
    field: Mapped[str]
    what: Mapped[str]
    owner: Mapped[str]
    outcome: Mapped[str]
    agreed: Mapped[str]
    platform: Mapped[str]
    flourish: Mapped[str]
    why: Mapped[str]
    next_step: Mapped[str]
