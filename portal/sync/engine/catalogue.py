"""The catalogue of a connection: begun by a person; from then on items, stock and products are pulled."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.models import Connection, Link, Stream, new_id
from portal.sync import audit, journal
from portal.sync.domain import Hint
from portal.sync.engine import lots, marks
from portal.sync.engine.gate import TRIES
from portal.sync.engine.sources import INTERVALS, PRODUCTS, STOCK
from portal.sync.mapping.keys import sku_key
from portal.sync.registry import platform as platform_by_key

# Before orders.
_FIRST = 5


class NoCatalogue(Exception):
    """This connection's catalogue cannot be synced; the text says why."""


def begin(session: Session, keys: Mapping[str, bytes], connection_id: UUID, *, actor: audit.Actor) -> None:
    """Have items, stock and products synced from now on. Asked for again, it reads all lists whole at once.

    Args:
        session: a session inside the connection's tenant.
        keys: the installation's keys, for the audit.
        connection_id: the connection.
        actor: who does it.

    Raises:
        NoCatalogue: its platform has no products, or it was never live.
    """
    connection = session.get_one(Connection, connection_id)
    _refuse(connection)
    connection.catalogue_since = connection.catalogue_since or func.now()
    for name, seconds in _intervals(connection).items():
        _ask_for(session, connection, name, seconds)
    journal.log(session, connection, "info", f"{actor} had the catalogue read and synced")
    about = audit.account(connection)
    audit.record(session, keys, connection.tenant_id, "catalogue.begun", actor=actor, subject=about)


def read(session: Session, connection: Connection) -> None:
    """Have both lists read for a connection that was never live: for its preview. Nothing is compared or
    written, and what other connections of its hub read already is not read whole again."""
    connection.catalogue_since = connection.catalogue_since or func.now()
    for name, seconds in _intervals(connection).items():
        _ask_for(session, connection, name, seconds, whole=False)


def try_one(
    session: Session, keys: Mapping[str, bytes], connection_id: UUID, sku: str, *, actor: audit.Actor
) -> UUID:
    """Have one SKU synced before everything else, whether or not the catalogue is, and alone where its
    connection is ready and not live yet.

    Args:
        session: a session inside the connection's tenant.
        keys: the installation's keys, for the audit.
        connection_id: the connection.
        sku: as it is written on either side.
        actor: who asks.

    Returns:
        The SKU's link, due now.

    Raises:
        NoCatalogue: its platform has no products, it was never live, or this is no SKU.
    """
    connection = session.get_one(Connection, connection_id)
    if connection.state not in TRIES:
        _refuse(connection)
    key = sku_key(sku)
    if not key:
        raise NoCatalogue("Name a SKU.")
    link_id = marks.mark(session, connection, Hint("item", key, "asked for", label=key))
    if connection.state in TRIES:
        marks.have_tried(session, link_id)
    link = session.execute(
        select(Link).where(Link.id == link_id).with_for_update(key_share=True)
    ).scalar_one()
    link.priority = _FIRST
    journal.tell(session, link, journal.Entry("trellis", actor.name, "Asked for this one alone"))
    about = audit.Subject("item", str(link.id), key)
    audit.record(session, keys, connection.tenant_id, "item.tried", actor=actor, subject=about)
    return link_id


def compare_anew(session: Session, connection: Connection) -> None:
    """Have every SKU of a connection planned anew by its new rules: stock is read whole now, and once more
    where a pull of it is going on, which has compared some by the old ones; batches come with products."""
    stock = and_(Stream.source_id == connection.hub_id, Stream.name == STOCK)
    products = and_(Stream.source_id == connection.id, Stream.name == PRODUCTS)
    session.execute(
        update(Stream)
        .where(or_(stock, products) if lots.kept_by(connection) else stock)
        .values(due_at=func.least(Stream.due_at, func.now()), asked_at=func.now())
        .execution_options(synchronize_session=False)
    )


def _refuse(connection: Connection) -> None:
    platform = platform_by_key(connection.platform)
    if platform.catalogue is None:
        raise NoCatalogue(f"{platform.label} has no products.")
    if connection.live_since is None or connection.facility_id is None:
        raise NoCatalogue(f"{connection.name} was never live: switch it live first.")


def _intervals(connection: Connection) -> dict[str, float]:
    """How often each list of a connection's catalogue is read, in seconds."""
    declared = platform_by_key(connection.platform).catalogue
    return INTERVALS | ({STOCK: declared.stock_seconds} if declared is not None else {})


def _ask_for(
    session: Session, connection: Connection, name: str, seconds: float, *, whole: bool = True
) -> None:
    """Make a stream of the catalogue, or have it read now, from the beginning if it is to be whole."""
    of_platform = name == PRODUCTS
    statement = insert(Stream).values(
        id=new_id(),
        tenant_id=connection.tenant_id,
        source_id=connection.id if of_platform else connection.hub_id,
        hub_id=connection.hub_id,
        connection_id=connection.id if of_platform else None,
        name=name,
        interval_seconds=seconds,
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Stream.source_id, Stream.name],
            # A pull that is going on may be one of changes only, and keeps its own place.
            # One list of a hub serves every connection, as often as the one that needs it most.
            set_={
                "due_at": func.now(),
                "interval_seconds": func.least(Stream.interval_seconds, statement.excluded.interval_seconds),
            }
            | ({"full_at": None, "position": None, "asked_at": func.now()} if whole else {}),
        )
    )
