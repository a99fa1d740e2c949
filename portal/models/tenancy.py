"""Tenants: the operators' companies that own everything else."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Created, Identified


class Tenant(Identified, Created, Base):
    """One operator's company. Its slug is in every address and is never given out again."""

    __tablename__ = "tenant"
    __table_args__ = (CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{1,38}[a-z0-9]$'", name="slug"),)

    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    timezone: Mapped[str]
    # Set: every connection of the tenant behaves as paused (features.md MO-11).
    stopped_at: Mapped[datetime | None]
    # Set: the tenant is gone; the row stays so that its slug is not used again.
    retired_at: Mapped[datetime | None]
