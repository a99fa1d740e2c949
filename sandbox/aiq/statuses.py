"""The statuses of an order, and who may change it when.

AIQ's settings say that a Pending order can still be edited and that Confirmed is what is pushed to the point
of sale. What its API would refuse is not known; assumed is that a closed or cancelled order stays so, that
nothing becomes Pending again, and that a Pending order is the shop's alone.
"""

from sandbox.aiq.refusals import Conflict
from sandbox.aiq.terms import word

PENDING, CONFIRMED, CHECKED_IN, READY = "PENDING", "CONFIRMED", "CHECKED_IN", "READY_FOR_PICKUP"
ON_ITS_WAY, CLOSED, CANCELLED = "OUT_FOR_DELIVERY", "CLOSED", "CANCELLED"
STATUSES = (PENDING, CONFIRMED, CHECKED_IN, READY, ON_ITS_WAY, CLOSED, CANCELLED)
FINAL = (CLOSED, CANCELLED)

# What people do with an order, by its status.
CONFIRM, CHECK_IN, CANCEL = "confirm", "check-in", "cancel"
ACTIONS = (CONFIRM, CHECK_IN, CANCEL)
PEOPLES_ACTIONS = {
    PENDING: (CONFIRM, CANCEL),
    CONFIRMED: (CHECK_IN, CANCEL),
    READY: (CHECK_IN, CANCEL),
    CHECKED_IN: (CANCEL,),
    ON_ITS_WAY: (CANCEL,),
}
BECOMES = {CONFIRM: CONFIRMED, CHECK_IN: CHECKED_IN, CANCEL: CANCELLED}


def status(value: object) -> str:
    """Read a status, by its exact name.

    Raises:
        BadValue: there is no such status.
    """
    return word(value, "status", STATUSES)


def acted(present: str, action: str) -> str:
    """Return the status that an order gets by what a person does.

    Raises:
        Conflict: it cannot be done now.
    """
    if action not in PEOPLES_ACTIONS.get(present, ()):
        raise Conflict(f"An order that is {present} cannot be given a {action}.")
    return BECOMES[action]


def moved(present: str, wanted: str) -> str:
    """Return the status that an order gets by the API, which may be the one that it has.

    Raises:
        Conflict: it is the shop's still, over, or would be Pending again.
    """
    if wanted == present:
        return present
    if present == PENDING:
        raise Conflict("An order that is PENDING is the shop's until it is confirmed.")
    if present in FINAL:
        raise Conflict(f"An order that is {present} stays so.")
    if wanted == PENDING:
        raise Conflict(f"An order that is {present} does not become PENDING again.")
    return wanted
