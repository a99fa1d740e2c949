"""Orders from before go-live: listed and not sent, until a person says what becomes of each (LL-29)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.models import Connection, Link, Operation
from portal.sync import audit, journal
from portal.sync.domain import CANCELLED, OutboundOrder
from portal.sync.engine.accounts import Tape, open_hub
from portal.sync.engine.desk import Desk
from portal.sync.engine.writes import OUTBOUND, RETAIL
from portal.sync.flourish.hub_orders import HubOrders
from portal.sync.mapping.intake import BRING_IN, EARLIER, INTAKE, JOINED, LEAVE_ALONE
from portal.sync.questions import DestinationByLicense
from portal.sync.registry import platform as platform_by_key
from portal.sync.retail import HubOrder, RetailOrder

# An order is entered in Flourish around the day on which it was placed.
_BEFORE, _AFTER = timedelta(days=2), timedelta(days=30)
_MOST_MATCHES = 20

_WORDS = {
    BRING_IN: ("order.brought_in", "Asked to bring it in"),
    LEAVE_ALONE: ("order.left_alone", "Asked to leave it alone"),
}


class CannotLink(Exception):
    """Why an order cannot be joined with that Flourish order, in words for the page."""


@dataclass(frozen=True)
class Match:
    """A Flourish order that may be this one, and what speaks for it."""

    order: HubOrder
    same_number: bool
    same_destination: bool
    same_total: bool

    @property
    def weight(self) -> tuple[bool, bool, bool]:
        """How much speaks for it, to sort by."""
        return self.same_number, self.same_total, self.same_destination


def is_open(link: Link) -> bool:
    """Whether it is still a person's to say what becomes of an order."""
    return link.decision_code in EARLIER and link.flourish_id is None


def may_be_left_alone(link: Link) -> bool:
    """Whether an order may be left alone: nothing became of it in Flourish or elsewhere (ON-9)."""
    is_there = link.flourish_id is not None or link.merged_at is not None
    return not is_there and link.state != "settled" and link.decision_code != "left_alone"


def decide(
    session: Session,
    keys: Mapping[str, bytes],
    tenant_id: UUID,
    ids: Collection[UUID],
    choice: str,
    *,
    actor: audit.Actor,
) -> int:
    """Take down what a person says of orders: from before go-live, and of any that is to be left alone.
    Pressed twice it changes nothing more.

    Args:
        session: a session inside the tenant.
        keys: the installation's encryption keys.
        tenant_id: whose orders.
        ids: their links; those that it is too late for are left out.
        choice: `BRING_IN` or `LEAVE_ALONE`.
        actor: who says so.

    Returns:
        For how many it was taken down now.
    """
    action, title = _WORDS[choice]
    # In order of ids: two people who press at once must not wait for each other.
    query = select(Link).where(Link.tenant_id == tenant_id, Link.id.in_(ids), Link.kind == "order")
    links = session.scalars(query.order_by(Link.id).with_for_update(key_share=True)).all()
    may = may_be_left_alone if choice == LEAVE_ALONE else is_open
    changed = [link for link in links if may(link) and link.choices.get(INTAKE) != choice]
    for link in changed:
        link.choices = {**link.choices, INTAKE: choice}
        link.dirty_seq += 1
        link.due_at = func.now()
        journal.tell(session, link, journal.Entry("trellis", actor.name, title))
    if changed:
        subject = audit.Subject("order", str(changed[0].id), changed[0].label)
        labels = [link.label or link.foreign_id for link in changed]
        detail = {"orders": labels}
        audit.record(session, keys, tenant_id, action, actor=actor, subject=subject, detail=detail)
    return len(changed)


