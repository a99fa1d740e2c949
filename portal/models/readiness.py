"""Readiness: what each check of a connection last found, how that changed, and what was waived."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Owned

_OUTCOMES = "outcome IN ('ready', 'wrong', 'unknown')"
_SEVERITIES = "severity IN ('blocks', 'warning', 'later')"


class CheckResult(Owned, Base):
    """What one check of a connection last found."""

    __tablename__ = "check_result"
    __table_args__ = (
        UniqueConstraint("connection_id", "name"),
        CheckConstraint(_OUTCOMES, name="outcome"),
        CheckConstraint(_SEVERITIES, name="severity"),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    # Of the declared check; one that is declared no more is not shown.
    name: Mapped[str]
    outcome: Mapped[str]
    # Of this case: a check that blocks may find something that only advises.
    severity: Mapped[str]
    evidence: Mapped[str]
    next_step: Mapped[str] = mapped_column(server_default="")
    # Numbers by what they count.
    counts: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    examples: Mapped[list[Any]] = mapped_column(JSONB(), server_default="[]")
    checked_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    # Since when it is as it is.
    since: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    # The run that found it; runs are dropped earlier.
    run_id: Mapped[UUID | None]


class CheckChange(Owned, Base):
    """One change of what a check found, never rewritten."""

    __tablename__ = "check_change"
    __table_args__ = (
        Index("ix_check_change_recent", "connection_id", "name", text("at DESC"), text("id DESC")),
        CheckConstraint(_OUTCOMES, name="outcome"),
        CheckConstraint(_SEVERITIES, name="severity"),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    name: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    outcome: Mapped[str]
    severity: Mapped[str]
    evidence: Mapped[str]
    counts: Mapped[dict[str, Any]] = mapped_column(server_default="{}")


class Waiver(Owned, Base):
    """Somebody's word that a check need not be ready, for a reason and until a day."""

    __tablename__ = "waiver"
    __table_args__ = (
        Index(
            "uq_waiver_standing",
            "connection_id",
            "name",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        CheckConstraint("reason <> '' AND waived_by <> ''", name="speaks"),
        CheckConstraint("expires_at > waived_at", name="expires"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    name: Mapped[str]
    waived_by: Mapped[str]
    reason: Mapped[str]
    waived_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    # Taken back, or followed by another one.
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
