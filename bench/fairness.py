"""A company with a very long queue beside one with a few orders: what the second one notices of the first."""

from __future__ import annotations

from collections.abc import Iterator

from bench.figures import Figure, percentile
from bench.machine import Demo, demo
from bench.orders import LINES, ORDERS, PACE_SECONDS, paced_orders

ROWS = 100_000
NOISY, QUIET = "sunrise", "greenleaf"
_MOST_MORE = 20

# Orders that LeafLink does not know: a look costs its call, the decision, and the problem it ends with.
_QUEUE = """
    INSERT INTO link (id, tenant_id, connection_id, hub_id, kind, foreign_id, label)
    SELECT gen_random_uuid(), c.tenant_id, c.id, c.hub_id, 'order', 'bench-' || n, 'bench-' || n
    FROM connection c JOIN tenant t ON t.id = c.tenant_id, generate_series(1, %s) n
    WHERE t.slug = %s
"""
_LOOKED_AT = """
    SELECT count(*) FROM link WHERE foreign_id LIKE 'bench-%' AND done_seq > 0
"""


def measure() -> Iterator[Figure]:
    """Pace the quiet company's orders without and with the other's queue, at the limits that ship; then with
    the limits lifted, when the queue takes all of the machine that it is given."""
    with demo() as product:
        without = paced_orders(product)
        _queue_up(product)
        beside = paced_orders(product)
        looked_at = _looked_at(product)
        product.lift_limits()
        lifted = paced_orders(product)
        looked_at_lifted = _looked_at(product) - looked_at
    samples = f"{ORDERS} orders of {LINES} lines, one each {PACE_SECONDS:g} s"
    alone, noisy = percentile(without, 0.95), percentile(beside, 0.95)
    yield Figure("order in Flourish, p95, nobody else works", alone, "s", samples)
    behind = f"{samples}, {looked_at} of {ROWS} done meanwhile"
    yield Figure(f"  beside {ROWS} due rows of another company", noisy, "s", behind)
    yield Figure("  that is more by", 100 * (noisy / alone - 1), "%", "", at_most=_MOST_MORE)
    behind = f"{samples}, {looked_at_lifted} done meanwhile"
    yield Figure("  without any limit of calls", percentile(lifted, 0.95), "s", behind)


def _queue_up(product: Demo) -> None:
    with product.database() as database:
        database.execute(_QUEUE, (ROWS, NOISY))
        database.execute("ANALYZE link")


def _looked_at(product: Demo) -> int:
    with product.database() as database:
        row = database.execute(_LOOKED_AT).fetchone()
    return int(row[0]) if row else 0
