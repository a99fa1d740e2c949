"""Query parameters as conditions, one table for each list; others mean nothing, and are refused."""

from collections.abc import Callable, Collection, Mapping, Sequence

from werkzeug.datastructures import MultiDict

from sandbox.errors import BadValue
from sandbox.store import Condition

Filter = Callable[[Sequence[str]], Condition]


def conditions(
    table: Mapping[str, Filter], query: MultiDict[str, str], paging: Collection[str]
) -> list[Condition]:
    """Return the conditions that a query asks for.

    Args:
        table: what a list can be filtered by.
        query: the parameters.
        paging: those that are no filter.

    Raises:
        BadValue: a parameter is unknown, or its value cannot be read.
    """
    for name in query:
        if name not in table and name not in paging:
            raise BadValue(f"Unknown parameter: {name}.", name)
    return [read(query.getlist(name)) for name, read in table.items() if name in query]
