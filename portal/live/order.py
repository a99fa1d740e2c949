"""One order as its page shows it; the page and the stream render the same regions from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from portal.live.attempts import Attempts, attempts
from portal.live.expecting import Expected, expected
from portal.live.remedies import Matter, Remedy, remedy_of
from portal.live.shop_order import MONEY_WORDS, ShopOrder, in_words, ladder, shop_order
from portal.models import Link, Operation, Problem, utc_now
from portal.queries import combined, orders
from portal.sync import registry

FLOURISH_LADDER = ("Created", "Partially Allocated", "Allocated", "Shipped", "Completed")

# Beyond this, a look that is due is said to be late: workers are away or busy.
_LATE = timedelta(seconds=60)
_VERDICTS = {
    "new": ("info", "New", "Trellis has seen this order and is about to look at both sides."),
    "waiting": ("warn", "Waiting", ""),
    "settled": ("ok", "Both sides agree", ""),
    "skipped": ("idle", "Not taken", ""),
    "stuck": ("bad", "Stuck", "Somebody has to decide or fix something before this order goes on."),
}
_MONEY_ROWS = (
    ("lines", "Lines"),
    ("discount", "Discount"),
    ("shipping", "Shipping"),
    ("tax", "Tax (has no place in Flourish)"),
    ("credits", "Credits"),
    ("rounding", "Rounding"),
    ("total", "Total"),
)


@dataclass(frozen=True)
class Step:
    """One rung of a status ladder: past, here or ahead."""

    name: str
    place: str


@dataclass(frozen=True)
class Lane:
    """One system's side of an order."""

    label: str
    reference: str
    place: str
    status: str
    steps: Sequence[Step]
    # The status stands on the ladder; one such as Cancelled does not, and is shown beside it.
    on_ladder: bool


@dataclass(frozen=True)
class Verdict:
    """What can be said about both sides together, and what comes next."""

    tone: str
    word: str
    text: str
    next_step: str
    since: datetime
    # Set while a write's result is not known: when Trellis will look whether it took effect.
    settles_at: datetime | None
    # Set when the next look should have happened by now.
    late_since: datetime | None
    looks_at: datetime | None
    # By when the next step normally comes; None where nothing is owed, or nobody can tell.
    expected: Expected | None


@dataclass(frozen=True)
class OrderView:
    """Everything that an order's page shows above and below its story."""

    link: Link
    title: str
    facts: Sequence[str]
    verdict: Verdict
    lanes: Sequence[Lane]
    problems: Sequence[Problem]
    # Tries of writes, by the one that has a row in the story.
    attempts: Attempts
    lines: Sequence[Mapping[str, Any]]
    money: Sequence[tuple[str, str]]
    # What only a shop's order says; None for another.
    shop: ShopOrder | None
    # What Flourish changed by itself, as expected: what, agreed, there.
    drift: Sequence[Sequence[str]]
    deliveries: Sequence[Any]
    # Words, and the orders that they lead to.
    related: Sequence[tuple[str, Sequence[Link]]]
    # Flourish orders that it was before it moved to another facility.
    former_ids: Sequence[str]
    settled: bool

    @property
    def remedies(self) -> Mapping[UUID, Remedy]:
        """Where each problem is put right, by its id: pages, so it is asked for inside a request only."""
        return {one.id: remedy for one in self.problems if (remedy := remedy_of(_matter(one))) is not None}


def view(session: Session, tenant_id: UUID, link_id: UUID) -> OrderView | None:
    """Read an order for its page; None when the tenant has no such order."""
    link = orders.one(session, tenant_id, link_id)
    if link is None:
        return None
    operation = orders.open_operation(session, tenant_id, link_id)
    problems = orders.open_problems(session, tenant_id, link_id)
    snapshot = link.snapshot
    money = snapshot.get("money") or {}
    return OrderView(
        link=link,
        title=link.label or link.foreign_id,
        facts=_facts(snapshot),
        verdict=_verdict(link, operation, orders.reached_at(session, link), utc_now()),
        lanes=(_platform_lane(link), _flourish_lane(link)),
        problems=problems,
        attempts=attempts(orders.operations(session, tenant_id, link_id)),
        lines=snapshot.get("lines") or (),
        money=[
            (label, str(money[key])) for key, label in _money_rows(snapshot) if money.get(key) is not None
        ],
        shop=shop_order(snapshot, registry.platform(link.connection.platform).label),
        drift=snapshot.get("drift") or (),
        deliveries=orders.deliveries(session, tenant_id, link_id),
        related=_related(session, tenant_id, link_id),
        former_ids=[str(one) for one in link.former_ids if one != link.flourish_id],
        settled=link.state in ("settled", "skipped") and operation is None and not problems,
    )


