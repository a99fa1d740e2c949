"""Operations: writes to foreign APIs, committed as intents before the call."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Owned

_NEWEST = (text("intent_at DESC"), text("id DESC"))


class Operation(Owned, Base):
    """One write. `intent` before the call, then `ok`, `refused` or `unknown`; `abandoned` when a look
    showed that it never took effect."""

    __tablename__ = "operation"
    __table_args__ = (
        CheckConstraint("status IN ('intent', 'unknown', 'ok', 'refused', 'abandoned')", name="status"),
        CheckConstraint("(status IN ('intent', 'unknown')) = (finished_at IS NULL)", name="finished"),
        CheckConstraint("status <> 'unknown' OR settle_at IS NOT NULL", name="settle"),
        # One write at a time on one link.
        Index(
            "uq_operation_open",
            "link_id",
            unique=True,
            postgresql_where=text("status IN ('intent', 'unknown')"),
        ),
        # What may exist once only (an order, a destination) is made once only, whoever asks.
        Index(
            "uq_operation_once",
            "hub_id",
            "natural_key",
            unique=True,
            postgresql_where=text("once AND status IN ('intent', 'unknown', 'ok')"),
        ),
        Index("ix_operation_link", "link_id", "intent_at"),
        # What worked of each kind: the last one, how many lately, how long they took (queries/trends.py). It
        # holds all of that, with the tenant, by which rows are told apart.
        Index(
            "ix_operation_worked",
            "connection_id",
            "kind",
            "finished_at",
            postgresql_include=["tenant_id", "prompted_at"],
            postgresql_where=text("status = 'ok'"),
        ),
        # The list of all writes, newest first, and what it is narrowed to.
        Index("ix_operation_writes", "tenant_id", *_NEWEST),
        Index("ix_operation_by_connection", "connection_id", *_NEWEST),
        Index("ix_operation_by_kind", "tenant_id", "kind", *_NEWEST),
        Index("ix_operation_by_system", "tenant_id", "system", *_NEWEST),
        # Those that did not work are few.
        Index(
            "ix_operation_by_status",
            "tenant_id",
            "status",
            *_NEWEST,
            postgresql_where=text("status <> 'ok'"),
        ),
        # Writes that took all stock of a product away (engine/guard.py).
        Index(
            "ix_operation_drops",
            "connection_id",
            "intent_at",
            postgresql_where=text("kind = 'drop_stock'"),
        ),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    hub_id: Mapped[UUID] = mapped_column(ForeignKey("hub.id"))
    link_id: Mapped[UUID] = mapped_column(ForeignKey("link.id"))
    kind: Mapped[str]
    # flourish, or the platform's key: whose API is written to.
    system: Mapped[str]
    natural_key: Mapped[str]
    once: Mapped[bool]
    request: Mapped[dict[str, Any]]
    # [[what, before, after], ...], where that is known.
    changes: Mapped[list[Any]] = mapped_column(server_default="[]")
    # The decision that it carries out, and what somebody else did to the thing last, as its story tells it.
    why: Mapped[str] = mapped_column(server_default="")
    prompted_by: Mapped[str] = mapped_column(server_default="")
    # When the side that is not written to had last changed the order, by its own clock; null for products.
    prompted_at: Mapped[datetime | None]
    # What both sides agree on once this has taken effect; becomes the link's base.
    base: Mapped[dict[str, Any] | None]
    status: Mapped[str] = mapped_column(server_default="intent")
    fence: Mapped[int]
    intent_at: Mapped[datetime] = mapped_column(server_default=func.now())
    # Committed just before the call; null means that nothing was sent.
    sent_at: Mapped[datetime | None]
    settle_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    response: Mapped[dict[str, Any] | None]
    response_ref: Mapped[str | None]
    http_status: Mapped[int | None]
    duration_ms: Mapped[int | None]
    error: Mapped[str | None]
