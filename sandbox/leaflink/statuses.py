"""The order status machine, as one table, and what each status does to stock."""

from typing import NamedTuple

from sandbox.errors import BadValue

STATUSES = (
    "Draft", "Submitted", "Accepted", "Backorder", "Fulfilled", "Shipped", "Complete", "Rejected", "Combined",
    "Cancelled",
)  # fmt: skip


class Move(NamedTuple):
    """One step that the API offers: from a status, by an action, to a status."""

    start: str
    action: str
    end: str


# The arrows are LeafLink's help pages' and its own example; cancelling is the buyer's, while still Submitted.
MOVES = (
    Move("Draft", "submit", "Submitted"),
    Move("Submitted", "accept", "Accepted"),
    Move("Submitted", "reject", "Rejected"),
    Move("Submitted", "cancel", "Cancelled"),
    Move("Backorder", "accept", "Accepted"),
    Move("Backorder", "reject", "Rejected"),
    Move("Accepted", "fulfill", "Fulfilled"),
    Move("Accepted", "reject", "Rejected"),
    Move("Fulfilled", "ship", "Shipped"),
    Move("Fulfilled", "reject", "Rejected"),
    Move("Shipped", "complete", "Complete"),
    Move("Shipped", "reject", "Rejected"),
)

# What the app lets the seller do and the API does not: the event log has a name for it.
APP_MOVES = (Move("Accepted", "unaccept", "Submitted"),)

ACTIONS = tuple(dict.fromkeys(move.action for move in MOVES))
APP_ACTIONS = (*ACTIONS, *(move.action for move in APP_MOVES))

EVENTS = {
    "Draft": "edited",
    "Submitted": "submitted",
    "Accepted": "accepted",
    "Backorder": "backordered",
    "Fulfilled": "fulfilled",
    "Shipped": "shipped",
    "Complete": "completed",
    "Rejected": "rejected",
    "Combined": "combined",
    "Cancelled": "cancelled",
}

COMBINABLE = ("Submitted", "Accepted", "Backorder", "Fulfilled")
RESERVING = ("Submitted", "Accepted")
TAKEN = ("Fulfilled", "Shipped", "Complete")


def moves_from(status: str, *, in_app: bool = False) -> list[Move]:
    """Return the steps that are open in a status, to the API or in the app, which has more."""
    return [move for move in (*MOVES, *(APP_MOVES if in_app else ())) if move.start == status]


def after(status: str, action: str, *, in_app: bool = False) -> str:
    """Return the status that an action leads to.

    Raises:
        BadValue: the status machine does not offer the action now.
    """
    for move in moves_from(status, in_app=in_app):
        if move.action == action:
            return move.end
    raise BadValue(f"Transition '{action}' is not available for an order that is {status}.")


def status(text: str) -> str:
    """Return a status in LeafLink's own spelling, whatever the case.

    Raises:
        BadValue: there is no such status.
    """
    for each in STATUSES:
        if each.lower() == text.strip().lower():
            return each
    raise BadValue(f'"{text}" is not a valid choice.', "status")


def event(before: str, now: str) -> str:
    """Return the event that a change of status is logged as."""
    return "unaccepted" if (before, now) == ("Accepted", "Submitted") else EVENTS[now]
