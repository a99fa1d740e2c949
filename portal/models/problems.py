"""Problems: what a person must decide or fix."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Owned
from portal.models.links import Link


class Problem(Owned, Base):
    """One cause that holds up one thing. At most one is open per thing and cause."""

    __tablename__ = "problem"
    __table_args__ = (
        Index(
            "uq_problem_open",
            "subject_id",
            "code",
            "cause",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_problem_open",
            "tenant_id",
            text("opened_at DESC"),
            text("id DESC"),
            # So that causes are counted without a look at the rows.
            postgresql_include=["code", "cause", "link_id"],
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_problem_cause",
            "tenant_id",
            "code",
            "cause",
            text("opened_at DESC"),
            text("id DESC"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_problem_closed",
            "tenant_id",
            text("closed_at DESC"),
            text("id DESC"),
            postgresql_where=text("closed_at IS NOT NULL"),
        ),
        Index("ix_problem_link", "link_id"),
        # What somebody may want to be told of (sync/notices/collecting.py).
        Index(
            "ix_problem_untold",
            "tenant_id",
            "opened_at",
            postgresql_where=text(
                "opened_told_at IS NULL OR closed_at IS NOT NULL AND closed_told_at IS NULL"
            ),
        ),
        CheckConstraint("(closed_at IS NULL) = (closed_because IS NULL)", name="closed"),
        CheckConstraint("title <> '' AND next_step <> '' AND who <> ''", name="speaks"),
    )

    connection_id: Mapped[UUID | None] = mapped_column(ForeignKey("connection.id"))
    link_id: Mapped[UUID | None] = mapped_column(ForeignKey("link.id"))
    # The thing: the link, or the connection, hub or delivery when no link is concerned.
    subject_id: Mapped[UUID]
    code: Mapped[str]
    # What sets this case apart from others of the same code, such as the SKU.
    cause: Mapped[str] = mapped_column(server_default="")
    title: Mapped[str]
    text: Mapped[str] = mapped_column(server_default="")
    next_step: Mapped[str]
    # Who can do it: "tenant", "support", "operator".
    who: Mapped[str]
    evidence: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    opened_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    times_seen: Mapped[int] = mapped_column(server_default="1")
    closed_at: Mapped[datetime | None]
    closed_because: Mapped[str | None]
    # When it was sorted into messages that it opened, and that it closed.
    opened_told_at: Mapped[datetime | None]
    closed_told_at: Mapped[datetime | None]

    link: Mapped[Link | None] = relationship()