def matches(desk: Desk, tenant_id: UUID, link_id: UUID) -> tuple[Match, ...]:
    """Look in Flourish for what may be an order already: by number, or by destination and total.

    Raises:
        SyncError: Flourish could not be asked.
    """
    with desk.tenant(tenant_id) as session:
        link = session.get_one(Link, link_id)
        connection = session.get_one(Connection, link.connection_id)
        client = open_hub(desk, session, connection.hub, Tape())
        is_retail = platform_by_key(connection.platform).is_retail
        taken = set(_taken(session, link.hub_id))
    license_number = (link.snapshot.get("customer") or {}).get("license") or ""
    places = client.answer(DestinationByLicense(license_number)) if license_number else ()
    listed = HubOrders(client, is_retail).listed(
        created_from=link.placed_at - _BEFORE, created_until=link.placed_at + _AFTER
    )
    found = [
        _compared(link, order, {place.id for place in places})
        for order in listed
        if order.id not in taken and order.status != CANCELLED
    ]
    likely = [match for match in found if match.same_number or (match.same_destination and match.same_total)]
    return tuple(sorted(likely, key=lambda match: match.weight, reverse=True)[:_MOST_MATCHES])


def _taken(session: Session, hub_id: UUID) -> Sequence[str]:
    """What other orders are joined with already."""
    taken = select(Link.flourish_id).where(Link.hub_id == hub_id, Link.flourish_id.is_not(None))
    return [one for one in session.scalars(taken.where(Link.kind == "order")) if one]


def _compared(link: Link, order: HubOrder, places: Collection[str]) -> Match:
    money = link.snapshot.get("money") or {}
    total, tax = Decimal(money.get("total", "-1")), Decimal(money.get("tax", "0"))
    return Match(
        order=order,
        same_number=order.original_order_id in (link.label, link.foreign_id),
        same_destination=isinstance(order, OutboundOrder) and order.destination_id in places,
        same_total=order.total in (total, total - tax),
    )


def join(desk: Desk, tenant_id: UUID, link_id: UUID, flourish_id: str, *, actor: audit.Actor) -> None:
    """Join an order from before go-live with the Flourish order that it is already.

    Raises:
        CannotLink: Flourish has no such order, it is cancelled, another order has it, or it is too late.
        SyncError: Flourish could not be asked.
    """
    with desk.tenant(tenant_id) as session:
        connection = session.get_one(Connection, session.get_one(Link, link_id).connection_id)
        client = open_hub(desk, session, connection.hub, Tape())
        facilities = {one.flourish_id: one.name for one in connection.hub.facilities}
        is_retail = platform_by_key(connection.platform).is_retail
    order = HubOrders(client, is_retail).one(flourish_id)
    if order is None or order.facility_id not in facilities:
        raise CannotLink(f"Flourish has no order {flourish_id}.")
    if order.status == CANCELLED:
        raise CannotLink(f"Flourish order {flourish_id} is cancelled.")
    with _unless_taken(order.id), desk.tenant(tenant_id) as session:
        link = session.execute(
            select(Link).where(Link.id == link_id).with_for_update(key_share=True)
        ).scalar_one()
        _join(session, link, order, facilities[order.facility_id], actor)
        subject = audit.Subject("order", str(link.id), link.label)
        keys, detail = desk.settings.master_keys, {"flourish_order": order.id}
        audit.record(session, keys, tenant_id, "order.joined", actor=actor, subject=subject, detail=detail)


def _join(session: Session, link: Link, order: HubOrder, facility: str, actor: audit.Actor) -> None:
    if link.flourish_id == order.id:
        raise CannotLink("It is joined with that order already.")
    writing = select(Operation.id).where(
        Operation.link_id == link.id, Operation.status.in_(("intent", "unknown"))
    )
    if not is_open(link) or link.lease_until is not None or session.scalar(writing.limit(1)) is not None:
        raise CannotLink("This order is being worked on, or does not wait for that any more. Look again.")
    link.flourish_kind = RETAIL if isinstance(order, RetailOrder) else OUTBOUND
    link.flourish_id, link.flourish_status = order.id, order.status
    link.choices = {**link.choices, INTAKE: f"{JOINED}{order.id}"}
    link.dirty_seq += 1
    link.due_at = func.now()
    title = f"Joined with Flourish order {order.id}"
    journal.tell(session, link, journal.Entry("trellis", actor.name, title, f"In {facility}."))
    journal.log(session, link, "info", f"{actor} joined it with Flourish order {order.id}")


@contextmanager
def _unless_taken(flourish_id: str) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        if "uq_link_flourish_order" not in str(error.orig):
            raise
        raise CannotLink(f"Another order is joined with Flourish order {flourish_id} already.") from error
