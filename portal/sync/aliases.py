"""Aliases: somebody says that a value of the platform and one of Flourish are one, or leaves one out.

What is said holds from the next look on, and what waited for it is looked at again. Keys that a table of the
connection's rules maps already are said there: a value has one place where it is mapped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from portal.models import Alias, Connection, Exclusion, Link, MirroredProduct, new_id
from portal.sync import audit, journal, rules
from portal.sync.awaiting import SKU, among, look_again
from portal.sync.checks import MatchKey
from portal.sync.mapping.keys import sku_key
from portal.sync.readiness import amending
from portal.sync.readiness.amending import Pair
from portal.sync.registry import platform as platform_by_key

# Values that one row of the audit names.
_NAMED = 50


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
    orders = look_again(session, connection, key.name, [value for pair in fresh for value in pair])
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
        if key.name == SKU:
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
        query = query.where(among(Alias.left_key, [key.exact(one) for one in lefts]))
    found = session.scalars(query.order_by(Alias.id).with_for_update()).all()
    done_as = batch_id or new_id()
    if not found:
        return Said(done_as, 0, 0)
    pairs = [(row.left_value, row.right_value) for row in found]
    orders = look_again(session, connection, key.name, [value for pair in pairs for value in pair])
    for row in found:
        row.undone_at, row.undone_by = func.now(), str(actor)
    if key.name == SKU:
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
    orders = look_again(session, connection, key.name, list(fresh.values()))
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
    orders = look_again(session, connection, key.name, taken)
    for row in found:
        row.undone_at, row.undone_by = func.now(), str(actor)
    amending.take_in(session, connection, key.name, taken)
    _tell(session, keys, connection, key, "match.included", taken, actor)
    return Said(found[0].batch_id, len(found), orders)


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
            among(Alias.left_key, wanted),
        )
    ):
        if row.right_key != key.exact(wanted[row.left_key][1]):
            raise CannotAlias(f"{row.left_value} is said to be {row.right_value} already: undo that first.")
        del wanted[row.left_key]
    return list(wanted.values())


def _excluded(connection: Connection, key: MatchKey, values: Mapping[str, Any]) -> Select[Exclusion]:
    return (
        select(Exclusion)
        .where(
            Exclusion.connection_id == connection.id,
            Exclusion.key == key.name,
            Exclusion.undone_at.is_(None),
            among(Exclusion.value_key, values),
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


def _rename_products(session: Session, connection: Connection, names: Mapping[str, str]) -> None:
    """Have products known by Flourish's SKU from now on."""
    query = select(MirroredProduct).where(
        MirroredProduct.connection_id == connection.id, among(MirroredProduct.sku_key, names)
    )
    for product in session.scalars(query.order_by(MirroredProduct.id).with_for_update()):
        product.sku_key = names[product.sku_key]
        product.revision += 1


def _separate_products(session: Session, connection: Connection, names: Mapping[str, str]) -> None:
    """Have products known by their own SKU again. What they were linked with forgets them, so that it is
    matched anew, and neither is zeroed."""
    query = select(MirroredProduct).where(
        MirroredProduct.connection_id == connection.id, among(MirroredProduct.sku_key, names.values())
    )
    parted = [one for one in session.scalars(query) if names.get(sku_key(one.sku)) == one.sku_key]
    links = select(Link).where(
        Link.connection_id == connection.id,
        Link.kind == "item",
        among(Link.base["product"].astext, [one.foreign_id for one in parted]),
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
