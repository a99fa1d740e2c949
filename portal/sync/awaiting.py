"""What waits for a value: the orders that have it or lack it, and the links of a SKU; looked at again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, Uuid, any_, cast, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from portal.models import Connection, Link, Problem, SearchTerm
from portal.queries.search import normalise
from portal.sync.engine.marks import SOONEST
from portal.sync.mapping.keys import sku_key

# The match key of items and products.
SKU = "sku"


def concerned(session: Session, connection: Connection, values: Sequence[str]) -> int:
    """How many orders wait or are stuck that have one of these values.

    Args:
        session: a session inside the connection's tenant.
        connection: the connection.
        values: as they are shown.
    """
    query = _waiting(connection, values).with_only_columns(func.count())
    return session.scalar(query) or 0


def look_again(session: Session, connection: Connection, key: str, values: Sequence[str]) -> int:
    """Mark what has these values: links first and in the order of their ids, then the connection, as the
    engine locks them.

    Args:
        session: a session inside the connection's tenant.
        connection: the connection.
        key: the name of the match key whose values they are; of SKUs, items and products are marked, too.
        values: as they are shown.

    Returns:
        How many orders there are.
    """
    orders = session.scalars(_waiting(connection, values)).all()
    items: Sequence[UUID] = ()
    if key == SKU:
        of_skus = select(Link.id).where(
            Link.connection_id == connection.id,
            Link.kind == "item",
            among(Link.foreign_id, {sku_key(value) for value in values}),
        )
        items = session.scalars(of_skus).all()
    marked = cast([*orders, *items], ARRAY(Uuid))
    locked = select(Link.id).where(Link.id == any_(marked)).order_by(Link.id)
    session.scalars(locked.with_for_update(key_share=True)).all()
    session.execute(
        update(Link)
        .where(Link.id == any_(marked))
        .values(dirty_seq=Link.dirty_seq + 1, due_at=SOONEST, attempts=0)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Connection)
        .where(Connection.id == connection.id)
        .values(said_revision=Connection.said_revision + 1)
        .execution_options(synchronize_session=False)
    )
    session.expire(connection, ["said_revision"])
    return len(orders)


def among(column: Any, values: Iterable[str]) -> ColumnElement[bool]:
    """Whether a column has one of these values: as one array, as a statement takes 65,535 values at most."""
    found: ColumnElement[bool] = column == any_(cast(list(values), ARRAY(Text)))
    return found


def _waiting(connection: Connection, values: Sequence[str]) -> Select[UUID]:
    """Orders that wait or are stuck and have one of these values, or a problem because of it."""
    found = select(SearchTerm.link_id).where(
        SearchTerm.tenant_id == connection.tenant_id,
        SearchTerm.kind == "order",
        among(SearchTerm.term, {normalise(value) for value in values} - {""}),
    )
    held_up = select(Problem.link_id).where(
        Problem.connection_id == connection.id,
        Problem.closed_at.is_(None),
        or_(among(Problem.cause, values), among(Problem.evidence["lot"].astext, values)),
    )
    return select(Link.id).where(
        Link.connection_id == connection.id,
        Link.kind == "order",
        or_(Link.state.in_(("new", "waiting", "stuck")), Link.decision_code == "customer_left_out"),
        or_(Link.id.in_(found), Link.id.in_(held_up)),
    )
