"""Query parameters as conditions, one table per list; others mean nothing, and are refused."""

from collections.abc import Sequence

from sandbox.clock import parse, stamp
from sandbox.errors import BadValue
from sandbox.ordo.statuses import status
from sandbox.queries import Filter
from sandbox.store import Condition, compare, one_of

PAGING = ("limit", "cursor")


def _since(values: Sequence[str]) -> Condition:
    try:
        moment = stamp(parse(values[-1]))
    except BadValue as error:
        raise BadValue("updated_since is an ISO 8601 date and time.", "updated_since") from error
    return compare("$.updated_at", ">=", moment)


ORDERS: dict[str, Filter] = {
    "status": lambda values: one_of("$.status", [status(each) for each in values]),
    "updated_since": _since,
}
ITEMS: dict[str, Filter] = {
    "sku": lambda values: one_of("$.sku", values),
    "external_id": lambda values: one_of("$.external_id", values),
}
