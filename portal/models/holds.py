"""Holds: what each line of an order of a shop keeps back of an item, until Flourish's own figure has it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Created, Owned

_EACHES = Numeric(20, 6)


class HeldLine(Owned, Created, Base):
    """One line of an order, as its order's link was last looked at; see `mapping.shop_stock.Hold`."""

    __tablename__ = "hold"
    __table_args__ = (
        UniqueConstraint("link_id", "line"),
        # Those that still count, by what they are of.
        Index("ix_hold_open", "connection_id", "sku_key", postgresql_where=text("released_at IS NULL")),
        Index("ix_hold_released", "released_at", postgresql_where=text("released_at IS NOT NULL")),
    )

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    link_id: Mapped[UUID] = mapped_column(ForeignKey("link.id"))
    line: Mapped[str] = mapped_column(Text(collation="C"))
    # By which the item and its links are known.
    sku_key: Mapped[str] = mapped_column(Text(collation="C"))
    eaches: Mapped[Decimal] = mapped_column(_EACHES)
    placed_at: Mapped[datetime]
    # What of it Flourish has allocated, and since when that has been seen.
    allocated: Mapped[Decimal] = mapped_column(_EACHES, server_default="0")
    seen_at: Mapped[datetime | None]
    # Since when the order has been seen as packed or over in Flourish.
    ended_at: Mapped[datetime | None]
    was_pushed: Mapped[bool] = mapped_column(server_default=text("false"))
    is_kept_there: Mapped[bool] = mapped_column(server_default=text("false"))
    # A figure that was read after its end has it: it counts no more, and may be dropped in a while.
    released_at: Mapped[datetime | None]
