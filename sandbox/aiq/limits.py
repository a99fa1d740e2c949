"""AIQ's rate limit: 20 requests a second for each key, as its documentation says.

It names two headers and no `Retry-After`. The ban that follows on going on regardless is not played.
"""

from sandbox.rates import Rates, Standing
from sandbox.store import Store

PER_SECOND = 20
SETTING = "aiq_per_second"


def rates(store: Store) -> Rates | None:
    """Return the rate as it is set, or None while there is no limit."""
    per_second = store.setting(SETTING, PER_SECOND)
    return Rates(0, burst=0, per_second=per_second) if per_second else None


def headers(standing: Standing) -> dict[str, str]:
    """Return the headers that tell how a key stands."""
    return {"X-RateLimit-Limit": str(standing.limit), "X-RateLimit-Remaining": str(standing.remaining)}
