"""Combining: what our rows know of the orders that became one, and what is kept of it (LL-16).

A look at a combined order never locks its originals, because a look at an original wakes the combined order:
what the one changes on the other is a mark of its own, committed apart.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.models import Link, LinkRelation, new_id
from portal.queries import combined
from portal.queries.combined import KIND
from portal.sync import journal
from portal.sync.domain import CANCELLED, Original, Originals
from portal.sync.engine.marks import SOONEST
from portal.sync.errors import Retryable
from portal.sync.mapping.keys import sku_key
from portal.sync.questions import CombinedOriginals

# What a person is asked, by name, in `Link.choices`.
ORIGINALS = "originals"
# While it stands so, it is a person's to say what the order combines.
OPEN = ("originals_unknown", "waits_for_originals")
# Orders of the customer that may become originals are read first.
_READ_FIRST_SECONDS = 2.0


def answer(session: Session, tenant_id: UUID, connection_id: UUID, question: CombinedOriginals) -> Originals:
    """Answer the planner's question from our rows.

    Raises:
        Retryable: an order of the same customer is about to be read, and may be one of them.
    """
    link = session.scalars(
        select(Link).where(
            Link.connection_id == connection_id, Link.kind == "order", Link.foreign_id == question.number
        )
    ).one()
    related = [one.link for one in combined.originals(session, tenant_id, link.id)]
    if related or ORIGINALS in link.choices:
        return Originals(chosen=tuple(_originals(session, tenant_id, related)))
    customer = question.license
    if combined.about_to_be_read(session, tenant_id, connection_id, license_number=customer, but=link.id):
        raise Retryable(
            "Other orders of this customer are read first", after=_READ_FIRST_SECONDS, throttled=True
        )
    found = combined.candidates(
        session, tenant_id, connection_id, license_number=customer, placed_at=question.placed_at
    )
    return Originals(chosen=None, candidates=tuple(_originals(session, tenant_id, found)))


def _originals(session: Session, tenant_id: UUID, links: Sequence[Link]) -> list[Original]:
    writing = combined.being_written(session, tenant_id, links)
    return [_original(link, is_written=link.id in writing) for link in links]


def _original(link: Link, *, is_written: bool) -> Original:
    eaches: dict[str, Decimal] = {}
    for line in link.snapshot.get("lines", ()):
        sku = sku_key(line.get("item") or line["sku"])
        eaches[sku] = eaches.get(sku, Decimal(0)) + Decimal(line["eaches"])
    is_there = link.flourish_id is not None and link.flourish_status != CANCELLED
    return Original(
        link_id=str(link.id),
        label=link.label or link.foreign_id,
        is_live=is_there or is_written,
        flourish_status=link.flourish_status or "",
        eaches=eaches,
    )


def keep(session: Session, link: Link, ids: Sequence[str]) -> bool:
    """Keep what an order combines, as inferred, and tell of it.

    Returns:
        False when another order was combined of one of them meanwhile.
    """
    if not ids:
        return True
    wanted = [UUID(one) for one in ids]
    taken = select(LinkRelation.id).where(LinkRelation.from_id.in_(wanted), LinkRelation.kind == KIND)
    if session.scalar(taken.limit(1)) is not None:
        return False
    _relate(session, link, wanted, inferred=True)
    why = (
        "Inferred: the same customer, combined within ten minutes before this order was made, and their lines"
        " sum to its own."
    )
    _tell_combined(session, link, wanted, actor="Trellis", why=why)
    return True


def _relate(session: Session, link: Link, ids: Sequence[UUID], *, inferred: bool) -> None:
    rows = [
        {"id": new_id(), "tenant_id": link.tenant_id, "from_id": one, "to_id": link.id, "kind": KIND}
        for one in ids
    ]
    session.execute(insert(LinkRelation), [{**row, "inferred": inferred} for row in rows])


def _tell_combined(session: Session, link: Link, ids: Sequence[UUID], *, actor: str, why: str) -> None:
    links = session.scalars(select(Link).where(Link.id.in_(ids)).order_by(Link.placed_at, Link.id)).all()
    shown = ", ".join(one.label or one.foreign_id for one in links)
    title = f"Combines {shown}" if links else "Combines no order that Trellis knows"
    entry = journal.Entry("trellis", actor, title, why, detail={"orders": [_reference(one) for one in links]})
    journal.tell(session, link, entry)
    journal.log(session, link, "info", title)


def _reference(link: Link) -> dict[str, str]:
    return {"id": str(link.id), "label": link.label or link.foreign_id}


def choose(session: Session, link: Link, ids: Collection[UUID], *, actor: str) -> None:
    """Take down what a person says that an order combines; none is an answer too. It is looked at again.

    Args:
        session: a session inside the tenant.
        link: the order's link, locked.
        ids: the links of its originals, each a candidate.
        actor: who says so.
    """
    session.execute(delete(LinkRelation).where(LinkRelation.to_id == link.id, LinkRelation.kind == KIND))
    if ids:
        _relate(session, link, sorted(ids), inferred=False)
    link.choices = {**link.choices, ORIGINALS: [str(one) for one in sorted(ids)]}
    link.dirty_seq += 1
    link.due_at = func.now()
    _tell_combined(session, link, sorted(ids), actor=actor, why="Said on the order's page.")


def tell_original(session: Session, link: Link) -> None:
    """Tell in an original's story, once, what it became part of."""
    for one in combined.combined_into(session, link.tenant_id, link.id):
        reference = _reference(one.link)
        if link.snapshot.get("combined_into") != reference:
            link.snapshot = {**link.snapshot, "combined_into": reference}
            title = f"Became part of order {reference['label']}"
            why = (
                "Inferred by Trellis from customer, time and lines." if one.inferred else "Said by a person."
            )
            entry = journal.Entry("trellis", "Trellis", title, why, detail={"orders": [reference]})
            journal.tell(session, link, entry)


def wake(session: Session, link: Link) -> None:
    """Have the combined orders looked at that may have waited for this original."""
    _mark(
        session,
        Link.tenant_id == link.tenant_id,
        Link.state.in_(("waiting", "stuck")),
        Link.connection_id == link.connection_id,
        Link.decision_code.in_(OPEN),
        Link.id != link.id,
    )


def look_at(session: Session, ids: Collection[UUID]) -> None:
    """Have originals looked at, so that their stories tell what they became part of."""
    _mark(session, Link.id.in_(ids))


def _mark(session: Session, *which: object) -> None:
    session.execute(
        update(Link)
        .where(Link.kind == "order", *which)  # type: ignore[arg-type]
        .values(dirty_seq=Link.dirty_seq + 1, due_at=SOONEST)
        .execution_options(synchronize_session=False)
    )
