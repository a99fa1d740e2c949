"""Aliases: somebody says that a value of the platform and one of Flourish are one, or leaves one out.

What is said holds from the next look on, and what waited for it is looked at again. Keys that a table of the
connection's rules maps already are said there: a value has one place where it is mapped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, Uuid, any_, cast, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from portal.models import Alias, Connection, Exclusion, Link, MirroredProduct, Problem, SearchTerm, new_id
from portal.queries.search import normalise
from portal.sync import audit, journal, rules
from portal.sync.checks import MatchKey
from portal.sync.engine.marks import SOONEST
from portal.sync.mapping.keys import sku_key
from portal.sync.readiness import amending
from portal.sync.readiness.amending import Pair
from portal.sync.registry import platform as platform_by_key

# Values that one row of the audit names.
_NAMED = 50
_SKU = "sku"


class CannotAlias(Exception):
    """Why values cannot be said to be one, in words for the page."""


@dataclass(frozen=True)
class Said:
    """What was said, or taken back: how many things, as one act, and how many orders are looked at again."""

    batch_id: UUID
    count: int
    orders: int


def make(
    session: Session,
    keys: Mapping[str, bytes],
    connection: Connection,
    key: MatchKey,
    pairs: Sequence[Pair],
    *,
    actor: audit.Actor,
) -> Said:
    """Say that values are one. What is said already is not said again.

    Args:
        session: a session inside the connection's tenant.
        keys: the installation's encryption keys.
        connection: the connection.
        key: the match key.
        pairs: the platform's value and Flourish's, each as it is shown there.
        actor: who says so.

    Raises:
        CannotAlias: a value is empty, left out, or said to be another one already.
    """
    fresh = _fresh(session, connection, key, pairs)
    batch = new_id()
    if not fresh:
        return Said(batch, 0, 0)
    orders = _look_again(session, connection, key, [value for pair in fresh for value in pair])
    if key.table:
        _write_table(session, keys, connection, key, fresh, actor)
    else:
        session.add_all(
            Alias(
                tenant_id=connection.tenant_id,
                connection_id=connection.id,
                key=key.name,
                left_value=left,
                right_value=right,
                left_key=key.exact(left),
                right_key=key.exact(right),
                batch_id=batch,
                made_by=str(actor),
            )
            for left, right in fresh
        )
        if key.name == _SKU:
            _rename_products(session, connection, {sku_key(left): sku_key(right) for left, right in fresh})
    amending.join(session, connection, key.name, fresh)
    shown = [f"{left} = {right}" for left, right in fresh]
    _tell(session, keys, connection, key, "alias.made", shown, actor)
    return Said(batch, len(fresh), orders)


def undo(
    session: Session,
    keys: Mapping[str, bytes],
    connection: Connection,
    key: MatchKey,
    *,
    batch_id: UUID | None = None,
    lefts: Sequence[str] = (),
    actor: audit.Actor,
) -> Said:
    """Take back that values are one: all that were said at once, or those of some values. What was linked by
    them is separated, and nothing is written for that.

    Args:
        session: a session inside the connection's tenant.
        keys: the installation's encryption keys.
        connection: the connection.
        key: the match key.
        batch_id: those that were said at once; None for those of `lefts`.
        lefts: values of the platform.
        actor: who takes it back.
    """
    query = select(Alias).where(
        Alias.connection_id == connection.id, Alias.key == key.name, Alias.undone_at.is_(None)
    )
    if batch_id is not None:
        query = query.where(Alias.batch_id == batch_id)
    else:
        query = query.where(_among(Alias.left_key, [key.exact(one) for one in lefts]))
    found = session.scalars(query.order_by(Alias.id).with_for_update()).all()
    done_as = batch_id or new_id()
    if not found:
        return Said(done_as, 0, 0)
    pairs = [(row.left_value, row.right_value) for row in found]
    orders = _look_again(session, connection, key, [value for pair in pairs for value in pair])
    for row in found:
        row.undone_at, row.undone_by = func.now(), str(actor)
    if key.name == _SKU:
        _separate_products(session, connection, {row.left_key: row.right_key for row in found})
    amending.part(session, connection, key.name, pairs)
    shown = [f"{left} = {right}" for left, right in pairs]
    _tell(session, keys, connection, key, "alias.undone", shown, actor)
    return Said(done_as, len(found), orders)


def exclude(
    session: Session,
    keys: Mapping[str, bytes],
    connection: Connection,
    key: MatchKey,
    values: Sequence[str],
    *,
    actor: audit.Actor,
) -> Said:
    """Leave values out of matching and syncing; those that are left out already are not again.

    Args:
        session: a session inside the connection's tenant.
        keys: the installation's encryption keys.
        connection: the connection.
        key: the match key.
        values: as they are shown, of either side.
        actor: who does it.
    """
    wanted = {key.exact(value): value for value in values if key.exact(value)}
    known = set(session.scalars(_excluded(connection, key, wanted).with_only_columns(Exclusion.value_key)))
    fresh = {one: value for one, value in wanted.items() if one not in known}
    batch = new_id()
    if not fresh:
        return Said(batch, 0, 0)
    orders = _look_again(session, connection, key, list(fresh.values()))
    session.add_all(
        Exclusion(
            tenant_id=connection.tenant_id,
            connection_id=connection.id,
            key=key.name,
            value=value,
            value_key=one,
            batch_id=batch,
            made_by=str(actor),
        )
        for one, value in fresh.items()
    )
    amending.leave_out(session, connection, key.name, fresh.values())
    _tell(session, keys, connection, key, "match.excluded", list(fresh.values()), actor)
    return Said(batch, len(fresh), orders)


def include(
    session: Session,
    keys: Mapping[str, bytes],
    connection: Connection,
    key: MatchKey,
    values: Sequence[str],
    *,
    actor: audit.Actor,
) -> Said:
    """Take values in again that were left out; the arguments are those of `exclude`."""
    wanted = {key.exact(value): value for value in values}
    found = session.scalars(_excluded(connection, key, wanted).with_for_update()).all()
    if not found:
        return Said(new_id(), 0, 0)
    taken = [row.value for row in found]
    orders = _look_again(session, connection, key, taken)
    for row in found:
        row.undone_at, row.undone_by = func.now(), str(actor)
    amending.take_in(session, connection, key.name, taken)
    _tell(session, keys, connection, key, "match.included", taken, actor)
    return Said(found[0].batch_id, len(found), orders)


def concerned(session: Session, connection: Connection, values: Sequence[str]) -> int:
    """How many orders wait or are stuck that have one of these values.

    Args:
        session: a session inside the connection's tenant.
        connection: the connection.
        values: as they are shown.
    """
    query = _waiting(connection, values).with_only_columns(func.count())
    return session.scalar(query) or 0


def _fresh(session: Session, connection: Connection, key: MatchKey, pairs: Sequence[Pair]) -> list[Pair]:
    """Those that are not said yet.

    Raises:
        CannotAlias: one cannot be said.
    """
    wanted: dict[str, Pair] = {}
    for left, right in pairs:
        own, other = key.exact(left), key.exact(right)
        if not own or not other:
            raise CannotAlias(f"{left or right or 'A row'} has no value on the other side to be one with.")
        if key.exact(wanted.get(own, ("", right))[1]) != other:
            raise CannotAlias(f"{left} is to be {wanted[own][1]} and {right} at once: choose one.")
        if own != other:
            wanted[own] = (left, right)
    values = {key.exact(value): value for pair in wanted.values() for value in pair}
    left_out = session.scalars(_excluded(connection, key, values)).first()
    if left_out is not None:
        raise CannotAlias(f"{left_out.value} is left out: include it first.")
    for row in session.scalars(
        select(Alias).where(
            Alias.connection_id == connection.id,
            Alias.key == key.name,
            Alias.undone_at.is_(None),
            _among(Alias.left_key, wanted),
        )
    ):
        if row.right_key != key.exact(wanted[row.left_key][1]):
            raise CannotAlias(f"{row.left_value} is said to be {row.right_value} already: undo that first.")
        del wanted[row.left_key]
    return list(wanted.values())


def _among(column: Any, values: Iterable[str]) -> ColumnElement[bool]:
    """Whether a column has one of these values: as one array, as a statement takes 65,535 values at most."""
    found: ColumnElement[bool] = column == any_(cast(list(values), ARRAY(Text)))
    return found


def _excluded(connection: Connection, key: MatchKey, values: Mapping[str, Any]) -> Select[Exclusion]:
    return (
        select(Exclusion)
        .where(
            Exclusion.connection_id == connection.id,
            Exclusion.key == key.name,
            Exclusion.undone_at.is_(None),
            _among(Exclusion.value_key, values),
        )
        .order_by(Exclusion.id)
    )


def _write_table(
    session: Session,
    keys: Mapping[str, bytes],
    connection: Connection,
    key: MatchKey,
    pairs: Sequence[Pair],
    actor: audit.Actor,
) -> None:
    """Flourish's value stands left in the rules' tables; a row that led to it leads elsewhere now."""
    table = dict(platform_by_key(connection.platform).chosen(connection.settings)[key.table])
    for left, right in pairs:
        sources = [one for one, target in table.items() if key.exact(str(target)) == key.exact(right)]
        table |= dict.fromkeys(sources or [right], left)
    rules.change(session, keys, connection, {key.table: table}, actor=actor)


def _waiting(connection: Connection, values: Sequence[str]) -> Select[UUID]:
    """Orders that wait or are stuck and have one of these values, or a problem because of it."""
    found = select(SearchTerm.link_id).where(
        SearchTerm.tenant_id == connection.tenant_id,
        _among(SearchTerm.term, {normalise(value) for value in values} - {""}),
    )
    held_up = select(Problem.link_id).where(
        Problem.connection_id == connection.id,
        Problem.closed_at.is_(None),
        or_(_among(Problem.cause, values), _among(Problem.evidence["lot"].astext, values)),
    )
    return select(Link.id).where(
        Link.connection_id == connection.id,
        Link.kind == "order",
        or_(Link.state.in_(("new", "waiting", "stuck")), Link.decision_code == "customer_left_out"),
        or_(Link.id.in_(found), Link.id.in_(held_up)),
    )


def _look_again(session: Session, connection: Connection, key: MatchKey, values: Sequence[str]) -> int:
    """Mark what has these values: links first and in the order of their ids, then the connection, as the
    engine locks them. Returns how many orders there are."""
    orders = session.scalars(_waiting(connection, values)).all()
    items: Sequence[UUID] = ()
    if key.name == _SKU:
        of_skus = select(Link.id).where(
            Link.connection_id == connection.id,
            Link.kind == "item",
            _among(Link.foreign_id, {sku_key(value) for value in values}),
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


def _rename_products(session: Session, connection: Connection, names: Mapping[str, str]) -> None:
    """Have products known by Flourish's SKU from now on."""
    query = select(MirroredProduct).where(
        MirroredProduct.connection_id == connection.id, _among(MirroredProduct.sku_key, names)
    )
    for product in session.scalars(query.order_by(MirroredProduct.id).with_for_update()):
        product.sku_key = names[product.sku_key]
        product.revision += 1


