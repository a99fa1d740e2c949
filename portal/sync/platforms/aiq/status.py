"""Where an order stands in AIQ, and where it is to be by its status in Flourish (AQ-10). Pure."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from portal.sync import retail
from portal.sync.course import Course, Move, Wanted
from portal.sync.decisions import Finding, Rules
from portal.sync.domain import SourceOrder, Stage
from portal.sync.platforms.aiq.terms import BY_POS, DELIVERY, SHIPPING
from portal.sync.retail import HubOrder
from portal.sync.shopping import ShopOrder

PENDING, CONFIRMED, CHECKED_IN, READY = "PENDING", "CONFIRMED", "CHECKED_IN", "READY_FOR_PICKUP"
ON_ITS_WAY, CLOSED, CANCELLED = "OUT_FOR_DELIVERY", "CLOSED", "CANCELLED"
LADDER = (CONFIRMED, READY, CHECKED_IN, ON_ITS_WAY, CLOSED)

# Pending can be edited still, so that it is the shop's; the last three are in AIQ's list of webhooks or in an
# example alone.
STAGES = MappingProxyType(
    {
        PENDING: Stage.DRAFT,
        CONFIRMED: Stage.OPEN,
        CHECKED_IN: Stage.OPEN,
        READY: Stage.OPEN,
        ON_ITS_WAY: Stage.OPEN,
        CLOSED: Stage.FINISHED,
        CANCELLED: Stage.CANCELLED,
        "SHIPPED": Stage.OPEN,
        "DELIVERED": Stage.FINISHED,
        "COMPLETED": Stage.FINISHED,
    }
)

# The setting by which Packed moves an order whose shopper has checked in already; off, it stays so.
CHECKED_IN_YIELDS = "checked_in_yields"

_QUIET = frozenset({retail.CREATED, retail.SUBMITTED})
_LEADS_TO = MappingProxyType(
    {
        retail.PACKED: READY,
        retail.ON_THE_WAY: ON_ITS_WAY,
        retail.COMPLETED: CLOSED,
        retail.CANCELLED: CANCELLED,
        retail.UNDELIVERABLE: CANCELLED,
    }
)
_ENDS = MappingProxyType(
    {
        retail.COMPLETED: Stage.FINISHED,
        retail.CANCELLED: Stage.CANCELLED,
        retail.UNDELIVERABLE: Stage.CANCELLED,
    }
)
# Flourish hands these over by a route only; that goods which are sent count among them is assumed.
_ROUTED = frozenset({DELIVERY, SHIPPING})

WAITS_FOR_ROUTE = "packed, waiting for route"
WAITS_AT_COUNTER = "packed, the shopper has checked in"


def stage_of(status: str) -> Stage:
    """Say where an order with a status stands. One that nobody knows counts as open: its goods stay held."""
    return STAGES.get(status, Stage.OPEN)


def target(order: SourceOrder, made: HubOrder, rules: Rules) -> Wanted:
    """Say where an order is to be in AIQ. Where AIQ is only read, it stays where it is.

    Args:
        order: as AIQ has it, a `ShopOrder`.
        made: as Flourish has it.
        rules: the connection's.
    """
    if not isinstance(order, ShopOrder):
        raise TypeError("AIQ has orders of people only")
    yields = rules.chosen.get(CHECKED_IN_YIELDS) is True
    found = wanted(order, made.status, checked_in_yields=yields)
    if rules.writes or not found.status:
        return found
    return replace(found, status="", note=f"AIQ is only read, so that it is not told of {found.status}")


def next_move(order: SourceOrder, status: str) -> Move | None:
    """Go there in one step: AIQ takes any status of an order that is not over."""
    return None if order.status == status else Move(status, status)


COURSE = Course(next_move, target)


def wanted(order: ShopOrder, flourish_status: str, *, checked_in_yields: bool = False) -> Wanted:
    """Say where an order is to be.

    Args:
        order: as AIQ has it.
        flourish_status: as Flourish writes it.
        checked_in_yields: whether Packed moves an order whose shopper has checked in.
    """
    name = retail.retail_status(flourish_status)
    if name not in _QUIET and name not in _LEADS_TO:
        return Wanted(finding=_unknown(flourish_status))
    if order.is_over:
        return _over(order, name, flourish_status)
    if name in _QUIET:
        return Wanted()
    if name == retail.PACKED:
        return _packed(order, checked_in_yields=checked_in_yields)
    status = _LEADS_TO[name]
    finding = None
    if name == retail.ON_THE_WAY and order.hand_over not in _ROUTED:
        finding = _on_a_route(order)
    return Wanted(status if status != order.status else "", finding=finding)


def _packed(order: ShopOrder, *, checked_in_yields: bool) -> Wanted:
    """Packed is ready for who comes for it. In Flourish a delivery is packed before it is put on a route:
    AIQ's message that it is ready would mislead the shopper."""
    if order.hand_over in _ROUTED:
        waits = WAITS_FOR_ROUTE if order.status == CONFIRMED else ""
        return Wanted(note=waits, finding=_shipped(order) if order.hand_over == SHIPPING else None)
    if order.status == CHECKED_IN and not checked_in_yields:
        return Wanted(note=WAITS_AT_COUNTER)
    # Out for Delivery and what nobody knows are not taken back.
    return Wanted(READY if order.status in (CONFIRMED, CHECKED_IN) else "")


