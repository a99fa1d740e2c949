"""Items as our own rows have them (I3): a product has one link, and offers what was decided for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from portal.models import Connection, Link, MirroredProduct, Stream
from portal.sync.checker.place import GRACE, Place, called, is_busy
from portal.sync.checker.report import CounterExample, Seen, seen
from portal.sync.mapping.facts import batch_from
from portal.sync.mapping.lots import kept_as
from portal.sync.registry import PLATFORMS

_MOST = 10_000
_PRODUCT = Link.base["product"].astext


def stock_kept(session: Session, place: Place) -> Seen:
    """I3: no product has two links; the last stock written is the one that was decided; nothing of items is
    left marked and not due."""
    otherwise = (*_written_otherwise(session, place), *_lots_otherwise(session, place))
    wrong = [*_linked_twice(session, place), *otherwise, *_left(session, place)]
    looked = session.scalar(select(func.count()).select_from(Link).where(Link.kind == "item"))
    return seen(looked, wrong)


def _linked_twice(session: Session, place: Place) -> list[CounterExample]:
    other = aliased(Link)
    rows = session.execute(
        select(Link, other.foreign_id)
        .join(
            other,
            and_(
                other.connection_id == Link.connection_id,
                other.kind == "item",
                other.base["product"].astext == _PRODUCT,
                other.id > Link.id,
            ),
        )
        .where(Link.kind == "item")
        .limit(_MOST)
    )
    return [
        CounterExample(called(link), f"its product is linked under {sku}, too", place.product(link.id))
        for link, sku in rows
    ]


def _written_otherwise(session: Session, place: Place) -> list[CounterExample]:
    """Settled links whose product shows another stock than was agreed on, though nobody told of a change."""
    stock = _stock_of(session)
    shown = or_(
        stock == Link.base["stock"].astext,
        MirroredProduct.told.is_not(None),
        MirroredProduct.facts["stock_kind"].astext != "managed",
    )
    rows = session.execute(
        _at_rest(select(Link, stock)).where(Link.base["stock"].astext.is_not(None), not_(shown)).limit(_MOST)
    )
    return [
        CounterExample(
            called(link),
            f"{link.base['stock'] if link.base else ''} was agreed on, and {offered} is offered",
            place.product(link.id),
        )
        for link, offered in rows
    ]


def _stock_of(session: Session) -> ColumnElement[str]:
    """What a product shows of the stock that is written to it, by its platform."""
    connections = session.execute(select(Connection.id, Connection.platform))
    whole = [each.id for each in connections if _stock_field(each.platform) == "quantity"]
    facts = MirroredProduct.facts
    return case((Link.connection_id.in_(whole), facts["quantity"].astext), else_=facts["available"].astext)


def _stock_field(platform: str) -> str:
    """A platform that this version does not know any more has no catalogue either."""
    declared = PLATFORMS.get(platform)
    return declared.catalogue.stock_field if declared is not None and declared.catalogue is not None else ""


def _at_rest(query: Select[Link, Any]) -> Select[Link, Any]:
    """Links that agree with their product, and that nobody works on or is about to."""
    return query.join(
        MirroredProduct,
        and_(MirroredProduct.connection_id == Link.connection_id, MirroredProduct.foreign_id == _PRODUCT),
    ).where(
        Link.kind == "item",
        Link.state == "settled",
        Link.decision_code == "agree",
        # A comparison decides where there is nothing to do, and no look follows it.
        func.coalesce(Link.looked_at, Link.created_at) < func.now() - GRACE,
        not_(func.coalesce(is_busy(), False)),
        # A list that is being read is compared when it was read.
        Link.connection_id.not_in(select(Stream.source_id).where(Stream.position.is_not(None))),
    )


def _lots_otherwise(session: Session, place: Place) -> list[CounterExample]:
    """Settled links of products that are kept lot by lot, of which a batch offers something else."""
    rows = session.execute(
        _at_rest(select(Link, MirroredProduct.batches))
        .where(
            Link.base["stock"].astext.is_(None),
            MirroredProduct.told.is_(None),
            func.jsonb_array_length(MirroredProduct.batches) > 0,
        )
        .limit(_MOST)
    )
    wrong = []
    for link, batches in rows:
        for batch in map(batch_from, batches):
            agreed = (link.base or {}).get("written", {}).get(kept_as(batch.number))
            if agreed is not None and not batch.archived and Decimal(agreed) != batch.available:
                words = f"{agreed} of lot {batch.number} was agreed on, and {batch.available:f} is offered"
                wrong.append(CounterExample(called(link), words, place.product(link.id)))
    return wrong


def _left(session: Session, place: Place) -> list[CounterExample]:
    rows = session.scalars(
        select(Link)
        .where(
            Link.kind == "item",
            Link.dirty_seq > Link.done_seq,
            Link.due_at.is_(None),
            Link.lease_until.is_(None),
        )
        .limit(_MOST)
    )
    return [
        CounterExample(called(link), "it was marked, and is not due", place.product(link.id)) for link in rows
    ]
