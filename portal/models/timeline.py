"""Timeline: an order's story, row by row, never rewritten."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Owned


class TimelineEvent(Owned, Base):
    """One row of a link's story: who did what where, what changed, and why."""

    __tablename__ = "timeline_event"
    __table_args__ = (
        UniqueConstraint("link_id", "seq"),
        CheckConstraint("side IN ('platform', 'trellis', 'flourish')", name="side"),
        CheckConstraint("tone IN ('plain', 'ok', 'warn', 'bad')", name="tone"),
    )

    link_id: Mapped[UUID] = mapped_column(ForeignKey("link.id"))
    # Given under the link's row lock, so that a reader's cursor never skips one.
    seq: Mapped[int]
    # Not the start of the transaction: it may have waited for the lock, and a story goes forward.
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    side: Mapped[str]
    tone: Mapped[str] = mapped_column(server_default="plain")
    actor: Mapped[str]
    # How it is known or was done: "webhook", "poll", "POST outbound order, 412 ms".
    how: Mapped[str] = mapped_column(server_default="")
    title: Mapped[str]
    text: Mapped[str] = mapped_column(server_default="")
    # {"changes": [[what, before, after], ...], "request": {...}, "answer": {...}}, redacted.
    detail: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    operation_id: Mapped[UUID | None] = mapped_column(ForeignKey("operation.id"))