def _over(order: ShopOrder, name: str, shown: str) -> Wanted:
    """An order that is over in AIQ is never moved again; where Flourish says otherwise a person is told."""
    stage = stage_of(order.status)
    if _ENDS.get(name) is stage:
        return Wanted()
    if stage is Stage.FINISHED or name == retail.COMPLETED:
        return Wanted(finding=_ended_otherwise(order, shown))
    # By us, once it was undeliverable: staff put it on a route again.
    return Wanted(
        finding=_reopened(order, shown) if order.cancelled_by == BY_POS else _to_cancel(order, shown)
    )


def _unknown(status: str) -> Finding:
    return Finding(
        "unknown_status",
        f"Flourish has a status that Trellis does not know: {status.strip()[:60] or 'none'}",
        "Nothing is written to AIQ. Tell the operator of Trellis; the order is read again and again.",
        cause=_cause(status),
    )


def _cause(status: str) -> str:
    """A status as what sets problems apart: one that is written differently is no other."""
    return " ".join(retail.retail_status(status).split()).casefold()[:60]


def _on_a_route(order: ShopOrder) -> Finding:
    return Finding(
        "route_for_pickup",
        f"It is out for delivery in Flourish, and {order.hand_over} in AIQ",
        "Ask the shopper what was agreed. AIQ shows it as out for delivery.",
        cause=order.hand_over,
    )


def _shipped(order: ShopOrder) -> Finding:
    return Finding(
        "shipping_unknown",
        "AIQ says that the goods are sent, and Flourish has no such way to hand them over",
        "Agree on pickup or delivery with the shopper. Trellis treats it as a delivery.",
        cause=order.hand_over,
    )


def _ended_otherwise(order: ShopOrder, shown: str) -> Finding:
    return Finding(
        "ended_otherwise",
        f"It is {order.status} in AIQ for good, and {shown} in Flourish",
        "Settle it with the shopper, and correct one side by hand: what is over in AIQ stays as it is.",
        cause=f"{order.status}, {_cause(shown)}",
    )


def _reopened(order: ShopOrder, shown: str) -> Finding:
    return Finding(
        "reopened_in_flourish",
        f"It was taken up again in Flourish, where it is {shown}, after it was {order.status} in AIQ",
        "Tell the shopper that it comes after all, or cancel it in Flourish again: AIQ cannot reopen it.",
        cause=_cause(shown),
    )


def _to_cancel(order: ShopOrder, shown: str) -> Finding:
    return Finding(
        "cancel_in_flourish",
        f"It was cancelled in AIQ by the {order.cancelled_by.lower() or 'shop'}, and is {shown} in Flourish",
        "Cancel it in Flourish: Trellis cannot. Its goods stay held until then.",
        cause=order.cancelled_by,
    )
