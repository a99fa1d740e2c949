"""Notices: who is to be told what, the messages that tell it, and each try to send one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Created, Owned

NOTICE_CHANNELS = ("email", "webhook")


class NoticeRule(Owned, Created, Base):
    """Where news go, which, and how often at the most. A webhook's secret is a `Secret` of the rule."""

    __tablename__ = "notice_rule"
    __table_args__ = (
        CheckConstraint("channel IN ('email', 'webhook')", name="channel"),
        CheckConstraint("pace IN ('minutes_5', 'minutes_15', 'hour', 'day')", name="pace"),
        CheckConstraint("(off_at IS NULL) = (off_because IS NULL)", name="off"),
        Index("ix_notice_rule_tenant", "tenant_id", postgresql_where=text("ended_at IS NULL")),
    )

    # Null: everything of the company.
    connection_id: Mapped[UUID | None] = mapped_column(ForeignKey("connection.id"))
    channel: Mapped[str]
    address: Mapped[str]
    kinds: Mapped[list[Any]] = mapped_column(JSONB())
    resolved: Mapped[bool] = mapped_column(server_default=text("false"))
    pace: Mapped[str]
    made_by: Mapped[str]
    # What opened before is not told of: when it was made, or switched on again.
    since: Mapped[datetime] = mapped_column(server_default=func.now())
    # Since when nothing was taken; null while it works.
    failing_since: Mapped[datetime | None]
    off_at: Mapped[datetime | None]
    off_because: Mapped[str | None]
    # Until when the secret of before signs, too.
    overlap_until: Mapped[datetime | None]
    # Somebody removed it; what it sent is kept for as long as logs are.
    ended_at: Mapped[datetime | None]


class Notice(Owned, Created, Base):
    """One message. It takes news in until its body is written, and is then sent until it is taken."""

    __tablename__ = "notice"
    __table_args__ = (
        Index(
            "uq_notice_collecting",
            "rule_id",
            "group_key",
            unique=True,
            postgresql_where=text("body IS NULL AND due_at IS NOT NULL"),
        ),
        Index("ix_notice_group", "rule_id", "group_key", "leaves_at"),
        Index("ix_notice_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("ix_notice_recent", "rule_id", text("created_at DESC"), text("id DESC")),
        CheckConstraint(
            "(due_at IS NULL) = (sent_at IS NOT NULL OR given_up_at IS NOT NULL)", name="due_until_over"
        ),
    )

    rule_id: Mapped[UUID] = mapped_column(ForeignKey("notice_rule.id"))
    # What it is told together with (sync/notices/grouping.py).
    group_key: Mapped[str]
    told: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    count: Mapped[int] = mapped_column(server_default="0")
    # When it is to leave; the next one of its group leaves so much later. Never moved.
    leaves_at: Mapped[datetime]
    # When it is tried next; null once that is over.
    due_at: Mapped[datetime | None]
    # As it is signed and sent, each time the same.
    body: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]

    @property
    def state(self) -> str:
        """How far it is: collecting, waiting, sent or given_up."""
        if self.sent_at is not None:
            return "sent"
        if self.given_up_at is not None:
            return "given_up"
        return "collecting" if self.body is None else "waiting"


class NoticeAttempt(Owned, Base):
    """One try to send a message, never rewritten."""

    __tablename__ = "notice_attempt"
    __table_args__ = (Index("ix_notice_attempt_notice", "notice_id", "at"),)

    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    taken: Mapped[bool]
    # Of a webhook's answer.
    status: Mapped[int | None]
    # Why it was not taken, in one clause; and the start of what was answered.
    reason: Mapped[str] = mapped_column(server_default="")
    answer: Mapped[str] = mapped_column(server_default="")
    duration_ms: Mapped[int]
