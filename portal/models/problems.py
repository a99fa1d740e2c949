"""Problems: what a person must decide or fix, and what people did about it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Created, Owned
from portal.models.links import Link

PROBLEM_ACTS = ("assign", "note", "ignore", "reopen", "retry")
_ACTS = "('assign', 'note', 'ignore', 'reopen', 'retry')"
_NEWEST = (text("opened_at DESC"), text("id DESC"))
_OPEN = "closed_at IS NULL AND ignored_until IS NULL"
_IGNORED = "closed_at IS NULL AND ignored_until IS NOT NULL"


def _open(name: str, *columns: str) -> Index:
    """An index for a list of open problems that one filter narrows, newest first."""
    return Index(name, "tenant_id", *columns, *_NEWEST, postgresql_where=text(_OPEN))


class Problem(Owned, Base):
    """One cause that holds up one thing. At most one is open per thing and cause.

    It is open, ignored until a day is over, or closed.
    """

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
        _open("ix_problem_open"),
        _open("ix_problem_open_of_cause", "code", "cause"),
        _open("ix_problem_open_of_connection", "connection_id"),
        _open("ix_problem_open_by_who", "who"),
        _open("ix_problem_open_by_assignee", "assignee_id"),
        Index(
            "ix_problem_ignored",
            "tenant_id",
            *_NEWEST,
            postgresql_where=text(_IGNORED),
        ),
        Index(
            "ix_problem_ignored_of_cause",
            "tenant_id",
            "code",
            "cause",
            *_NEWEST,
            postgresql_where=text(_IGNORED),
        ),
        Index(
            "ix_problem_closed",
            "tenant_id",
            text("closed_at DESC"),
            text("id DESC"),
            postgresql_where=text("closed_at IS NOT NULL"),
        ),
        Index(
            "ix_problem_closed_of_cause",
            "tenant_id",
            "code",
            "cause",
            text("closed_at DESC"),
            text("id DESC"),
            postgresql_where=text("closed_at IS NOT NULL"),
        ),
        # Those whose time is over, over all companies.
        Index(
            "ix_problem_ignored_until",
            "ignored_until",
            postgresql_where=text(_IGNORED),
        ),
        Index("ix_problem_link", "link_id"),
        # How many there were of late (queries/trends.py).
        Index("ix_problem_opened", "tenant_id", "opened_at", postgresql_include=["connection_id"]),
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
        CheckConstraint("(ignored_until IS NULL) = (ignored_because IS NULL)", name="ignored"),
        CheckConstraint("(assignee_id IS NULL) = (assignee_name IS NULL)", name="assigned"),
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
    # The order's total, where one is held up and its total is known.
    held: Mapped[Decimal | None]
    opened_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    times_seen: Mapped[int] = mapped_column(server_default="1")
    closed_at: Mapped[datetime | None]
    closed_because: Mapped[str | None]
    # When it was sorted into messages that it opened, and that it closed.
    opened_told_at: Mapped[datetime | None]
    closed_told_at: Mapped[datetime | None]

    # Who sees to it; the name as it was then, as pages of the tenant cannot read Trellis's own people.
    assignee_id: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.id"))
    assignee_name: Mapped[str | None]
    # It is left alone until then, unless it gets worse.
    ignored_until: Mapped[datetime | None]
    ignored_because: Mapped[str | None]
    # Acts that changed what becomes of it: who acts on an older one was overtaken by somebody.
    revision: Mapped[int] = mapped_column(server_default="0")

    link: Mapped[Link | None] = relationship()

    @property
    def state(self) -> str:
        """Whether it is open, ignored or closed."""
        if self.closed_at is not None:
            return "closed"
        return "ignored" if self.ignored_until is not None else "open"


class ProblemAct(Owned, Base):
    """Something that somebody did about a problem: never rewritten."""

    __tablename__ = "problem_act"
    __table_args__ = (
        # The same form sent twice is one act.
        UniqueConstraint("problem_id", "form_id"),
        Index("ix_problem_act_of_problem", "problem_id", "at"),
        CheckConstraint(f"kind IN {_ACTS}", name="kind"),
    )

    problem_id: Mapped[UUID] = mapped_column(ForeignKey("problem.id"))
    form_id: Mapped[UUID]
    # The start of a transaction that waited for somebody else's would be too early.
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    kind: Mapped[str]
    actor: Mapped[str]
    # What they did, in words, and what they wrote.
    did: Mapped[str]
    text: Mapped[str] = mapped_column(server_default="")


class ProblemChoice(Owned, Created, Base):
    """Problems that somebody chose for an act, as they were shown; and what came of it, once it is done."""

    __tablename__ = "problem_choice"
    __table_args__ = (
        Index("ix_problem_choice_created", "created_at"),
        CheckConstraint(f"act IN {_ACTS}", name="act"),
        CheckConstraint("(done_at IS NULL) = (done_by IS NULL)", name="done"),
    )

    act: Mapped[str]
    made_by: Mapped[str]
    # Each with its revision: [["0192…", 3], …]. Nothing else is touched.
    shown: Mapped[list[Any]]
    # How many matched, where more did than are taken at once.
    matched: Mapped[int]
    # The list that they were chosen from, as its address says it.
    query: Mapped[str] = mapped_column(server_default="")
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None]
    done: Mapped[int | None]
    # Why some were not touched: [[title, why], …].
    passed: Mapped[list[Any]] = mapped_column(server_default="[]")
