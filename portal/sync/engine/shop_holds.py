"""Holds: what each line of an order of a shop keeps back of an item, from when it is seen until Flourish's
own figure has it (AQ-11).

An order's look writes its rows. An item's look takes them off what it offers, and releases those that a
figure knows of whose reading began after their reason was seen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, any_, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from portal.models import Connection, HeldLine, Link, MirroredItem
from portal.sync.engine.accounts import stock_facilities
from portal.sync.engine.held import mark_items
from portal.sync.engine.readings import lists_begun, one_item, reading
from portal.sync.mapping.keys import sku_key
from portal.sync.mapping.shop_holds import holds_of
from portal.sync.mapping.shop_stock import Hold, StockReading, offer
from portal.sync.retail import RetailOrder
from portal.sync.shopping import ShopOrder

# Of a row, all that a look at its order says.
_SAID = ("sku_key", "eaches", "placed_at", "allocated", "ended_at", "was_pushed", "is_kept_there")


@dataclass(frozen=True)
class _Change:
    """What became of one line. `is_read_anew`: Flourish's figure may have changed with it."""

    skus: frozenset[str]
    is_read_anew: bool


def note(
    session: Session,
    link: Link,
    order: ShopOrder,
    made: RetailOrder | None,
    *,
    platform_holds: bool,
    seen_at: datetime,
) -> None:
    """Put down what an order keeps back now, and mark the items of which that changed.

    Args:
        session: a session in which the order's link is locked, and nothing of items.
        link: the order's link.
        order: as its platform has it.
        made: as Flourish has it; None while it has not got it.
        platform_holds: whether the platform keeps back what its open orders need.
        seen_at: when `made` had been read, by the database's clock.
    """
    skus = _skus(session, link, made)
    found = holds_of(order, made, seen_since=seen_at, skus=skus, platform_holds=platform_holds)
    _put_down(
        session, link, {hold.line: _values(sku, hold) for sku, holds in found.items() for hold in holds}
    )


def forget(session: Session, link: Link) -> None:
    """Let go of all that an order keeps back: its platform does not know it any more.

    Args:
        session: a session in which the order's link is locked, and nothing of items.
        link: the order's link.
    """
    _put_down(session, link, {})


def _put_down(session: Session, link: Link, now: dict[str, dict[str, Any]]) -> None:
    """Have an order keep this back, by line, and mark the items of which that changed."""
    before = {row.line: row for row in session.scalars(select(HeldLine).where(HeldLine.link_id == link.id))}
    changes = [
        change for line in before.keys() | now.keys() if (change := _change(before.get(line), now.get(line)))
    ]
    if not changes:
        return
    touched = set().union(*(change.skus for change in changes))
    lock_items(session, link.connection_id, link.hub_id, touched)
    _write(session, link, before, now)
    anew = set().union(*(change.skus for change in changes if change.is_read_anew))
    mark_items(session, link, sorted(touched), read_anew=sorted(anew))


def beyond_stock(session: Session, connection_id: UUID, order: ShopOrder) -> tuple[str, ...]:
    """Tell of which SKUs of an order not all is left by who came first.

    The items are locked, so that of two orders the one that is judged second sees what the first one holds.
    In one transaction with `note` it comes after that. A SKU that nobody has read yet is not judged.

    Args:
        session: a session inside the tenant.
        connection_id: the order's connection.
        order: the order, whether its holds were put down before or not.
    """
    connection = session.get_one(Connection, connection_id)
    skus = {sku_key(line.sku): line.sku for line in order.lines}
    lock_items(session, connection_id, connection.hub_id, skus)
    items = _items(session, connection.hub_id, skus)
    held = held_of(session, connection_id, skus)
    own = holds_of(order, None, seen_since=order.placed_at, skus={}, platform_holds=False)
    facilities, begun = stock_facilities(connection), lists_begun(session, connection.hub_id)
    late = []
    for key, sku in skus.items():
        figure = reading(one_item(items[key]), facilities, begun)
        known = held.get(key, ())
        if all(hold.order != order.number for hold in known):
            known = (*known, *own.get(key, ()))
        # By their ids, as two orders may have one label (AQ-12).
        named = [replace(hold, label=hold.order) for hold in known]
        if figure is not None and order.number in offer(figure, named).oversold:
            late.append(sku)
    return tuple(late)


def held_of(session: Session, connection_id: UUID, skus: Collection[str]) -> Mapping[str, tuple[Hold, ...]]:
    """What orders keep back of SKUs, and no figure is known to have taken off yet."""
    rows = session.execute(
        select(HeldLine, Link.foreign_id, Link.label)
        .join(Link, Link.id == HeldLine.link_id)
        .where(
            HeldLine.connection_id == connection_id,
            HeldLine.released_at.is_(None),
            _among(HeldLine.sku_key, skus),
        )
        .order_by(HeldLine.placed_at, HeldLine.id)
    )
    found: dict[str, tuple[Hold, ...]] = defaultdict(tuple)
    for row, number, label in rows:
        found[row.sku_key] = (*found[row.sku_key], _hold(row, number, label or number))
    return found


