"""Settling: finding out what became of a write whose outcome nobody recorded.

The worker died, or the answer never came. Nothing more is sent before it is known: wait until the other
system must have finished, look whether it has, adopt what is ours, and only else plan anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import Link, Operation
from portal.sync import journal
from portal.sync.decisions import Finding
from portal.sync.domain import CANCELLED
from portal.sync.engine import crash
from portal.sync.engine.accounts import Account
from portal.sync.engine.claim import Claim, hold
from portal.sync.engine.claimants import twins
from portal.sync.engine.desk import Desk
from portal.sync.engine.guard import DROP
from portal.sync.engine.item_writes import MAKE_LOT, kept, kept_lot
from portal.sync.engine.operate import settle_time, take_effect
from portal.sync.engine.outlook import ForAPerson
from portal.sync.engine.retail_writes import MAKE_CUSTOMER
from portal.sync.engine.writes import Outcome, cancelled_to_move, created
from portal.sync.mapping import identity
from portal.sync.mapping.draft import marker
from portal.sync.questions import DestinationByLicense, StrainNamed
from portal.sync.retail import HubOrder, RetailOrder

# How far before the intent the look begins: the clocks of two companies differ.
_LOOK_BACK = timedelta(minutes=10)
# Writes that may be repeated without harm: what both sides show now decides what is still to be done.
_REPEATABLE = frozenset(
    {
        *("finish_order", "update_order", "set_term", "tell_platform", "cancel_order", "move"),
        *("replace_lines", "release_goods"),
        *("update_product", "put_product", "set_stock", "set_lot_stock", DROP),
    }
)


class StillUnknown(Exception):
    """It is too early to look; `until` says when it is not."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until.isoformat())
        self.until = until


def settle(desk: Desk, claim: Claim, account: Account) -> None:
    """Settle the open operation of a claimed link, if it has one.

    Raises:
        StillUnknown: the settle time has not passed.
        ForAPerson: candidates that nobody but a person can tell apart.
        SyncError: the other system could not be looked at.
    """
    with desk.tenant(claim.tenant_id) as session:
        link = hold(session, claim)
        operation = open_operation(session, link)
        if operation is None:
            return
        if operation.kind in _REPEATABLE:
            _close(session, link, operation, claim, "What both sides show now decides what is still to do.")
            return
        settles = settle_time(session, operation, account.settle_seconds)
        operation.settle_at = settles
        if operation.status == "intent":
            _note_lost_worker(session, link, operation, claim)
        too_early = session.execute(select(func.now() < settles)).scalar_one()
    if too_early:
        raise StillUnknown(settles)
    crash.point("before_settle_look")
    outcome = _look(account, link, operation)
    crash.point("after_settle_look")
    _conclude(desk, claim, operation, outcome)
    crash.point("settled")


def there_after_all(desk: Desk, claim: Claim, account: Account, operation_id: UUID) -> bool:
    """Whether what a refused write was to do is done: Flourish may refuse a second order with one number, or
    to cancel what is cancelled, and the first write may have taken effect later than it was waited for.

    Raises:
        ForAPerson: a customer was refused who is nobody that Flourish shows.
        SyncError: Flourish could not be looked at.
    """
    with desk.tenant(claim.tenant_id) as session:
        link = hold(session, claim)
        operation = session.get_one(Operation, operation_id)
    if operation.kind == "cancel_to_move":
        done = _look_whether_cancelled(account, link, operation)
        if done is not None:
            _conclude(desk, claim, operation, done)
        return done is not None
    if operation.kind == MAKE_CUSTOMER:
        raise ForAPerson(identity.refused())
    if operation.kind != "create_order":
        return False
    mine = [order for order in _candidates(account, link, operation) if _is_ours(account, link, order)]
    if not mine:
        return False
    _conclude(desk, claim, operation, _found(mine))
    return True


def open_operation(session: Session, link: Link) -> Operation | None:
    """The operation of a link whose outcome is not recorded."""
    return session.scalar(
        select(Operation).where(Operation.link_id == link.id, Operation.status.in_(("intent", "unknown")))
    )


def _note_lost_worker(session: Session, link: Link, operation: Operation, claim: Claim) -> None:
    operation.status = "unknown"
    operation.error = "The worker died before it could record the outcome"
    text = "Nobody knows yet whether the write took effect; Trellis looks before it sends anything more."
    journal.tell(
        session, link, journal.Entry("trellis", "Trellis", "A worker died in the middle", text, tone="warn")
    )
    journal.log(session, link, "wait", "A worker died in the middle of a write", run_id=claim.run_id)


def _look(account: Account, link: Link, operation: Operation) -> Outcome | None:
    """Look for what the write would have made; None when it is certainly not there."""
    if operation.kind == MAKE_CUSTOMER:
        return None  # whoever plans it anew looks for the customer first
    if operation.kind == "create_destination":
        return _look_for_destination(account, operation)
    if operation.kind == "cancel_to_move":
        return _look_whether_cancelled(account, link, operation)
    if operation.kind == "create_product":
        return _look_for_product(account, link)
    if operation.kind == MAKE_LOT:
        return _look_for_lot(account, operation)
    if operation.kind == "create_strain":
        return _look_for_strain(account, operation)
    return _look_for_order(account, link, operation)


