"""Previews: what a first sync would do, row by row, and who approved it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Created, Owned

# reading: both lists are being read. orders, items: they are gone through. Then it is over.
PREVIEW_STATES = ("reading", "orders", "items", "done", "failed")
# What becomes of a thing: made, changed, a person is asked, not taken, listed only, or both sides agree.
PREVIEW_KINDS = ("create", "change", "stuck", "skip", "earlier", "nothing")
_IN_WORK = "state IN ('reading', 'orders', 'items')"


class Preview(Owned, Created, Base):
    """One preview of a connection's first sync. It goes on where `place` says, whoever takes it up."""

    __tablename__ = "preview"
    __table_args__ = (
        # One at a time.
        Index("uq_preview_in_work", "connection_id", unique=True, postgresql_where=text(_IN_WORK)),
        Index("ix_preview_recent", "connection_id", text("created_at DESC")),
        CheckConstraint("state IN ('reading', 'orders', 'items', 'done', 'failed')", name="state"),
        CheckConstraint(f"({_IN_WORK}) = (finished_at IS NULL)", name="finished"),
        CheckConstraint("(approved_at IS NULL) = (approved_by IS NULL)", name="approved"),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("run.id", ondelete="SET NULL"))
    state: Mapped[str] = mapped_column(server_default="reading")
    started_by: Mapped[str]
    # From when on orders would be sent; what was placed before is listed.
    orders_since: Mapped[datetime] = mapped_column(server_default=func.now())
    # The thing behind which it goes on, within its state.
    place: Mapped[str] = mapped_column(Text(collation="C"), server_default="")
    # {"orders": 40, "items": 418}: how many there are, as far as that is known.
    total: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    # Calls that were made to find out what the first sync must ask, too: {"platform": 3, "flourish": 7}.
    reads: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    # Of one that is done, as `preview.rows.counted` found them.
    counts: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    # Of the connection's rules and facility, without which every row would be another one.
    rules_digest: Mapped[str] = mapped_column(server_default="")
    # Why it failed, in a sentence; how often in a row a turn at it did not work.
    error: Mapped[str] = mapped_column(server_default="")
    failures: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    lease_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]


class PreviewRow(Owned, Base):
    """What would become of one SKU or order."""

    __tablename__ = "preview_row"
    __table_args__ = (
        UniqueConstraint("preview_id", "thing", "subject"),
        Index("ix_preview_row_kind", "preview_id", "kind", "thing", "subject"),
        CheckConstraint("thing IN ('item', 'order')", name="thing"),
        CheckConstraint("kind IN ('create', 'change', 'stuck', 'skip', 'earlier', 'nothing')", name="kind"),
    )

    preview_id: Mapped[UUID] = mapped_column(ForeignKey("preview.id", ondelete="CASCADE"))
    thing: Mapped[str]
    # As its link is known by: the SKU, or the platform's id of the order.
    subject: Mapped[str] = mapped_column(Text(collation="C"))
    # As people call it: in lower case too, as it is searched.
    label: Mapped[str]
    words: Mapped[str] = mapped_column(Text(collation="C"), server_default="")
    kind: Mapped[str]
    # The decision with which it ends, or begins where something is written.
    code: Mapped[str]
    sentence: Mapped[str]
    next_step: Mapped[str]
    # The writes in their order: [{"kind", "side", "key", "purpose"}].
    acts: Mapped[list[Any]] = mapped_column(server_default="[]")
    # Field by field: [[field, before, after, whose it is]].
    changes: Mapped[list[Any]] = mapped_column(server_default="[]")
    drops: Mapped[bool] = mapped_column(server_default=text("false"))
    # What was known of both sides (engine/shelves.py); empty for an order.
    fingerprint: Mapped[str] = mapped_column(server_default="")
    # What an order holds of the stock: {SKU: eaches as text}.
    holds: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
