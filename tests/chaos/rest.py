"""Rest: when a run is over, that is, when nobody has anything left to do."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime

import psycopg
import requests

from tests.chaos.cluster import Cluster
from tests.chaos.history import History
from tests.chaos.people import Order

# A link with a problem may be looked at again now and then, for as long as the problem is there.
_UNFINISHED = """
SELECT 'orders being worked on', count(*) FROM link WHERE lease_until IS NOT NULL
UNION ALL SELECT 'orders due', count(*) FROM link
  WHERE due_at IS NOT NULL AND NOT (state = 'stuck' AND due_at > now())
UNION ALL SELECT 'writes without an outcome', count(*)
  FROM operation JOIN link ON link.id = operation.link_id
  WHERE operation.status IN ('intent', 'unknown') AND link.state <> 'stuck'
UNION ALL SELECT 'polls to come', count(*) FROM stream WHERE last_ok_at IS NULL OR last_ok_at < %s
"""
_KNOWN = "SELECT foreign_id FROM link WHERE kind = 'order'"
_LOOK_SECONDS = 1.0
# Between a webhook's arrival and its mark, or a mark and its claim, nothing is to be seen for a moment.
_QUIET_LOOKS = 3


def wait(
    cluster: Cluster, history: History, orders: Sequence[Order], since: datetime, within: float
) -> float | None:
    """Wait until nothing is left to do, and every list of changes was read since a moment.

    Returns:
        After how many seconds that was; None if not within so many.
    """
    began = last_told = time.monotonic()
    quiet = 0
    while time.monotonic() - began < within:
        for line in cluster.tend():
            history.tell("keeper", "info", line)
        left = list(_left(cluster, orders, since))
        quiet = 0 if left else quiet + 1
        if quiet == _QUIET_LOOKS:
            return time.monotonic() - began
        if left and time.monotonic() - last_told > 10:
            history.tell("rest", "info", f"still to do: {', '.join(left)}")
            last_told = time.monotonic()
        time.sleep(_LOOK_SECONDS)
    history.tell(
        "rest", "fail", f"not at rest within {within:g} s: {', '.join(_left(cluster, orders, since))}"
    )
    return None


def _left(cluster: Cluster, orders: Sequence[Order], since: datetime) -> Iterator[str]:
    try:
        with cluster.database() as database:
            for what, count in database.execute(_UNFINISHED, (since,)):
                if count:
                    yield f"{count} {what}"
            known = {number for (number,) in database.execute(_KNOWN)}
        unknown = sum(order.number not in known for order in orders)
        if unknown:
            yield f"{unknown} orders that Trellis does not know"
        waiting = [
            row for row in cluster.control("GET", "deliveries") if row["state"] in ("waiting", "sending")
        ]
        if waiting:
            yield f"{len(waiting)} webhooks on their way"
    except (psycopg.OperationalError, requests.RequestException) as error:
        yield f"a look ({type(error).__name__})"
