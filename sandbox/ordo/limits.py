"""Ordo's rate limit. None is known, so that there is none until the control API sets one."""

from sandbox.rates import Rates
from sandbox.store import Store

PER_MINUTE = 0
SETTING = "ordo_rate_limit"


def rates(store: Store) -> Rates | None:
    """Return the rate as it is set, or None while there is no limit: a minute's requests may come at once."""
    per_minute = store.setting(SETTING, PER_MINUTE)
    return Rates(per_minute, burst=2 * per_minute) if per_minute else None
