"""Writes: what each action is called, what it sends, and what its answer means for the link.

One `Write` per kind of action; the engine commits its intent, calls it once and records the outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from portal.models import Link, new_id
from portal.sync.decisions import (
    Action,
    CancelOrder,
    CancelToMove,
    CreateDestination,
    CreateOrder,
    FinishOrder,
    UpdateOrder,
)
from portal.sync.domain import CANCELLED, CREATED, Json, OutboundOrder
from portal.sync.engine.accounts import Account
from portal.sync.retail import SUBMITTED, HubOrder

# What an order is in Flourish (`Link.flourish_kind`): one of a person, or of a company.
RETAIL, OUTBOUND = "retail", "outbound"


@dataclass(frozen=True)
class Outcome:
    """What a write that worked did: its id in the other system, and the link's fields to set."""

    ref: str
    title: str
    text: str = ""
    link: Mapping[str, Any] = field(default_factory=dict)
    # What else it has to be put down as, in the transaction that records it.
    effect: Callable[[Session, Link], None] = lambda _session, _link: None


@dataclass(frozen=True)
class Write:
    """One write, ready to be made once."""

    kind: str
    # "flourish" or "platform": whose API it calls.
    side: str
    natural_key: str
    # The natural key may succeed only once in a hub.
    once: bool
    # What it sets out to do, for people.
    purpose: str
    request: Json
    call: Callable[[], Outcome]
    base: Json | None = None
    # What it changes, as people read it: what, before, after.
    changes: Sequence[Sequence[str]] = ()
    # A link may need any number of its kind in a row, such as one for each lot.
    is_one_of_many: bool = False
    # What no other write of its kind may be about at the same time in a hub, as digests.
    sole: tuple[str, ...] = ()
    # So many of its kind on one link within some minutes are no loop.
    most_alike: int = 6
    # Its own, and its operation's: the key by which a platform that knows keys does it only once.
    id: UUID = field(default_factory=new_id)


def write_of(
    action: Action,
    account: Account,
    *,
    number: str,
    made: HubOrder | None,
    former_ids: Sequence[str] = (),
) -> Write:
    """Prepare the write for an action on Flourish's side; the platform's are `platform_writes`.

    Args:
        action: the planner's action.
        account: both sides, open.
        number: the platform's id of the link's order.
        made: the Flourish order as just read, None when there is none.
        former_ids: Flourish orders that the link had before it moved.
    """
    match action:
        case CreateDestination():
            return _create_destination(action, account)
        case CreateOrder():
            return _create_order(action, account, number, len(former_ids))
        case FinishOrder() | UpdateOrder():
            return _into_order(action, account, made)
        case CancelOrder() | CancelToMove():
            return _cancel(action, account, made, former_ids)
        case _:
            raise TypeError(f"{type(action).__name__} writes nothing to an order in Flourish")


def destination_key(license_number: str) -> str:
    """The natural key under which a destination is made."""
    return f"destination:{license_number}"


def _create_destination(action: CreateDestination, account: Account) -> Write:
    draft = action.draft

    def call() -> Outcome:
        made = account.flourish.create_destination(draft)
        return Outcome(made.id, f"Destination {draft.name} made", f"It has the license {draft.license}.")

    return Write(
        kind="create_destination",
        side="flourish",
        natural_key=destination_key(draft.license),
        once=True,
        purpose=f"make the destination {draft.name}",
        # Personal data is sent, not kept.
        request=plain(draft) | {"email": bool(draft.email), "phone": bool(draft.phone)},
        call=call,
    )


def order_key(connection_id: str, number: str, moves: int) -> str:
    """The natural key under which an order is made: once, and once more after each move."""
    return f"{f'moved {moves}, ' if moves else ''}order:{connection_id}:{number}"


def _create_order(action: CreateOrder, account: Account, number: str, moves: int) -> Write:
    draft = action.draft
    facility = account.rules.within(draft.facility_id).facility.name

    def call() -> Outcome:
        flourish_id = account.flourish.create_order(draft)
        return created(flourish_id, facility)

    return Write(
        kind="create_order",
        side="flourish",
        natural_key=order_key(account.rules.connection_id, number, moves),
        once=True,
        purpose=f"create the order in {facility}",
        request=plain(draft),
        call=call,
        base=action.base,
    )


