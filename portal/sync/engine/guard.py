"""The guard: many products that would lose all their stock at once are a fault more often than the truth.

An empty list of stock, a wrong facility or a filter gone wrong would take a whole catalogue off sale. So when
many links want to drop to nothing, none does until a person says so; everything else goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, text, true, update
from sqlalchemy.orm import Session

from portal.models import Connection, Link, Operation, Problem, Stream
from portal.sync import audit, journal
from portal.sync.decisions import Finding
from portal.sync.engine import mirror
from portal.sync.engine.marks import STOCK_FIRST
from portal.sync.engine.streams import called, connections_of

# So many at the least, and so large a part of what is linked, is a mass.
_MASS, _PART = 25, 5
APPROVED_FOR = timedelta(hours=1)
# The write of a stock of nothing where there was some.
DROP = "drop_stock"
_EXAMPLES = 10
_MASS_DROP, _MASS_GONE = "mass_drop", "mass_gone"
# How often lists are read whole, so that what is gone is noticed.
FULL_EVERY = timedelta(days=1)


@dataclass(frozen=True)
class Drops:
    """How many links want to drop to nothing or did within the hour, of how many that are linked; those are
    counted where the drops are many enough to matter."""

    number: int
    linked: int
    approved: bool

    @property
    def held(self) -> bool:
        """Whether none may drop now."""
        return not self.approved and _is_mass(self.number, self.linked)


def _is_mass(number: int, of: int) -> bool:
    return number >= _MASS and number * _PART > of


def drops(session: Session, connection_id: UUID, *, beside: UUID | None = None) -> Drops:
    """Count the drops of a connection.

    Args:
        session: a session inside the tenant.
        connection_id: the connection.
        beside: a link that wants to drop and has not said so yet.
    """
    items = (Link.connection_id == connection_id, Link.kind == "item")
    want = select(func.count()).where(
        *items, Link.wants_drop, Link.id != beside if beside else Link.wants_drop
    )
    # A product that is sold by batch drops lot by lot, and is one.
    written = select(func.count(Operation.link_id.distinct())).where(
        Operation.link_id != beside if beside else true(),
        Operation.connection_id == connection_id,
        Operation.kind == DROP,
        Operation.status.in_(("intent", "unknown", "ok")),
        Operation.intent_at > func.now() - APPROVED_FOR,
    )
    approved = select(Connection.drops_approved_until > func.now()).where(Connection.id == connection_id)
    query = select(want.scalar_subquery() + written.scalar_subquery(), approved.scalar_subquery())
    number, is_approved = session.execute(query).one()
    number += beside is not None
    # Few are no mass of however many: the whole catalogue need not be counted for them.
    linked = select(func.count()).where(*items, Link.base["product"].astext.is_not(None))
    many = session.execute(linked).scalar_one() if number >= _MASS else 0
    return Drops(number, many, bool(is_approved))


def release_drops(session: Session, connection: Connection) -> int:
    """At the end of a comparison, mark the links that want to drop, or hold them all and say so.

    Returns:
        How many were marked.
    """
    found = drops(session, connection.id)
    if found.held:
        _hold(session, connection, found)
        return 0
    journal.report(session, connection, (), code=_MASS_DROP, solved="They are few now, or it was approved.")
    return _mark(session, connection.id)


def hold_if_mass(session: Session, connection_id: UUID, link_id: UUID) -> bool:
    """Whether a link that is about to drop has to wait, because many do."""
    found = drops(session, connection_id, beside=link_id)
    if found.held:
        _hold(session, session.get_one(Connection, connection_id), found)
    return found.held


def _mark(session: Session, connection_id: UUID) -> int:
    marked = session.execute(
        update(Link)
        .where(
            Link.connection_id == connection_id,
            Link.kind == "item",
            Link.wants_drop,
            Link.due_at.is_(None),
            Link.lease_until.is_(None),
        )
        .values(dirty_seq=Link.dirty_seq + 1, due_at=func.now(), priority=STOCK_FIRST)
        .returning(Link.id)
        .execution_options(synchronize_session=False)
    )
    return len(marked.all())


_SAY_HELD = text(
    """
    UPDATE link SET state = 'waiting', decision_code = 'mass_drop', decision_text = :said, next_step = :step,
        state_since = CASE WHEN state = 'waiting' THEN state_since ELSE now() END
    WHERE connection_id = :connection AND kind = 'item' AND wants_drop AND due_at IS NULL
      AND lease_until IS NULL AND decision_code IS DISTINCT FROM 'mass_drop'
    """
)


def _hold(session: Session, connection: Connection, found: Drops) -> None:
    labels = session.scalars(
        select(Link.label)
        .where(Link.connection_id == connection.id, Link.kind == "item", Link.wants_drop)
        .order_by(Link.label)
        .limit(_EXAMPLES)
    ).all()
    finding = Finding(
        "mass_drop",
        f"{found.number} of {found.linked} products would lose all their stock",
        "Look in Flourish whether that is true. If so, approve it for an hour; if not, nothing is lost:"
        " Trellis holds these writes until their stock is back.",
        text=f"Among them: {', '.join(labels)}." if labels else "",
        evidence={"number": found.number, "linked": found.linked, "examples": list(labels)},
    )
    opened, _ = journal.report(session, connection, (finding,), code=finding.code)
    if opened:
        journal.log(session, connection, "stuck", f"{finding.title}: these writes are held")
    said = f"Held: {finding.title[0].lower()}{finding.title[1:]} at once."
    values = {"said": said, "step": finding.next_step, "connection": connection.id}
    session.execute(_SAY_HELD, values)


def approve(session: Session, keys: Mapping[str, bytes], connection_id: UUID, *, actor: audit.Actor) -> int:
    """Let drops through for an hour: a person has looked. Those that are held are marked.

    Args:
        session: a session inside the tenant.
        keys: the installation's keys, for the audit.
        connection_id: the connection.
        actor: who approves.

    Returns:
        How many links were marked.
    """
    connection = session.get_one(Connection, connection_id)
    connection.drops_approved_until = func.now() + APPROVED_FOR
    session.flush()
    held = _mark(session, connection_id)
    _read_whole(session, connection)
    journal.report(session, connection, (), code=_MASS_DROP, solved=f"{actor.name} approved it for an hour.")
    journal.log(session, connection, "info", f"{actor} approved that {held} products lose all their stock")
    _record(session, keys, "stock.drops_approved", connection, actor, held)
    return held


def _read_whole(session: Session, connection: Connection) -> None:
    """Have the lists that lost their rows read whole while the approval lasts. Not as if they had never been
    read: then every look would ask for its own rows meanwhile."""
    lost = select(Problem.subject_id).where(
        Problem.connection_id == connection.id, Problem.code == _MASS_GONE, Problem.closed_at.is_(None)
    )
    session.execute(
        update(Stream)
        .where(Stream.id.in_(lost), Stream.full_at.is_not(None))
        .values(full_at=Stream.full_at - FULL_EVERY, due_at=func.now())
        .execution_options(synchronize_session=False)
    )


def keep_holding(
    session: Session, keys: Mapping[str, bytes], connection_id: UUID, *, actor: audit.Actor
) -> None:
    """Take an approval back, or confirm that the drops stay held: a person has looked."""
    connection = session.get_one(Connection, connection_id)
    connection.drops_approved_until = None
    session.flush()
    held = drops(session, connection_id)
    journal.log(session, connection, "info", f"{actor} keeps the drops held")
    _record(session, keys, "stock.drops_held", connection, actor, held.number)


def _record(
    session: Session,
    keys: Mapping[str, bytes],
    action: str,
    connection: Connection,
    actor: audit.Actor,
    number: int,
) -> None:
    about = audit.account(connection)
    audit.record(
        session, keys, connection.tenant_id, action, actor=actor, subject=about, detail={"products": number}
    )


def note_gone(session: Session, stream: Stream, begun: str) -> None:
    """Note what a complete pull did not show any more, unless that is a mass: then it is left as it was.

    Args:
        session: a session inside the tenant.
        stream: the stream of items or products.
        begun: when the pull began.
    """
    served = [one for one in connections_of(session, stream) if one.catalogue_since is not None]
    missing, of = mirror.count_gone(session, stream, begun)
    now = session.execute(select(func.now())).scalar_one()
    approved = any(one.drops_approved_until and one.drops_approved_until > now for one in served)
    held = _is_mass(missing, of) and not approved
    if not held:
        mirror.apply_gone(session, stream, begun)
    for connection in served:
        finding = Finding(
            "mass_gone",
            f"{missing} of {of} rows are missing from {called(stream, connection)}",
            "Look whether they are really gone. If so, approve it for an hour; if not, nothing is lost:"
            " Trellis goes on with what it knew, and reads the whole list again tomorrow.",
            cause=stream.name,
            evidence={"missing": missing, "of": of},
        )
        journal.report(
            session, connection, (finding,) if held else (), subject_id=stream.id, code=finding.code
        )
