"""Tenants: the operators' companies that own everything else; and the installation they share."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Created, Identified

# A stop always says who and why. The switch was once a time alone, and a row of then may still be.
_STOP_SPEAKS = (
    "(stopped_by IS NULL) = (stop_reason IS NULL) AND (stopped_by IS NULL OR stopped_at IS NOT NULL)"
)


class Tenant(Identified, Created, Base):
    """One operator's company. Its slug is in every address and is never given out again."""

    __tablename__ = "tenant"
    __table_args__ = (
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{1,38}[a-z0-9]$'", name="slug"),
        CheckConstraint(_STOP_SPEAKS, name="stop"),
        CheckConstraint("(delete_at IS NULL) = (delete_asked_by IS NULL)", name="deletion"),
        CheckConstraint("keep_bodies_days BETWEEN 1 AND 90", name="keep_bodies_days"),
    )

    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    timezone: Mapped[str]
    # Set: every connection of the tenant behaves as paused (features.md MO-11).
    stopped_at: Mapped[datetime | None]
    stopped_by: Mapped[str | None]
    stop_reason: Mapped[str | None]
    # The turn of the operator's switch that its connections were last told of; see Installation.switched_at.
    heard_at: Mapped[datetime | None]
    # When the check, and when retention, are next due; moved on by whoever takes them up, so that one does.
    proof_due_at: Mapped[datetime | None]
    purge_due_at: Mapped[datetime | None]
    # How long bodies of webhooks are kept, where the company has a time of its own.
    keep_bodies_days: Mapped[int | None]
    # Set: an owner asked for everything to be deleted, which is done then; until then it can be taken back.
    delete_at: Mapped[datetime | None]
    delete_asked_by: Mapped[str | None]
    # Set: the tenant is gone; the row stays so that its slug is not used again.
    retired_at: Mapped[datetime | None]


class Installation(Base):
    """What belongs to no tenant: one row, made by whoever first writes to it."""

    __tablename__ = "installation"
    __table_args__ = (
        CheckConstraint("id", name="one"),
        CheckConstraint("(stopped_at IS NULL) = (stopped_by IS NULL)", name="stopped_by"),
        CheckConstraint("(stopped_at IS NULL) = (stop_reason IS NULL)", name="stop_reason"),
    )

    id: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    # When a schedule process last swept.
    last_swept_at: Mapped[datetime | None]
    # The operator's stop switch: set, nothing is written for any tenant (features.md MO-11).
    stopped_at: Mapped[datetime | None]
    stopped_by: Mapped[str | None]
    stop_reason: Mapped[str | None]
    # When it was last turned, on or off: what the tenants' connections are told of, and go on after.
    switched_at: Mapped[datetime | None]
    # A worker is checking a tenant: one at a time, so that the others are there for orders.
    checking_until: Mapped[datetime | None]
