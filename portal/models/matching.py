"""Matching: what became of each thing under a match key, and what people said about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Created, Owned

MATCH_STATES = ("matched", "near", "ambiguous", "missing_left", "missing_right", "excluded")


class MatchedKey(Owned, Base):
    """A match key of a connection as both sides were matched by it last; its row is the lock of them all."""

    __tablename__ = "matched_key"
    __table_args__ = (UniqueConstraint("connection_id", "key"),)

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    key: Mapped[str] = mapped_column(Text(collation="C"))
    # Rows by state.
    counts: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    matched_at: Mapped[datetime] = mapped_column(server_default=func.now())


class MatchedRow(Owned, Base):
    """What became of one thing (`checks.MatchRow`), replaced whenever both sides are matched anew."""

    __tablename__ = "match_row"
    __table_args__ = (
        Index("ix_match_row_in_order", "connection_id", "key", "state", "sort", "id"),
        CheckConstraint(
            "state IN ('matched', 'near', 'ambiguous', 'missing_left', 'missing_right', 'excluded')",
            name="state",
        ),
        CheckConstraint("left_ref IS NOT NULL OR right_ref IS NOT NULL", name="something"),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    key: Mapped[str] = mapped_column(Text(collation="C"))
    state: Mapped[str] = mapped_column(Text(collation="C"))
    # The value that is shown first, folded: pages list and find by it.
    sort: Mapped[str] = mapped_column(Text(collation="C"))
    left_ref: Mapped[str | None]
    left_value: Mapped[str | None]
    left_name: Mapped[str | None]
    right_ref: Mapped[str | None]
    right_value: Mapped[str | None]
    right_name: Mapped[str | None]
    # Each with ref, value and name of the partner, what would make them equal, and the score.
    suggestions: Mapped[list[Any]] = mapped_column(server_default="[]")
    by_alias: Mapped[bool] = mapped_column(server_default=text("false"))


class Alias(Owned, Created, Base):
    """Somebody said that a value of the platform and one of Flourish mean the same, until it was undone."""

    __tablename__ = "alias"
    __table_args__ = (
        Index(
            "uq_alias_left",
            "connection_id",
            "key",
            "left_key",
            unique=True,
            postgresql_where=text("undone_at IS NULL"),
        ),
        Index("ix_alias_batch", "connection_id", "batch_id"),
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undone"),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    key: Mapped[str] = mapped_column(Text(collation="C"))
    left_value: Mapped[str]
    right_value: Mapped[str]
    # Both as they are compared (`MatchKey.exact`).
    left_key: Mapped[str] = mapped_column(Text(collation="C"))
    right_key: Mapped[str] = mapped_column(Text(collation="C"))
    # Of those that were made at once, and can be undone at once.
    batch_id: Mapped[UUID]
    made_by: Mapped[str]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]


class Exclusion(Owned, Created, Base):
    """Somebody left a value out of matching and syncing, until it was included again."""

    __tablename__ = "exclusion"
    __table_args__ = (
        Index(
            "uq_exclusion_value",
            "connection_id",
            "key",
            "value_key",
            unique=True,
            postgresql_where=text("undone_at IS NULL"),
        ),
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undone"),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    key: Mapped[str] = mapped_column(Text(collation="C"))
    value: Mapped[str]
    value_key: Mapped[str] = mapped_column(Text(collation="C"))
    batch_id: Mapped[UUID]
    made_by: Mapped[str]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]


class MatchFile(Owned, Created, Base):
    """The decisions of a file that somebody looked through and may apply within the hour."""

    __tablename__ = "match_file"
    __table_args__ = (Index("ix_match_file_of_connection", "connection_id", "created_at"),)

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    key: Mapped[str] = mapped_column(Text(collation="C"))
    decisions: Mapped[dict[str, Any]]
    made_by: Mapped[str]
