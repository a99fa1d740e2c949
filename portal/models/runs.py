"""Runs and their log: what the workers did, line by line."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Owned
from portal.models.connections import Connection


class Run(Owned, Base):
    """One stretch of work on a connection: a poll that found something, a shift on its links ("drain"), its
    checks ("assessment"), or a preview of its first sync."""

    __tablename__ = "run"
    __table_args__ = (
        Index("ix_run_recent", "tenant_id", text("started_at DESC"), text("id DESC")),
        Index("ix_run_connection", "connection_id", text("started_at DESC")),
        # Of a connection at most one at a time.
        Index(
            "uq_run_assessing",
            "connection_id",
            unique=True,
            postgresql_where=text("kind = 'assessment' AND state = 'running'"),
        ),
        CheckConstraint("kind IN ('drain', 'poll', 'assessment', 'preview')", name="kind"),
        CheckConstraint("state IN ('running', 'done', 'failed', 'lost')", name="state"),
        CheckConstraint("(state = 'running') = (finished_at IS NULL)", name="finished"),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    kind: Mapped[str]
    # Of an assessment, the one check that it is of; empty for all.
    about: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str] = mapped_column(server_default="running")
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    heartbeat_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
    worker: Mapped[str]
    # {"looked": 3, "settled": 2, "stuck": 1, ...}
    counts: Mapped[dict[str, Any]] = mapped_column(server_default="{}")

    connection: Mapped[Connection] = relationship()


class LogLine(Base):
    """One line of a connection's sync log, numbered within the connection."""

    __tablename__ = "log_line"
    __table_args__ = (
        Index("ix_log_line_run", "run_id", "number"),
        Index("ix_log_line_link", "link_id", "number", postgresql_where=text("link_id IS NOT NULL")),
        # What went wrong, among very many lines that say that all is well.
        Index(
            "ix_log_line_trouble",
            "connection_id",
            "level",
            "number",
            postgresql_where=text("level IN ('wait', 'stuck', 'bug')"),
        ),
        CheckConstraint("level IN ('info', 'done', 'wait', 'stuck', 'bug')", name="level"),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenant.id"))
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("run.id"))
    link_id: Mapped[UUID | None] = mapped_column(ForeignKey("link.id"))
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    level: Mapped[str]
    # What it is about, as people call it: "order 4F2A-1187", "connection".
    entity: Mapped[str]
    text: Mapped[str]
    raw: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
