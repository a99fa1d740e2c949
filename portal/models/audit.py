"""The audit: who did what, append-only, each row chained to the one before it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base

# The chain of what belongs to no tenant: staff, the installation, sign-ins of unknown people.
INSTALLATION_CHAIN = UUID(int=0)


class AuditHead(Base):
    """The end of one chain. Whoever appends locks this row, so that a chain has one order."""

    __tablename__ = "audit_head"

    # A tenant's id, or INSTALLATION_CHAIN.
    chain: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(server_default="0")
    hash: Mapped[bytes] = mapped_column(LargeBinary, server_default=text("''::bytea"))
    # The key of this chain, sealed (sync/secrets.py): bound to the chain, "audit", "chain key".
    sealed_key: Mapped[bytes] = mapped_column(LargeBinary)


class AuditEvent(Base):
    """One act. A trigger refuses to change or delete it."""

    __tablename__ = "audit_event"
    __table_args__ = (
        CheckConstraint("seq > 0 AND action <> '' AND actor <> ''", name="speaks"),
        Index("ix_audit_event_at", "chain", text("at DESC"), text("seq DESC")),
    )

    chain: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    # Who: a person's id and name as it was then, their role in this, and where they were.
    actor_id: Mapped[UUID | None]
    actor: Mapped[str]
    role: Mapped[str]
    address: Mapped[str]
    # The request that it happened in, as error pages and logs name it.
    reference: Mapped[str]
    action: Mapped[str]
    # The thing that it was done to: its kind, its id, and what people call it.
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[dict[str, Any]]
    hash: Mapped[bytes] = mapped_column(LargeBinary)
