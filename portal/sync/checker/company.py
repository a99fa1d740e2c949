"""A Flourish company as a whole: which of its orders are ours, and whether each is there once (I1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from portal.sync.checker.report import CounterExample, Seen, seen
from portal.sync.domain import CANCELLED

# How the first internal note of an order of ours begins.
MARK = "Trellis "


@dataclass(frozen=True)
class Owner:
    """An order link as the company sees it. `marker` is the note that its Flourish order carries; those in
    `former_ids` carried it in facilities that the order has left."""

    link_id: UUID
    connection_id: UUID
    number: str
    name: str
    label: str
    flourish_id: str | None
    marker: str
    former_ids: frozenset[str] = frozenset()

    def was_doubled(self, orders: Iterable[str]) -> bool:
        """Whether of the Flourish orders with its note more than one was made for one facility's sake."""
        return len(set(orders) - self.former_ids) > 1


@dataclass
class Company:
    """Flourish orders that carry notes of ours, gathered while orders are read."""

    # Marker -> Flourish id -> status.
    marked: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def saw(self, flourish_id: str, status: str, notes: Iterable[str] | None) -> None:
        """Take an order in by its notes."""
        for note in notes or ():
            if note.startswith(MARK):
                self.marked[note][flourish_id] = status


def once(
    company: Company,
    owners: Iterable[Owner],
    connections: frozenset[UUID],
    where: Callable[[Owner | None, str], str],
) -> tuple[Seen, dict[UUID, list[CounterExample]]]:
    """I1: one order that is not cancelled for each link, and the link names it.

    Args:
        company: the Flourish orders that carry a note of ours.
        owners: all order links of the connections.
        connections: the connections that were looked at.
        where: the page of a link, or of the connection that a note names.

    Returns:
        What is certain, and by link what may be a write on its way: to be believed if it stays.
    """
    by_marker = {owner.marker: owner for owner in owners}
    carried = _carried(company)
    wrong: list[CounterExample] = []
    doubtful: dict[UUID, list[CounterExample]] = defaultdict(list)
    information: list[str] = []
    for marker, orders in company.marked.items():
        owner = by_marker.get(marker)
        alive = sorted(flourish_id for flourish_id, status in orders.items() if status != CANCELLED)
        if owner is None:
            wrong += _orphans(marker, alive, connections, where)
            continue
        if owner.was_doubled(orders):
            information.append(_ever(owner, orders))
        if len(alive) > 1:
            text = f"Flourish has it {len(alive)} times: {', '.join(alive)}"
            wrong.append(CounterExample(owner.name, text, where(owner, marker)))
        elif alive and alive != [owner.flourish_id]:
            text = (
                f"Flourish order {alive[0]} carries its note, and Trellis names {owner.flourish_id or 'none'}"
            )
            doubtful[owner.link_id].append(CounterExample(owner.name, text, where(owner, marker)))
    for owner in by_marker.values():
        others = carried.get(owner.flourish_id or "", set()) - {owner.marker}
        if others and owner.marker not in carried[owner.flourish_id or ""]:
            text = f"Flourish order {owner.flourish_id} carries the note of another order: {min(others)}"
            wrong.append(CounterExample(owner.name, text, where(owner, owner.marker)))
    looked = sum(owner.flourish_id is not None for owner in by_marker.values())
    found = seen(looked, wrong)
    return Seen(found.looked, found.wrong, tuple(information)), doubtful


def _carried(company: Company) -> dict[str, set[str]]:
    """Flourish id -> the notes of ours that it carries."""
    carried: dict[str, set[str]] = defaultdict(set)
    for marker, orders in company.marked.items():
        for flourish_id in orders:
            carried[flourish_id].add(marker)
    return carried


def _orphans(
    marker: str, alive: list[str], connections: frozenset[UUID], where: Callable[[Owner | None, str], str]
) -> list[CounterExample]:
    """Orders whose note names a connection that was looked at, and an order that Trellis does not know."""
    words = marker.split()
    if len(words) != 3 or words[1] not in {str(connection) for connection in connections}:
        return []
    return [
        CounterExample(
            f"Flourish order {flourish_id}",
            f"it carries the note {marker!r}, and no order of that connection is known",
            where(None, marker),
        )
        for flourish_id in alive
    ]


def _ever(owner: Owner, orders: dict[str, str]) -> str:
    shown = ", ".join(f"{flourish_id} ({status})" for flourish_id, status in sorted(orders.items()))
    return f"{owner.name} was created {len(orders)} times in all: {shown}"
