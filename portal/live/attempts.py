"""Attempts: tries of the same write, told as one. Those that came to nothing stand with the one that did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from portal.models import Operation

# Outcomes that end a row of tries: what comes after is a new matter.
_ENDS = ("ok", "refused")


@dataclass(frozen=True)
class Attempts:
    """The tries of an order's writes."""

    # Before a try that has a row in the story: those that came to nothing, the first one first.
    before: Mapping[UUID, Sequence[Operation]] = field(default_factory=dict)
    # Those after which none has come to anything yet.
    going_on: Sequence[Operation] = ()


def attempts(operations: Sequence[Operation]) -> Attempts:
    """Group an order's writes, oldest first, by what they try to do."""
    tries: dict[tuple[str, str], list[Operation]] = {}
    before: dict[UUID, Sequence[Operation]] = {}
    for one in operations:
        same = tries.setdefault((one.kind, one.natural_key), [])
        if same:
            before[one.id] = tuple(same)
        if one.status in _ENDS:
            same.clear()
        else:
            same.append(one)
    # Only one write of an order goes on at a time: tries of an older one were given up.
    last = operations[-1] if operations else None
    going_on = tries[last.kind, last.natural_key] if last is not None else []
    return Attempts(before, tuple(one for one in going_on if one.status == "abandoned"))