def _money_rows(snapshot: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    if "shop" not in snapshot:
        return _MONEY_ROWS
    return [(key, MONEY_WORDS.get(key, label)) for key, label in _MONEY_ROWS]


def _matter(problem: Problem) -> Matter:
    """What of a problem says where it is put right; on the page of its order that is never the order."""
    return Matter(problem.code, problem.cause, problem.connection_id, problem.evidence)


def _related(session: Session, tenant_id: UUID, link_id: UUID) -> list[tuple[str, list[Link]]]:
    """What an order combines, and what it became part of."""
    ends = (
        ("Combines", combined.originals(session, tenant_id, link_id)),
        ("Became part of", combined.combined_into(session, tenant_id, link_id)),
    )
    return [
        (f"{words} (inferred)" if any(one.inferred for one in found) else words, [one.link for one in found])
        for words, found in ends
        if found
    ]


def _facts(snapshot: Mapping[str, Any]) -> list[str]:
    customer = snapshot.get("customer") or {}
    lines = snapshot.get("lines")
    counted = f"{len(lines)} {'line' if len(lines) == 1 else 'lines'}" if lines else None
    rep = f"rep {snapshot['rep']}" if snapshot.get("rep") else None
    return [fact for fact in (customer.get("name"), customer.get("license"), counted, rep) if fact]


def _verdict(link: Link, operation: Operation | None, reached_at: datetime | None, now: datetime) -> Verdict:
    tone, word, text = _VERDICTS[link.state]
    if link.state == "settled" and link.flourish_id is None:
        tone, word = "idle", "Nothing to do"
    settles_at = operation.settle_at if operation is not None and operation.status == "unknown" else None
    if settles_at is not None:
        tone, word = "warn", "Checking"
    due = link.due_at
    working = link.lease_until is not None and link.lease_until > now
    late = due is not None and due < now - _LATE and not working
    return Verdict(
        tone=tone,
        word=word,
        # The word is said once, beside the sentence.
        text=(link.decision_text or text).removeprefix(f"{word}: "),
        next_step=link.next_step or "",
        since=link.state_since,
        settles_at=settles_at,
        late_since=due if late else None,
        looks_at=due if due is not None and due > now else None,
        expected=expected(
            link.state,
            link.decision_code,
            link.flourish_status,
            since=link.state_since,
            reached_at=reached_at,
            is_held=link.on_hold_since is not None,
        ),
    )


def _platform_lane(link: Link) -> Lane:
    known = link.snapshot.get("platform") or {}
    platform = registry.platform(link.connection.platform)
    status = in_words(link.foreign_status or known.get("status") or "")
    steps, on_ladder = _ladder([in_words(name) for name in platform.status_ladder], status)
    return Lane(
        label=platform.label,
        reference=str(known.get("id") or link.label or link.foreign_id),
        place=link.connection.company_name or link.connection.name,
        status=status or "Not read yet",
        steps=steps,
        on_ladder=on_ladder,
    )


def _flourish_lane(link: Link) -> Lane:
    known = link.snapshot.get("flourish") or {}
    status = link.flourish_status or known.get("status") or ""
    names = ladder(link.snapshot) if "shop" in link.snapshot else FLOURISH_LADDER
    steps, on_ladder = _ladder(names, status)
    return Lane(
        label="Flourish",
        reference=link.flourish_id or "",
        place=str(known.get("facility") or link.snapshot.get("facility") or ""),
        status=status or ("Not read yet" if link.flourish_id else "Not in Flourish"),
        steps=steps,
        on_ladder=on_ladder or not status,
    )


def _ladder(names: Sequence[str], status: str) -> tuple[list[Step], bool]:
    if status not in names:
        return [Step(name, "ahead") for name in names], False
    at = names.index(status)
    places = ("past" if index < at else "here" if index == at else "ahead" for index in range(len(names)))
    return [Step(name, place) for name, place in zip(names, places, strict=True)], True
