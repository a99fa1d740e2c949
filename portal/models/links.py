"""Links: one thing known on both sides, the unit of sync."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Created, Owned, utc_now
from portal.models.connections import Connection

# new: seen, not looked at yet. waiting: will be looked at again by itself, or somebody has to act
# elsewhere first. settled: both sides agree. skipped: not taken, with a reason. stuck: has a problem.
LINK_STATES = ("new", "waiting", "settled", "skipped", "stuck")
PLACE = (
    "CASE WHEN state IN ('stuck', 'skipped') THEN state WHEN flourish_id IS NOT NULL THEN 'in_flourish'"
    " WHEN state = 'settled' THEN 'skipped' ELSE 'waiting' END"
)


class Link(Owned, Created, Base):
    """One order, item or customer on a platform, and its counterpart in Flourish."""

    __tablename__ = "link"
    __table_args__ = (
        UniqueConstraint("connection_id", "kind", "foreign_id"),
        # A Flourish order has one link over the whole company: two links to it would be two owners. Orders of
        # people may have the numbers of orders of companies.
        Index(
            "uq_link_flourish_order",
            "hub_id",
            text("COALESCE(flourish_kind, '')"),
            "flourish_id",
            unique=True,
            postgresql_where=text("kind = 'order' AND flourish_id IS NOT NULL"),
        ),
        Index(
            "ix_link_flourish",
            "hub_id",
            "kind",
            "flourish_id",
            postgresql_where=text("flourish_id IS NOT NULL"),
        ),
        Index(
            "ix_link_due",
            "connection_id",
            "priority",
            "due_at",
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        # Whether anything is due, however much is due later.
        Index("ix_link_due_at", "connection_id", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        # What is being worked on: few at any time.
        Index("ix_link_leased", "lease_until", postgresql_where=text("lease_until IS NOT NULL")),
        Index(
            "ix_link_orders",
            "tenant_id",
            text("placed_at DESC"),
            text("id DESC"),
            postgresql_where=text("kind = 'order'"),
        ),
        Index(
            "ix_link_orders_by_place",
            "tenant_id",
            "place",
            text("placed_at DESC"),
            text("id DESC"),
            postgresql_where=text("kind = 'order'"),
        ),
        Index(
            "ix_link_orders_by_status",
            "tenant_id",
            "flourish_status",
            text("placed_at DESC"),
            text("id DESC"),
            postgresql_where=text("kind = 'order' AND flourish_status IS NOT NULL"),
        ),
        # Those from before go-live that wait for an answer: few, and none after a while.
        Index(
            "ix_link_orders_earlier",
            "tenant_id",
            text("placed_at DESC"),
            text("id DESC"),
            postgresql_where=text("kind = 'order' AND decision_code = 'before_go_live'"),
        ),
        # What the dashboard counts: those first seen today, those that wait and since when, the last look.
        Index(
            "ix_link_orders_seen",
            "tenant_id",
            "created_at",
            postgresql_include=["connection_id", "place", "state_since"],
            postgresql_where=text("kind = 'order'"),
        ),
        Index(
            "ix_link_orders_held",
            "tenant_id",
            "place",
            "state_since",
            postgresql_include=["connection_id"],
            postgresql_where=text("kind = 'order' AND place IN ('waiting', 'stuck')"),
        ),
        Index("ix_link_orders_looked", "connection_id", "looked_at", postgresql_where=text("kind = 'order'")),
        Index("ix_link_merged", "connection_id", "merged_at", postgresql_where=text("merged_at IS NOT NULL")),
        # What open orders hold of the stock (engine/held.py).
        Index("ix_link_holds", "connection_id", postgresql_where=text("holds IS NOT NULL")),
        Index("ix_link_drops", "connection_id", postgresql_where=text("wants_drop")),
        Index(
            "ix_link_items", "connection_id", "state", "decision_code", postgresql_where=text("kind = 'item'")
        ),
        Index(
            "ix_link_product",
            "connection_id",
            text("(base ->> 'product')"),
            postgresql_where=text("kind = 'item'"),
        ),
        Index("ix_link_products", "tenant_id", "foreign_id", "id", postgresql_where=text("kind = 'item'")),
        Index(
            "ix_link_products_by_state",
            "tenant_id",
            "state",
            "foreign_id",
            "id",
            postgresql_where=text("kind = 'item'"),
        ),
        CheckConstraint("kind IN ('order', 'item', 'customer')", name="kind"),
        CheckConstraint("state IN ('new', 'waiting', 'settled', 'skipped', 'stuck')", name="state"),
        CheckConstraint("done_seq <= dirty_seq", name="sequence"),
        CheckConstraint("(lease_owner IS NULL) = (lease_until IS NULL)", name="lease"),
        CheckConstraint("state = 'new' OR decision_code IS NOT NULL", name="decided"),
        CheckConstraint(
            "(on_hold_since IS NULL) = (on_hold_by IS NULL)"
            " AND (on_hold_since IS NULL) = (on_hold_because IS NULL)",
            name="on_hold",
        ),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    hub_id: Mapped[UUID] = mapped_column(ForeignKey("hub.id"))
    kind: Mapped[str]
    foreign_id: Mapped[str] = mapped_column(Text(collation="C"))
    flourish_kind: Mapped[str | None]
    flourish_id: Mapped[str | None] = mapped_column(Text(collation="C"))
    # Other Flourish ids that were seen with this link's note: a write that took effect late, or twice.
    claimants: Mapped[list[Any]] = mapped_column(server_default="[]")
    # Flourish orders that were this link's and that Trellis cancelled to make it anew in another facility,
    # oldest first. While `flourish_id` is the last of them, the new one is still to be made.
    former_ids: Mapped[list[Any]] = mapped_column(server_default="[]")
    # When it became part of another order on its platform, as far as that is known.
    merged_at: Mapped[datetime | None]
    # What people decided about it, by the name of the question.
    choices: Mapped[dict[str, Any]] = mapped_column(server_default="{}")

    # The work: marks, when to look, who is looking.
    dirty_seq: Mapped[int] = mapped_column(server_default="1")
    done_seq: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime | None] = mapped_column(server_default=func.now())
    priority: Mapped[int] = mapped_column(server_default="10")
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(server_default="0")
    # Failed looks in a row, for backoff; 0 after one that worked.
    attempts: Mapped[int] = mapped_column(server_default="0")
    # It was in flight when a worker died: until a look at it comes to its end, it is worked on alone, so that
    # only the one that kills its worker is blamed.
    alone: Mapped[bool] = mapped_column(server_default=text("false"))
    # Workers that died while they had this link alone.
    crashes: Mapped[int] = mapped_column(server_default="0")
    event_head: Mapped[int] = mapped_column(server_default="0")

    # What both sides last agreed on, and what they looked like when last read (for pages).
    base: Mapped[dict[str, Any] | None]
    snapshot: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    foreign_version: Mapped[str | None]
    foreign_status: Mapped[str | None]
    flourish_version: Mapped[str | None]
    flourish_status: Mapped[str | None]
    looked_at: Mapped[datetime | None]

    # The decision: why it is where it is, and what comes next.
    state: Mapped[str] = mapped_column(server_default="new")
    state_since: Mapped[datetime] = mapped_column(server_default=func.now())
    # Where an order is. Each is in exactly one place, so that counts of places sum to the orders.
    place: Mapped[str] = mapped_column(Computed(PLACE, persisted=True))
    decision_code: Mapped[str | None]
    decision_text: Mapped[str | None]
    next_step: Mapped[str | None]

    # Of an order that is open on its platform and not live in Flourish: {SKU: eaches as text}.
    holds: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    # A person has it synced alone although its connection is not live yet; kept afterwards.
    tried_until: Mapped[datetime | None]
    # A person has nothing written for it until somebody releases it, and why.
    on_hold_since: Mapped[datetime | None]
    on_hold_by: Mapped[str | None]
    on_hold_because: Mapped[str | None]
    # Of an item: its decision is to take all stock off the platform (engine/guard.py).
    wants_drop: Mapped[bool] = mapped_column(server_default=text("false"))

    label: Mapped[str] = mapped_column(Text(collation="C"), server_default="")
    placed_at: Mapped[datetime] = mapped_column(server_default=func.now())

    connection: Mapped[Connection] = relationship()

    @property
    def is_tried(self) -> bool:
        """Whether a person has it tried now, before its connection goes live."""
        return self.tried_until is not None and self.tried_until > utc_now()


class LinkRelation(Owned, Created, Base):
    """One link became something of another one: an order part of a combined order. `inferred` by Trellis, or
    said by a person."""

    __tablename__ = "link_relation"
    __table_args__ = (
        UniqueConstraint("from_id", "kind"),
        Index("ix_link_relation_to", "to_id"),
        CheckConstraint("kind IN ('combined_into')", name="kind"),
    )

    from_id: Mapped[UUID] = mapped_column(ForeignKey("link.id"))
    to_id: Mapped[UUID] = mapped_column(ForeignKey("link.id"))
    kind: Mapped[str]
    inferred: Mapped[bool]


class SearchTerm(Base):
    """One folded word by which a link is found: exact or by prefix (queries/search.py)."""

    __tablename__ = "search_term"
    # Of a word that thousands of things share, their numbers are found without reading the others.
    __table_args__ = (Index("ix_search_term_found", "tenant_id", "kind", "term", "is_number", "link_id"),)

    link_id: Mapped[UUID] = mapped_column(ForeignKey("link.id"), primary_key=True)
    term: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenant.id"))
    # The link's.
    kind: Mapped[str]
    # A number of the thing itself, in any system: whoever types it whole means this one.
    is_number: Mapped[bool] = mapped_column(server_default=text("false"))
