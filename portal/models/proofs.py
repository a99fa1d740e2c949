"""Proofs: what each check of a tenant found."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Owned


class Proof(Owned, Base):
    """One check of one tenant, never rewritten. `held`: nothing speaks against any promise. `partial`:
    nothing does, but a side was not read. `failed`: a promise is broken."""

    __tablename__ = "proof"
    __table_args__ = (
        Index("ix_proof_recent", "tenant_id", text("at DESC"), text("id DESC")),
        CheckConstraint("outcome IN ('held', 'partial', 'failed')", name="outcome"),
        CheckConstraint("how IN ('schedule', 'command')", name="how"),
    )

    # When it was finished.
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    how: Mapped[str]
    duration_ms: Mapped[int]
    outcome: Mapped[str]
    # Orders of which was proven that they are in Flourish once, or that their page says why not.
    orders: Mapped[int]
    lost: Mapped[int]
    doubled: Mapped[int]
    ever_doubled: Mapped[int]
    # Codes of the promises that are broken.
    failed: Mapped[list[Any]]
    # As `trellis check --json` prints it.
    report: Mapped[dict[str, Any]]
