"""Where an order stands in Ordo, and where it is to be: by Flourish's status, payment, and its term. Pure.

Ordo's statuses only go forwards, and from Awaiting Delivery on nobody edits an order there (OR-5 to OR-12).
"""

from __future__ import annotations

from types import MappingProxyType

from portal.sync.course import Blocked, Course, Move, Wanted
from portal.sync.decisions import Finding, Rules
from portal.sync.domain import CANCELLED, SENT, SourceOrder, Stage
from portal.sync.platforms.ordo.terms import is_cash
from portal.sync.retail import HubOrder

PENDING, CONFIRMED, AWAITING, DELIVERED, PAID = LADDER = (
    "Pending",
    "Confirmed",
    "Awaiting Delivery",
    "Delivered",
    "Paid",
)

# One that awaits its delivery is in Flourish already: from before go-live it may be joined with its order
# there (LL-29), but only a confirmed one is brought in.
STAGES = MappingProxyType(
    {
        PENDING: Stage.DRAFT,
        CONFIRMED: Stage.OPEN,
        AWAITING: Stage.OPEN,
        DELIVERED: Stage.FINISHED,
        PAID: Stage.FINISHED,
        CANCELLED: Stage.CANCELLED,
    }
)
NET_TERMS_SYNC = "net_terms_sync"

# Flourish's statuses before the goods leave, and its words for the payment (Flourish API: outbound orders).
_BEFORE_SHIPPING = frozenset({"Created", "Partially Allocated", "Allocated"})
_PAID_IN_FULL = "Paid"
_REFUNDED = frozenset({"Refunded", "Partially Refunded"})


def target(order: SourceOrder, outbound: HubOrder, rules: Rules) -> Wanted:
    """Say where an order is to be in Ordo; or what a person must see to, as nothing leads back there.

    Args:
        order: as Ordo has it.
        outbound: as Flourish has it.
        rules: the connection's rules; whether net terms are synced is chosen in them.
    """
    has_gone = order.status in (DELIVERED, PAID)
    if outbound.status == CANCELLED:
        return Wanted(finding=_cancelled_too_late(order)) if has_gone else Wanted(CANCELLED)
    if outbound.status in _BEFORE_SHIPPING:
        return Wanted(finding=_taken_back(order, outbound)) if has_gone else Wanted(AWAITING)
    if outbound.status not in SENT:
        return Wanted()
    return _sent(order, outbound, is_synced=rules.chosen.get(NET_TERMS_SYNC, True) is True)


def next_move(order: SourceOrder, wanted: str) -> Move | Blocked | None:
    """Go there in one step; None when it is there or beyond, or over. Ordo takes any status that lies ahead.

    Args:
        order: as Ordo has it.
        wanted: a status.
    """
    if order.status in (wanted, CANCELLED):
        return None
    if order.status == PENDING:
        return Blocked("Ordo has taken it back to Pending; its sales rep must confirm it again.")
    if wanted != CANCELLED and LADDER.index(wanted) < LADDER.index(order.status):
        return None
    return Move(wanted, wanted)


COURSE = Course(next_move, target, takes_lines=True)


def _sent(order: SourceOrder, outbound: HubOrder, *, is_synced: bool) -> Wanted:
    """Where an order is to be whose goods have left. Cash is paid with that; net terms once they are paid in
    full, unless somebody in Ordo is to say so."""
    is_in_cash, payment = is_cash(order.term), outbound.payment_status
    is_paid = is_in_cash or (is_synced and payment == _PAID_IN_FULL)
    is_told = is_in_cash or is_synced
    if order.status == PAID and is_told and (payment in _REFUNDED or not is_paid):
        return Wanted(finding=_refunded(outbound))
    return Wanted(PAID if is_paid else DELIVERED)


def _cancelled_too_late(order: SourceOrder) -> Finding:
    return Finding(
        "cancelled_after_delivery",
        f"It was cancelled in Flourish after it was {order.status} in Ordo",
        "Settle it with the customer, and correct the order in Ordo by hand: Trellis undoes nothing there.",
        cause=order.status,
    )


def _taken_back(order: SourceOrder, outbound: HubOrder) -> Finding:
    return Finding(
        "unshipped_after_delivery",
        f"Flourish took the shipment back: it is {outbound.status} there, and {order.status} in Ordo",
        "Ship it in Flourish again, or correct the order in Ordo by hand: Trellis undoes nothing there.",
        cause=order.status,
    )


def _refunded(outbound: HubOrder) -> Finding:
    said = outbound.payment_status
    return Finding(
        "refunded_after_paid",
        f"The order is Paid in Ordo, and its payment in Flourish is {said} now",
        "Settle it with the customer, and correct the order in Ordo by hand: Trellis undoes nothing there.",
        cause=said,
    )
