"""How an order moves on LeafLink: which step comes next, and whether LeafLink offers it. Pure."""

from __future__ import annotations

from types import MappingProxyType

from portal.sync.course import Blocked, Course, Move
from portal.sync.domain import SourceOrder

LADDER = ("Submitted", "Accepted", "Fulfilled", "Shipped", "Complete")
TERMINAL = frozenset({"Cancelled", "Rejected", "Combined", "Complete"})

# Trellis's own default: the cells of the source's table are lost (LL-17).
DEFAULT_TABLE = MappingProxyType(
    {
        "Partially Allocated": "Accepted",
        "Allocated": "Fulfilled",
        "Shipped": "Shipped",
        "Completed": "Complete",
        "Cancelled": "Cancelled",
    }
)

# State as `available_transitions` writes it -> the action that leads there (API: transition/{action}/).
_ACTIONS = MappingProxyType(
    {
        "submitted": ("submit", "Submitted"),
        "accepted": ("accept", "Accepted"),
        "fulfilled": ("fulfill", "Fulfilled"),
        "shipped": ("ship", "Shipped"),
        "complete": ("complete", "Complete"),
        "completed": ("complete", "Complete"),
        "cancelled": ("cancel", "Cancelled"),
        "rejected": ("reject", "Rejected"),
    }
)

# A backordered order is accepted once it is back in stock (help centre): it stands where Submitted does.
_RANK = MappingProxyType({**{status: rank for rank, status in enumerate(LADDER)}, "Backorder": 0})


def next_move(order: SourceOrder, target: str) -> Move | Blocked | None:
    """Choose the one next step towards a status; None when the order is there, beyond it, or at an end.

    Args:
        order: as LeafLink has it now: `transitions` is the authority on what is possible.
        target: a status of LeafLink.
    """
    if order.status in TERMINAL or order.status == target:
        return None
    if target in ("Cancelled", "Rejected"):
        return _ending(order, target)
    here, there = _RANK.get(order.status), _RANK.get(target)
    if there is None:
        return Blocked(f"LeafLink has no way to {target}.")
    if here is None:
        return Blocked(f"The order is {order.status} in LeafLink; its seller must submit it first.")
    return None if here >= there else _offered(order, LADDER[here + 1])


def _ending(order: SourceOrder, target: str) -> Move | Blocked:
    """Sellers can cancel only where LeafLink offers it, and otherwise reject (LL-17)."""
    if target == "Cancelled":
        cancel = _offered(order, "Cancelled")
        if isinstance(cancel, Move):
            return cancel
    return _offered(order, "Rejected")


def _offered(order: SourceOrder, status: str) -> Move | Blocked:
    for state in order.transitions:
        action, to = _ACTIONS.get(state.lower(), ("", ""))
        if to == status:
            return Move(action, to)
    offered = ", ".join(_ACTIONS.get(state, ("", state))[1] for state in order.transitions) or "nothing"
    return Blocked(
        f"LeafLink does not offer {status} for this order: it is {order.status}, offered: {offered}."
    )


# Flourish's status alone moves it, by the table.
COURSE = Course(next_move)
