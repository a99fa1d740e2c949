"""Schedule: streams that are polled, each with its watermark and when it is due."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Owned


class Stream(Owned, Base):
    """One list of a foreign API that is read again and again, from its watermark less an overlap."""

    __tablename__ = "stream"
    __table_args__ = (
        UniqueConstraint("source_id", "name"),
        CheckConstraint("interval_seconds > 0", name="interval"),
    )

    # The connection, or for Flourish's own lists the hub: one poll serves every platform on it.
    source_id: Mapped[UUID]
    hub_id: Mapped[UUID] = mapped_column(ForeignKey("hub.id"))
    connection_id: Mapped[UUID | None] = mapped_column(ForeignKey("connection.id"))
    name: Mapped[str]
    interval_seconds: Mapped[float]
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    lease_until: Mapped[datetime | None]
    # Where a pull that was broken off goes on (engine/pull.py); null when none is going on.
    position: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    # When the whole list was last read.
    full_at: Mapped[datetime | None]
    # When the batches were last read that belong to a list of products.
    batches_at: Mapped[datetime | None]
    # When a list of items was last read whole with what shops ask of them; null while nobody needs it.
    shop_at: Mapped[datetime | None]
    # Somebody wants the whole list read that was begun after this; null once such a pull has begun.
    asked_at: Mapped[datetime | None]
    # The latest modification time seen in complete pulls.
    watermark: Mapped[datetime | None]
    last_ok_at: Mapped[datetime | None]
    last_found: Mapped[int] = mapped_column(server_default="0")
    failures: Mapped[int] = mapped_column(server_default="0")
