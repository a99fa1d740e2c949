"""The statuses of an order: they only go forwards, and each says who may still change the order.

The ranks are those of Trellis's assumed contract; that people in Ordo cannot edit an order from Awaiting
Delivery on is what Flourish's article about the integration says.
"""

from typing import Any

from sandbox.errors import BadValue
from sandbox.ordo.refusals import Conflict

PENDING, CONFIRMED, AWAITING = "Pending", "Confirmed", "Awaiting Delivery"
DELIVERED, PAID, CANCELLED = "Delivered", "Paid", "Cancelled"

RANKS = {PENDING: 0, CONFIRMED: 1, AWAITING: 2, DELIVERED: 3, PAID: 4}
STATUSES = (*RANKS, CANCELLED)

# What people in Ordo may do with an order, by its status.
PEOPLES_ACTIONS = {PENDING: ("edit", "confirm", "cancel"), CONFIRMED: ("edit", "cancel")}
ACTIONS = ("confirm", "cancel", "edit")


def status(value: Any) -> str:
    """Read a status, by its exact name.

    Raises:
        BadValue: there is no such status.
    """
    if value not in STATUSES:
        raise BadValue(f"status is one of {', '.join(STATUSES)}.", "status")
    return str(value)


def is_locked(present: str) -> bool:
    """Return whether people in Ordo can no longer edit an order."""
    return present not in PEOPLES_ACTIONS


def moved(present: str, wanted: str) -> str:
    """Return the status that an order gets, which may be the one it has.

    Raises:
        Conflict: it would go backwards, or the order is cancelled, or can no longer be.
    """
    if wanted == present:
        return present
    if present == CANCELLED:
        raise Conflict("status_backwards", "A cancelled order stays cancelled.")
    if wanted == CANCELLED:
        if RANKS[present] >= RANKS[DELIVERED]:
            raise Conflict("status_backwards", f"An order that is {present} cannot be cancelled.")
        return wanted
    if RANKS[wanted] < RANKS[present]:
        raise Conflict("status_backwards", f"An order that is {present} does not go back to {wanted}.")
    return wanted
