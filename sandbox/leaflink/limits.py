"""LeafLink's rate limit: so many requests a minute for a key's owner, in bursts too, and so many a second."""

from sandbox.rates import Rates
from sandbox.store import Store

PER_MINUTE = 300
BURST = 1000
# Eight a second is said of LeafLink's newer API alone, so that this one starts without.
PER_SECOND = 0


def rates(store: Store) -> Rates | None:
    """Return the rates as they are set, or None while they are lifted."""
    per_minute = store.setting("leaflink_rate_limit", PER_MINUTE)
    per_second = store.setting("leaflink_per_second", PER_SECOND)
    if not per_minute and not per_second:
        return None
    return Rates(per_minute or 0, store.setting("leaflink_burst", BURST), per_second or 0)
