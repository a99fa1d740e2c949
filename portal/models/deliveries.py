"""Deliveries: webhook bodies as they arrived, each with what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Owned


class Delivery(Owned, Base):
    """One verified webhook body. `source_id` is the hub or the connection whose token it came to."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("source_id", "dedupe_key"),
        Index("ix_delivery_link", "link_id", postgresql_where=text("link_id IS NOT NULL")),
        # What came lately, over all companies (queries/figures.py).
        Index("ix_delivery_received", "received_at", postgresql_using="brin"),
        Index("ix_delivery_recent", "tenant_id", text("received_at DESC"), text("id DESC")),
        # What retention has yet to clear, and to drop, oldest first.
        Index("ix_delivery_kept", "tenant_id", "received_at", postgresql_where=text("body IS NOT NULL")),
        Index(
            "ix_delivery_cleared", "tenant_id", "cleared_at", postgresql_where=text("cleared_at IS NOT NULL")
        ),
        CheckConstraint("outcome IN ('applied', 'stale', 'ignored', 'problem')", name="outcome"),
    )

    source_id: Mapped[UUID]
    platform: Mapped[str]
    dedupe_key: Mapped[bytes] = mapped_column(LargeBinary)
    topic: Mapped[str]
    foreign_ref: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    # The time of the change that it tells of, by the sender's clock.
    version: Mapped[datetime | None]
    repeats: Mapped[int] = mapped_column(server_default="0")
    headers: Mapped[dict[str, Any]]
    # Cleared by retention; the dedupe key outlives it.
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    cleared_at: Mapped[datetime | None]
    link_id: Mapped[UUID | None] = mapped_column(ForeignKey("link.id"))
    outcome: Mapped[str | None]
    outcome_text: Mapped[str | None]
    outcome_at: Mapped[datetime | None]