def _look_for_product(account: Account, link: Link) -> Outcome | None:
    found = [one for one in account.catalogue.products_by_sku(link.foreign_id) if not one.archived]
    if not found:
        return None
    return Outcome(
        found[0].ref, f"Found product {link.foreign_id}", "It was made after all.", effect=kept(found[0])
    )


def _look_for_lot(account: Account, operation: Operation) -> Outcome | None:
    ref, batch = str(operation.request["product"]), str(operation.request["batch"])
    made = [one for one in account.shop.batches_of(ref) if one.ref == batch and one.stock_ref]
    if not made:
        return None
    title = f"Found stock of lot {made[0].number}"
    return Outcome(made[0].stock_ref, title, "It was made after all.", effect=kept_lot(ref, made[0]))


def _look_for_strain(account: Account, operation: Operation) -> Outcome | None:
    name = str(operation.request["name"])
    found = account.catalogue.look_up(StrainNamed(name))
    return Outcome(found[0].ref, f"Found strain {name}", "It was made after all.") if found else None


def _look_for_destination(account: Account, operation: Operation) -> Outcome | None:
    license_number = operation.natural_key.partition(":")[2]
    found = account.flourish.answer(DestinationByLicense(license_number))
    if not found:
        return None
    return Outcome(found[0].id, f"Found destination {found[0].name}", "It was made after all.")


def _look_whether_cancelled(account: Account, link: Link, operation: Operation) -> Outcome | None:
    """Whose cancel it was matters: staff's would cancel the order on its platform, ours makes it anew."""
    flourish_id = operation.natural_key.partition(":")[2]
    order = account.hub_orders.one(flourish_id)
    if order is None or order.status != CANCELLED:
        return None
    facility = str(operation.request.get("facility_name", ""))
    return cancelled_to_move(flourish_id, link.former_ids, facility)


def _look_for_order(account: Account, link: Link, operation: Operation) -> Outcome | None:
    """An order that carries our note is ours, whatever else it looks like."""
    candidates = list(_candidates(account, link, operation))
    mine = [order for order in candidates if _is_ours(account, link, order)]
    if mine:
        return _found(mine)
    unmarked = [order for order in candidates if not order.notes and order.status != CANCELLED]
    if unmarked:
        raise ForAPerson(_without_note(unmarked))
    return None


def _is_ours(account: Account, link: Link, order: HubOrder) -> bool:
    return marker(account.rules, link.foreign_id) in (order.notes or ())


def _found(mine: list[HubOrder]) -> Outcome:
    """Adopt the one that lives; or the one that staff have cancelled meanwhile: it is not made again."""
    live = [order for order in mine if order.status != CANCELLED]
    if len(live) > 1:
        raise ForAPerson(twins([order.id for order in live]))
    adopted = (live or mine)[-1]
    is_retail = isinstance(adopted, RetailOrder)
    found = created(adopted.id, adopted.facility_name, is_retail=is_retail)
    why = "It had been created after all; adopted by its note."
    return Outcome(found.ref, f"Found {adopted.id}", why, found.link)


def _candidates(account: Account, link: Link, operation: Operation) -> Iterator[HubOrder]:
    """Orders that may be what was sent: company-wide, all pages, each read whole as lists leave notes out.
    What the link had before it moved is known already."""
    number = str(operation.request.get("original_order_id", ""))
    facility = str(operation.request.get("facility_id", ""))
    for listed in account.hub_orders.listed(created_from=operation.intent_at - _LOOK_BACK):
        if (listed.original_order_id, listed.facility_id) != (number, facility):
            continue
        if listed.id in link.former_ids:
            continue
        whole = account.hub_orders.one(listed.id)
        if whole is not None:
            yield whole


def _without_note(orders: list[HubOrder]) -> Finding:
    ids = ", ".join(order.id for order in orders)
    return Finding(
        "candidate_without_note",
        "Flourish has an order with this number, and no note says whose it is",
        f"If {ids} is this order, cancel it in Flourish so that Trellis can send it; nothing was sent again.",
        evidence={"ids": [order.id for order in orders]},
    )


def _conclude(desk: Desk, claim: Claim, operation: Operation, outcome: Outcome | None) -> None:
    with desk.tenant(claim.tenant_id) as session:
        link = hold(session, claim)
        operation = session.get_one(Operation, operation.id)
        if outcome is None:
            _close(session, link, operation, claim, "Looked at the other side: it never took effect.")
            return
        operation.status = "ok"
        operation.finished_at = func.now()
        operation.response_ref = outcome.ref
        take_effect(link, outcome, operation.base)
        outcome.effect(session, link)
        entry = journal.Entry(
            "flourish", "Trellis", outcome.title, outcome.text, "looked", "ok", operation_id=operation.id
        )
        journal.tell(session, link, entry)
        journal.log(session, link, "done", f"{outcome.title}: {outcome.text}", run_id=claim.run_id)


def _close(session: Session, link: Link, operation: Operation, claim: Claim, why: str) -> None:
    operation.status = "abandoned"
    operation.finished_at = func.now()
    operation.error = f"{operation.error}. {why}" if operation.error else why
    journal.tell(session, link, journal.Entry("trellis", "Trellis", "Settled: planning anew", why))
    journal.log(
        session,
        link,
        "info",
        f"Settled the open {operation.kind.replace('_', ' ')}: {why}",
        run_id=claim.run_id,
    )
