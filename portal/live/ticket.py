"""The ticket: an order's story as plain text for support, with no personal data in it, whoever copies it.

A ticket leaves Trellis: it goes into mails and other companies' systems. Numbers, licenses and SKUs stay,
without which nobody finds anything; people and customers become what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from portal.live.order import OrderView
from portal.models import Operation, TimelineEvent
from portal.sync.blame import blame_of
from portal.sync.personal import hide

_CUSTOMER, _REP, _SOMEBODY = "the customer", "the sales rep", "somebody"
_SHORTEST_NAME = 3
_BLAMES = {
    "trellis": "Trellis failed",
    "refused": "the other side refused it",
    "account": "the connection",
    "data": "the data",
    "decision": "a decision",
}


def ticket(view: OrderView, events: Sequence[TimelineEvent], address: str) -> str:
    """Write an order's story for a ticket.

    Args:
        view: the order as its page shows it.
        events: its story.
        address: of its page.
    """
    text = "\n".join(_rows(view, events))
    for name, word in sorted(_names(view, events).items(), key=lambda one: -len(one[0])):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", word, text)
    return f"{address}\n{hide(text)}\n"


def _rows(view: OrderView, events: Sequence[TimelineEvent]) -> Iterator[str]:
    verdict, link = view.verdict, view.link
    yield f"Order {view.title}"
    yield from (f"{lane.label}: {lane.status} {lane.reference}".rstrip() for lane in view.lanes)
    yield f"{verdict.word}: {verdict.text}"
    yield f"Next: {verdict.next_step or 'nothing is expected'}"
    if verdict.expected is not None:
        due = verdict.expected
        yield f"Waited for since {_utc(due.since)} UTC; normally it takes at most {due.within}"
    if link.on_hold_since is not None:
        yield f"On hold since {_utc(link.on_hold_since)} UTC: {link.on_hold_because}"
    if view.former_ids:
        yield f"Moved; in Flourish it was before: {', '.join(view.former_ids)}"
    for words, links in view.related:
        yield f"{words}: {', '.join(one.label or one.foreign_id for one in links)}"
    for row in view.problems:
        whose = _BLAMES[blame_of(row.code)]
        yield f"Problem {row.code} ({whose}) since {_utc(row.opened_at)} UTC: {row.title} {row.text}".rstrip()
    yield ""
    yield "Story (times in UTC)"
    for event in events:
        yield f"{_utc(event.at)}  {event.side:8}  {_who(event)}: {event.title} {event.text}".rstrip()
        yield from _tries(view.attempts.before.get(event.operation_id, ()) if event.operation_id else ())
    if view.attempts.going_on:
        yield "Tries that came to nothing so far"
        yield from _tries(view.attempts.going_on)
    yield ""
    yield f"Order {link.id}, connection {link.connection_id}, decision {link.decision_code}"


def _tries(operations: Iterable[Operation]) -> Iterator[str]:
    for one in operations:
        yield f"  {_utc(one.intent_at)}  tried {one.kind}: {one.status}, {one.error or 'no reason known'}"


def _who(event: TimelineEvent) -> str:
    """What somebody is, not their name: "Harbor Wellness, LeafLink" is somebody of LeafLink."""
    if event.side == "trellis":
        return event.actor if event.actor.startswith("Trellis") else _SOMEBODY
    name, comma, where = event.actor.rpartition(", ")
    return f"{_SOMEBODY}, {where}" if comma and name else event.actor


def _names(view: OrderView, events: Sequence[TimelineEvent]) -> Mapping[str, str]:
    """Names that must not be in it, and what stands there instead."""
    snapshot = view.link.snapshot
    found = {str((snapshot.get("customer") or {}).get("name") or ""): _CUSTOMER}
    found[str(snapshot.get("rep") or "")] = _REP
    found[view.link.on_hold_by or ""] = _SOMEBODY
    for event in events:
        is_person = event.side == "trellis" and not event.actor.startswith("Trellis")
        name = event.actor if is_person else event.actor.rpartition(", ")[0]
        found.setdefault(name.partition(" (")[0], _SOMEBODY)
    kept = {"Flourish staff", "Flourish", "Trellis"}
    return {name: word for name, word in found.items() if len(name) >= _SHORTEST_NAME and name not in kept}


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
