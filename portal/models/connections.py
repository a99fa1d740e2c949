"""Connections: a tenant's accounts at Flourish (hubs) and at the sales platforms, and their secrets."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Created, Owned

# What a state allows is decided in portal/sync/engine/gate.py.
CONNECTION_STATES = ("draft", "checking", "ready", "live", "paused", "needs_credentials", "disconnected")
# In these states a platform's company is in use: by one connection only, over all tenants.
COMPANY_IN_USE = ("live", "paused", "needs_credentials")
_STATE_CHECK = "state IN ({})".format(", ".join(f"'{state}'" for state in CONNECTION_STATES))


class Breaker:
    """Counts failures in a row of one foreign account, and until when it is left alone."""

    failures: Mapped[int] = mapped_column(server_default="0")
    open_until: Mapped[datetime | None]


class Receiver:
    """Counts the webhooks of one foreign account, and says what was wrong with the last that was refused."""

    last_delivery_at: Mapped[datetime | None]
    refused_deliveries: Mapped[int] = mapped_column(server_default="0")
    last_refused_at: Mapped[datetime | None]
    last_refusal: Mapped[str | None]


class Hub(Owned, Created, Breaker, Receiver, Base):
    """A connection to Flourish: one API key, its facilities, one webhook for every platform."""

    __tablename__ = "hub"
    __table_args__ = (
        UniqueConstraint("tenant_id", "name"),
        CheckConstraint(_STATE_CHECK, name="state"),
    )

    name: Mapped[str]
    base_url: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="draft")
    company_name: Mapped[str | None]
    auth_scheme: Mapped[str]
    webhook_token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    # When the newest signing key and headers were made that a delivery has shown; until when those of before
    # are taken beside them (engine/endpoints.py).
    shown_made_at: Mapped[datetime | None]
    overlap_until: Mapped[datetime | None]
    proven_at: Mapped[datetime | None]
    # How often its key may call in a second, where that was agreed with Flourish; else the declaration's.
    calls_per_second: Mapped[float | None]

    facilities: Mapped[list[Facility]] = relationship(back_populates="hub", order_by="Facility.name")


class Facility(Owned, Base):
    """A facility of a hub's Flourish company, as last read."""

    __tablename__ = "facility"
    __table_args__ = (UniqueConstraint("hub_id", "flourish_id"),)

    hub_id: Mapped[UUID] = mapped_column(ForeignKey("hub.id"))
    flourish_id: Mapped[str]
    name: Mapped[str]
    license_number: Mapped[str | None]
    timezone: Mapped[str]
    sales_rep_required: Mapped[bool]
    active: Mapped[bool]
    # When that reading of its whole stock began which was last taken into the mirror.
    stock_began_at: Mapped[datetime | None]

    hub: Mapped[Hub] = relationship(back_populates="facilities")


class Connection(Owned, Created, Breaker, Receiver, Base):
    """One account on a sales platform, fed by one hub."""

    __tablename__ = "connection"
    __table_args__ = (
        UniqueConstraint("tenant_id", "name"),
        CheckConstraint(_STATE_CHECK, name="state"),
        CheckConstraint("state <> 'live' OR live_since IS NOT NULL", name="live_since"),
        CheckConstraint("state NOT IN ('ready', 'live') OR company_ref IS NOT NULL", name="company"),
        # One company at a platform is live in one connection only, over all tenants (design.md, Words).
        Index(
            "uq_connection_company_in_use",
            "platform",
            "base_url",
            "company_ref",
            unique=True,
            postgresql_where=text("state IN ('live', 'paused', 'needs_credentials')"),
        ),
    )

    hub_id: Mapped[UUID] = mapped_column(ForeignKey("hub.id"), index=True)
    platform: Mapped[str]
    name: Mapped[str]
    base_url: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="draft")
    company_ref: Mapped[str | None]
    company_name: Mapped[str | None]
    # Equal owners share one rate budget, over tenants (features.md LL-27).
    key_owner: Mapped[str]
    facility_id: Mapped[UUID | None] = mapped_column(ForeignKey("facility.id"))
    settings: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    webhook_token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    live_since: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    proven_at: Mapped[datetime | None]
    # How often its key owner may call in a second, where the platform granted more than it publishes.
    calls_per_second: Mapped[float | None]
    # When a worker last took up links of this connection: whose turn it is next (engine/turns.py).
    turn_at: Mapped[datetime | None]
    # Since when items and products are synced; null until somebody begins it.
    catalogue_since: Mapped[datetime | None]
    # Until when many writes that take all stock away at once are let through (engine/guard.py).
    drops_approved_until: Mapped[datetime | None]
    # When its checks are run again; null until it goes live.
    assess_due_at: Mapped[datetime | None]
    # When both its sides are compared again; null until the schedule has seen it live.
    reconcile_due_at: Mapped[datetime | None]
    # Grows with each alias and exclusion that people make or undo (engine/said.py).
    said_revision: Mapped[int] = mapped_column(server_default="0")
    # The last number given to a log line; taking the next one locks this row until the commit, so that
    # a reader's cursor never skips a line that commits late.
    log_head: Mapped[int] = mapped_column(server_default="0")

    hub: Mapped[Hub] = relationship()
    facility: Mapped[Facility | None] = relationship()


class Secret(Owned, Base):
    """One encrypted credential of a hub or a connection. The plain value is never read into a page."""

    __tablename__ = "secret"
    __table_args__ = (UniqueConstraint("owner_id", "field"),)

    owner_id: Mapped[UUID]
    field: Mapped[str]
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[str]
    last_four: Mapped[str]
    set_at: Mapped[datetime]
    set_by: Mapped[str]
