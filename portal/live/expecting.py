"""Expecting: by when the next step of an order normally comes, so that an old one is seen. Pure.

Waiting is mostly as it should be: staff pack in hours, buyers change their mind in days. A page that only
says "waiting" hides the order that nobody thinks of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

_SOON, _A_WHILE, _A_DAY = timedelta(minutes=2), timedelta(minutes=15), timedelta(days=1)

# decision -> how long it normally takes, where it is neither Trellis's own next look nor a person's.
_WAITING: Mapping[str, timedelta | None] = {
    "retry": _A_WHILE,
    "unknown": timedelta(minutes=5),
    "credentials": _A_DAY,
    "waits_for_rep": _A_DAY,
    "waits_for_originals": _A_DAY,
    # Only the buyer or a person can tell.
    "status_not_chosen": None,
    "before_go_live": None,
}
# Flourish's status -> how long staff normally take to the next one.
_STAFF: Mapping[str, timedelta] = {
    "Created": _A_DAY,
    "Partially Allocated": _A_DAY,
    "Allocated": timedelta(days=2),
    "Shipped": timedelta(days=7),
    # Of a shop's order: what is packed waits for who comes for it, or for a route.
    "Submitted": _A_DAY,
    "Packed": timedelta(days=2),
    "Out for Delivery": _A_DAY,
}


@dataclass(frozen=True)
class Expected:
    """Within which time the next step normally comes, and since when it is waited for."""

    within: timedelta
    since: datetime

    def is_late(self, now: datetime) -> bool:
        """Whether it takes longer than it normally does."""
        return now - self.since > self.within


def expected(
    state: str,
    decision: str | None,
    flourish_status: str | None,
    *,
    since: datetime,
    reached_at: datetime | None,
    is_held: bool = False,
) -> Expected | None:
    """Say by when the next step of an order normally comes.

    Args:
        state: of its link.
        decision: the code of the last one.
        flourish_status: as last read.
        since: when it came into the state.
        reached_at: when it came into Flourish's status, where that is known.
        is_held: a person holds it.

    Returns:
        None where nothing is owed, or nobody can tell.
    """
    if is_held or state == "skipped":
        return None
    if state == "settled":
        within = _STAFF.get(flourish_status or "")
        return Expected(within, reached_at or since) if within else None
    if state == "stuck":
        return Expected(_A_DAY, since)
    within = _WAITING.get(decision or "", _SOON)
    return Expected(within, since) if within else None