def created(flourish_id: str, facility: str, *, is_retail: bool = False) -> Outcome:
    """The outcome of an order that is now in Flourish, in the facility of this name."""
    kind, status = (RETAIL, SUBMITTED) if is_retail else (OUTBOUND, CREATED)
    return Outcome(
        flourish_id,
        f"Created {flourish_id}",
        f"In {facility}." if facility else "",
        link={"flourish_kind": kind, "flourish_id": flourish_id, "flourish_status": status},
    )


def _into_order(action: FinishOrder | UpdateOrder, account: Account, outbound: HubOrder | None) -> Write:
    if not isinstance(outbound, OutboundOrder):
        raise TypeError("an outbound order that was not read cannot be written into")
    if isinstance(action, FinishOrder):
        return _finish_order(action, account, outbound)
    return _update_order(action, account, outbound)


def _finish_order(action: FinishOrder, account: Account, outbound: OutboundOrder) -> Write:
    parts = [
        f"requested date {action.requested_date}" if action.requested_date else "",
        f"payment term {action.term}" if action.term else "",
    ]
    what = " and ".join(filter(None, parts))

    def call() -> Outcome:
        account.flourish.finish_order(outbound, requested_date=action.requested_date, term=action.term)
        return Outcome(action.flourish_id, f"Finished: {what} written")

    return Write(
        kind="finish_order",
        side="flourish",
        natural_key=f"finish:{action.flourish_id}",
        once=False,
        purpose=f"write {what}",
        request={"requested_delivery_date": str(action.requested_date or ""), "payment_term": action.term},
        call=call,
        base=action.base,
        changes=(
            *changed("Requested date", str(outbound.requested_date or ""), str(action.requested_date or "")),
            *changed("Payment term", outbound.term, action.term),
        ),
    )


def changed(what: str, before: str, after: str) -> tuple[tuple[str, str, str], ...]:
    """A row of what a write changes; none for what it leaves alone."""
    return ((what, before, after),) if after else ()


def _update_order(action: UpdateOrder, account: Account, outbound: OutboundOrder) -> Write:
    def call() -> Outcome:
        account.flourish.update_order(outbound, action.update)
        return Outcome(action.flourish_id, f"Carried over from {account.platform.label}")

    return Write(
        kind="update_order",
        side="flourish",
        natural_key=f"update:{action.flourish_id}",
        once=False,
        purpose="carry the edit over",
        request=plain(action.update),
        call=call,
        base=action.base,
        changes=action.changes,
    )


def _cancel(
    action: CancelOrder | CancelToMove,
    account: Account,
    outbound: HubOrder | None,
    former_ids: Sequence[str],
) -> Write:
    changes = changed("Status", outbound.status if outbound else "", CANCELLED)
    if isinstance(action, CancelToMove):
        return replace(_cancel_to_move(action, account, former_ids), changes=changes)
    return replace(_cancel_order(action, account), changes=changes)


def _cancel_order(action: CancelOrder, account: Account) -> Write:
    def call() -> Outcome:
        account.flourish.cancel_order(action.flourish_id, action.facility_id, untouched=action.untouched)
        return Outcome(action.flourish_id, "Cancelled", link={"flourish_status": "Cancelled"})

    return Write(
        kind="cancel_order",
        side="flourish",
        natural_key=f"cancel:{action.flourish_id}",
        once=False,
        purpose="cancel the order",
        request={"order_status": "Cancelled"},
        call=call,
    )


def _cancel_to_move(action: CancelToMove, account: Account, former_ids: Sequence[str]) -> Write:
    def call() -> Outcome:
        account.flourish.cancel_order(action.flourish_id, action.facility_id, untouched=True)
        return cancelled_to_move(action.flourish_id, former_ids, action.facility_name)

    return Write(
        kind="cancel_to_move",
        side="flourish",
        natural_key=f"cancel:{action.flourish_id}",
        once=False,
        purpose=f"cancel the order in {action.facility_name}, to create it in {action.to_facility_name}",
        request={"order_status": "Cancelled", "facility_name": action.facility_name},
        call=call,
    )


def cancelled_to_move(flourish_id: str, former_ids: Sequence[str], facility: str) -> Outcome:
    """The outcome of an order that is cancelled where it was: it is still to be made where it goes."""
    former = [*(one for one in former_ids if one != flourish_id), flourish_id]
    return Outcome(
        flourish_id,
        f"Cancelled {flourish_id}",
        f"It moves away from {facility}.",
        link={"flourish_status": "Cancelled", "former_ids": former},
    )


def plain(value: Any) -> dict[str, Any]:
    """A dataclass as JSON that a page can show: decimals and times as text."""
    return {name: _plain(item) for name, item in asdict(value).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value