def _separate_products(session: Session, connection: Connection, names: Mapping[str, str]) -> None:
    """Have products known by their own SKU again. What they were linked with forgets them, so that it is
    matched anew, and neither is zeroed."""
    query = select(MirroredProduct).where(
        MirroredProduct.connection_id == connection.id, _among(MirroredProduct.sku_key, names.values())
    )
    parted = [one for one in session.scalars(query) if names.get(sku_key(one.sku)) == one.sku_key]
    links = select(Link).where(
        Link.connection_id == connection.id,
        Link.kind == "item",
        _among(Link.base["product"].astext, [one.foreign_id for one in parted]),
    )
    for link in session.scalars(links.order_by(Link.id).with_for_update(key_share=True)):
        link.base = {}
    for product in parted:
        product.sku_key = sku_key(product.sku)
        product.revision += 1


def _tell(
    session: Session,
    keys: Mapping[str, bytes],
    connection: Connection,
    key: MatchKey,
    action: str,
    shown: Sequence[str],
    actor: audit.Actor,
) -> None:
    detail = {"of": key.label, "count": len(shown), "values": [one[:200] for one in shown[:_NAMED]]}
    what = audit.ACTS[action]
    journal.log(session, connection, "info", f"{actor} {what} {key.label}: {len(shown)}")
    audit.record(
        session,
        keys,
        connection.tenant_id,
        action,
        actor=actor,
        subject=audit.account(connection),
        detail=detail,
    )