def are_released(session: Session, connection_id: UUID, number: str) -> bool:
    """Tell whether Flourish's figures are known to have taken off all that an order needs.

    Args:
        session: a session inside the tenant.
        connection_id: the order's connection.
        number: its id on its platform.
    """
    mine = (Link.connection_id == connection_id, Link.kind == "order", Link.foreign_id == number)
    kept = select(HeldLine.released_at).join(Link, Link.id == HeldLine.link_id).where(*mine)
    found = session.scalars(kept).all()
    return bool(found) and None not in found


def release(session: Session, connection_id: UUID, sku: str, figure: StockReading) -> None:
    """Let go of what a figure has taken off: its reading began after the order was seen as packed or over.

    Args:
        session: a session in which the item's link is locked.
        connection_id: the connection.
        sku: the item's match key.
        figure: the figure.
    """
    session.execute(
        update(HeldLine)
        .where(
            HeldLine.connection_id == connection_id,
            HeldLine.sku_key == sku,
            HeldLine.released_at.is_(None),
            HeldLine.ended_at < figure.began_at,
        )
        .values(released_at=func.now())
        .execution_options(synchronize_session=False)
    )


def lock_items(session: Session, connection_id: UUID, hub_id: UUID, skus: Iterable[str]) -> None:
    """Lock the items of SKUs: links before items, each in one order, as whoever marks them does."""
    among = sorted(skus)
    links = (Link.connection_id == connection_id, Link.kind == "item", _among(Link.foreign_id, among))
    items = (MirroredItem.hub_id == hub_id, _among(MirroredItem.sku_key, among))
    for query in (
        select(Link.id).where(*links).order_by(Link.foreign_id),
        select(MirroredItem.id).where(*items).order_by(MirroredItem.id),
    ):
        session.execute(query.with_for_update(key_share=True)).all()


def _skus(session: Session, link: Link, made: RetailOrder | None) -> dict[str, str]:
    """The SKUs of lines that show none."""
    unnamed = [line.item_id for line in (made.lines if made is not None else ()) if not line.sku]
    if not unnamed:
        return {}
    query = select(MirroredItem.flourish_id, MirroredItem.sku).where(
        MirroredItem.hub_id == link.hub_id, _among(MirroredItem.flourish_id, unnamed)
    )
    return dict(session.execute(query).all())


def _values(sku: str, hold: Hold) -> dict[str, Any]:
    return {
        "sku_key": sku,
        "eaches": hold.eaches,
        "placed_at": hold.placed_at,
        "allocated": hold.allocated,
        "seen_at": hold.seen_at,
        "ended_at": hold.ended_at,
        "was_pushed": hold.was_pushed,
        "is_kept_there": hold.is_kept_there,
    }


def _change(before: HeldLine | None, now: dict[str, Any] | None) -> _Change | None:
    """Tell what changed of a line; `now` keeps since when what did not change has been seen."""
    if now is None:
        return _Change(frozenset({before.sku_key}), before.was_pushed) if before is not None else None
    if before is None:
        return _Change(frozenset({now["sku_key"]}), bool(now["allocated"]) or now["ended_at"] is not None)
    if before.allocated == now["allocated"]:
        now["seen_at"] = before.seen_at
    if before.ended_at is not None and now["ended_at"] is not None:
        now["ended_at"] = before.ended_at
    if all(getattr(before, name) == now[name] for name in _SAID):
        return None
    anew = before.allocated != now["allocated"] or before.ended_at != now["ended_at"]
    return _Change(frozenset({before.sku_key, now["sku_key"]}), anew)


def _write(
    session: Session, link: Link, before: Mapping[str, HeldLine], now: Mapping[str, dict[str, Any]]
) -> None:
    """Make the rows of an order what they are now. One that was released counts again when it changed."""
    gone = [row.id for line, row in before.items() if line not in now]
    if gone:
        session.execute(delete(HeldLine).where(HeldLine.id.in_(gone)))
    for line, values in now.items():
        row = before.get(line)
        if row is None:
            session.add(
                HeldLine(
                    tenant_id=link.tenant_id,
                    connection_id=link.connection_id,
                    link_id=link.id,
                    line=line,
                    **values,
                )
            )
        elif any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            row.released_at = None
    session.flush()


def _hold(row: HeldLine, number: str, label: str) -> Hold:
    return Hold(
        order=number,
        line=row.line,
        label=label,
        eaches=row.eaches,
        placed_at=row.placed_at,
        allocated=row.allocated,
        seen_at=row.seen_at,
        ended_at=row.ended_at,
        was_pushed=row.was_pushed,
        is_kept_there=row.is_kept_there,
    )


def _items(session: Session, hub_id: UUID, skus: Iterable[str]) -> Mapping[str, Sequence[MirroredItem]]:
    query = select(MirroredItem).where(
        MirroredItem.hub_id == hub_id, MirroredItem.gone_at.is_(None), _among(MirroredItem.sku_key, skus)
    )
    found: dict[str, list[MirroredItem]] = defaultdict(list)
    for row in session.scalars(query.execution_options(populate_existing=True)):
        found[row.sku_key].append(row)
    return found


def _among(column: Any, values: Iterable[str]) -> Any:
    return column == any_(literal(list(values), ARRAY(Text)))
