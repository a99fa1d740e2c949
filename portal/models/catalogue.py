"""The catalogue: what each side last said of an item or a product, and what a pull in progress has seen."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Created, Owned


class Mirror(Owned, Created):
    """One thing of another system as it was read last."""

    __abstract__ = True

    # What must be equal on both sides, and what is merely near (mapping/keys.py).
    sku_key: Mapped[str] = mapped_column(Text(collation="C"))
    near_key: Mapped[str] = mapped_column(Text(collation="C"))
    sku: Mapped[str]
    name: Mapped[str]
    # All that the planner needs; null until it was read for the first time.
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    version: Mapped[str] = mapped_column(server_default="")
    # A version that a webhook or a list told of and that has not been read yet.
    told: Mapped[str | None]
    # Grows with each change of what the planner sees, so that what was compared at it need not be again.
    revision: Mapped[int] = mapped_column(server_default="1")
    # A complete pull did not show it any more.
    gone_at: Mapped[datetime | None]


class MirroredItem(Mirror, Base):
    """An item of a hub's Flourish company."""

    __tablename__ = "item"
    __table_args__ = (
        UniqueConstraint("hub_id", "flourish_id"),
        Index("ix_item_sku", "hub_id", "sku_key"),
        Index("ix_item_near", "hub_id", "near_key"),
    )

    hub_id: Mapped[UUID] = mapped_column(ForeignKey("hub.id"))
    flourish_id: Mapped[str] = mapped_column(Text(collation="C"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    ecommerce: Mapped[bool] = mapped_column(server_default=text("false"))
    brand: Mapped[str] = mapped_column(server_default="")
    # What can be sold of it by facility: {facility id: decimal as text}. Of facilities that were read only.
    stock: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    # The same by lot: {facility id: {lot number: decimal as text}}; of facilities that were read lot by lot.
    lots: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    # As `told`, of its stock.
    stock_told: Mapped[str | None]
    # When it was read by itself: a list that was begun before says nothing newer.
    stock_read_at: Mapped[datetime | None]
    # When that reading began, by facility: {facility id: ISO 8601}; of lists, `Facility.stock_began_at`.
    stock_began: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    # What only shops ask of it (mapping/shop_facts.py); null where no connection of the hub is of a shop.
    shop: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    # Its cheapest variation, and for which version of the item that was asked: {"price", "of", "read_at"}.
    variation: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    # What labs found: {lot number: {"read_at", "results"}}; of lots that there is something of.
    labs: Mapped[dict[str, Any]] = mapped_column(server_default="{}")


class MirroredProduct(Mirror, Base):
    """A product of a connection's account."""

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("connection_id", "foreign_id"),
        Index("ix_product_sku", "connection_id", "sku_key"),
        Index("ix_product_near", "connection_id", "near_key"),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    foreign_id: Mapped[str] = mapped_column(Text(collation="C"))
    listing_state: Mapped[str] = mapped_column(server_default="")
    archived: Mapped[bool] = mapped_column(server_default=text("false"))
    # Its batches with their stock (mapping/facts.py); null where they were not read.
    batches: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))


class PulledRow(Base):
    """A row that a pull in progress has seen, so that the pull can be broken off and still tell what is gone.

    `part` is the facility of a stock list, `lot` one of its lots; `page` keeps a page that is read again from
    counting twice.
    """

    __tablename__ = "pulled_row"

    stream_id: Mapped[UUID] = mapped_column(ForeignKey("stream.id"), primary_key=True)
    part: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    page: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    ref: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    lot: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True, server_default="")
    sku: Mapped[str] = mapped_column(server_default="")
    amount: Mapped[Decimal | None] = mapped_column(Numeric(20, 6))
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenant.id"))
