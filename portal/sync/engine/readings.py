"""Readings: what Flourish said is sellable of an item, and when that reading began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Facility, MirroredItem
from portal.sync.mapping.shop_stock import StockReading

# When the list of a facility's stock began that was taken in last, by Flourish's id of the facility.
Begun = Mapping[str, datetime | None]


def lists_begun(session: Session, hub_id: UUID) -> Begun:
    """Say when the last list of each facility's stock began."""
    query = select(Facility.flourish_id, Facility.stock_began_at).where(Facility.hub_id == hub_id)
    return dict(session.execute(query).all())


def one_item(items: Sequence[MirroredItem]) -> MirroredItem | None:
    """The item of a SKU whose stock counts; None for what is no single one."""
    active = [row for row in items if row.active] or list(items)
    return active[0] if len(active) == 1 else None


def sellable(item: MirroredItem | None, facilities: Sequence[str]) -> Decimal | None:
    """What is sellable over the facilities; None until each was read, and for what is no single item."""
    if item is None:
        return None
    quantities = [item.stock.get(facility) for facility in facilities]
    if not quantities or any(one is None for one in quantities):
        return None
    return sum((Decimal(str(one)) for one in quantities), Decimal(0))


def reading(item: MirroredItem | None, facilities: Sequence[str], begun: Begun) -> StockReading | None:
    """What is sellable over the facilities, as of the earliest of what it was read from.

    Args:
        item: the item, or None.
        facilities: those whose stock counts.
        begun: from `lists_begun`.
    """
    figure = sellable(item, facilities)
    if item is None or figure is None:
        return None
    moments = [_began(item, facility, begun.get(facility)) for facility in facilities]
    known = [moment for moment in moments if moment is not None]
    return StockReading(figure, min(known)) if len(known) == len(moments) else None


def _began(item: MirroredItem, facility: str, listed: datetime | None) -> datetime | None:
    """A list leaves alone what was read by itself since it began (`mirror.apply_stock`)."""
    if listed is not None and (item.stock_read_at is None or item.stock_read_at < listed):
        return listed
    own = item.stock_began.get(facility)
    return datetime.fromisoformat(own) if own else None
