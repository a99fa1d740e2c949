"""Marks: "look at this link", from wherever the hint came. A mark is durable before anyone is told."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Boolean, Uuid, any_, case, cast, func, literal_column, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from portal.models import Connection, Link, new_id, utc_now
from portal.sync import audit, journal
from portal.sync.domain import Hint
from portal.sync.mapping.keeping import forgiven

# Orders before inventory before catalogue (features.md LL-27).
PRIORITY = {"order": 10, "customer": 20, "item": 30}
# What changes a stock goes before what changes a description.
STOCK_FIRST = 20
# Of a row that an insert made, and did not find there.
_IS_NEW = literal_column("xmax = 0", Boolean()).label("is_new")
SOONEST = func.least(func.coalesce(Link.due_at, func.now()), func.now())


def mark(session: Session, connection: Connection, hint: Hint) -> UUID:
    """Mark a platform's thing as worth a look, and make its link when it is new."""
    statement = insert(Link).values(
        id=new_id(),
        tenant_id=connection.tenant_id,
        connection_id=connection.id,
        hub_id=connection.hub_id,
        kind=hint.kind,
        foreign_id=hint.ref,
        label=hint.label,
        priority=PRIORITY[hint.kind],
    )
    marked = statement.on_conflict_do_update(
        index_elements=[Link.connection_id, Link.kind, Link.foreign_id],
        set_={"dirty_seq": Link.dirty_seq + 1, "due_at": SOONEST},
    ).returning(Link.id, Link.tenant_id, Link.kind, _IS_NEW)
    link = session.execute(marked).one()
    if link.is_new and hint.kind == "order":
        # Whatever becomes of it: it is found from now on.
        journal.remember_terms(session, link, numbers=(hint.ref, hint.label))
    link_id: UUID = link.id
    return link_id


# So long a person's trial of one thing goes on by itself.
TRIED_FOR = timedelta(minutes=30)


def have_tried(session: Session, link_id: UUID) -> Link:
    """Have one link looked at now, alone, and written although its connection is not live yet (LL-26)."""
    link = session.execute(
        select(Link).where(Link.id == link_id).with_for_update(key_share=True)
    ).scalar_one()
    link.tried_until = utc_now() + TRIED_FOR
    link.alone, link.attempts, link.crashes = True, 0, 0
    return link


def mark_if_changed(session: Session, connection: Connection, hint: Hint) -> bool:
    """Mark a thing that a poll listed, unless its link was read at this very version already."""
    version = hint.updated_at.isoformat() if hint.updated_at else None
    known = session.execute(
        select(Link.foreign_version).where(
            Link.connection_id == connection.id, Link.kind == hint.kind, Link.foreign_id == hint.ref
        )
    ).first()
    if known is not None and version is not None and known.foreign_version == version:
        return False
    mark(session, connection, hint)
    return True


def mark_flourish(session: Session, hub_id: UUID, hint: Hint) -> list[tuple[UUID, UUID]]:
    """Mark every link of a hub with this Flourish id, unless it was read at this very version already.

    Returns:
        Pairs of link id and connection id.
    """
    version = hint.updated_at.isoformat() if hint.updated_at else ""
    rows = session.execute(
        update(Link)
        .where(
            Link.hub_id == hub_id,
            Link.kind == hint.kind,
            Link.flourish_id == hint.ref,
            or_(Link.flourish_version.is_(None), Link.flourish_version != version),
        )
        .values(dirty_seq=Link.dirty_seq + 1, due_at=SOONEST)
        .returning(Link.id, Link.connection_id)
        .execution_options(synchronize_session=False)
    )
    marked = [(row.id, row.connection_id) for row in rows]
    return marked + _mark_claimed(session, hub_id, hint)


def _mark_claimed(session: Session, hub_id: UUID, hint: Hint) -> list[tuple[UUID, UUID]]:
    """Mark the link whose note an order carries that is not the link's own: it lays claim to it."""
    connection_id, number = noted_link(hint)
    if connection_id is None:
        return []
    rows = session.execute(
        update(Link)
        .where(
            Link.hub_id == hub_id,
            Link.connection_id == connection_id,
            Link.kind == hint.kind,
            Link.foreign_id == number,
            Link.flourish_id.is_distinct_from(hint.ref),
        )
        .values(
            dirty_seq=Link.dirty_seq + 1,
            due_at=SOONEST,
            claimants=case(
                (Link.claimants.contains([hint.ref]), Link.claimants),
                else_=Link.claimants.concat(func.jsonb_build_array(hint.ref)),
            ),
        )
        .returning(Link.id, Link.connection_id)
        .execution_options(synchronize_session=False)
    )
    return [(row.id, row.connection_id) for row in rows]


def noted_link(hint: Hint) -> tuple[UUID | None, str]:
    """The connection and number that a Flourish order names in its note: it was created a moment ago, and
    the worker has not recorded it yet, or died."""
    words = hint.marker.split()
    if len(words) != 3 or words[0] != "Trellis":
        return None, ""
    try:
        return UUID(words[1]), words[2]
    except ValueError:
        return None, ""


def look_again(session: Session, link_id: UUID, *, actor: audit.Actor) -> bool:
    """Have a link looked at now because a person asked; their name goes into its story.
    Whoever calls this records the act: one for all links that were asked for at once.

    Returns:
        False when this tenant has no such link.
    """
    link = session.execute(
        select(Link).where(Link.id == link_id).with_for_update(key_share=True)
    ).scalar_one_or_none()
    if link is None:
        return False
    _look_again(session, link, actor)
    return True


def look_again_all(session: Session, ids: Collection[UUID], *, actor: audit.Actor) -> int:
    """Have links looked at now because a person asked, locked in the order of their ids: two who ask for the
    same at once wait for each other, and neither for good. Returns how many there are."""
    # As one array: a statement takes 65,535 values at most.
    among = Link.id == any_(cast(list(ids), ARRAY(Uuid)))
    query = select(Link).where(among).order_by(Link.id).with_for_update(key_share=True)
    links = session.scalars(query).all()
    for link in links:
        _look_again(session, link, actor)
    return len(links)


def _look_again(session: Session, link: Link, actor: audit.Actor) -> None:
    link.dirty_seq += 1
    link.due_at = func.now()
    link.attempts = 0
    link.crashes = 0
    if link.base:
        link.base = forgiven(link.base)
    journal.tell(session, link, journal.Entry("trellis", actor.name, "Asked for a new look"))
    journal.log(session, link, "info", f"{actor} asked for a new look")
