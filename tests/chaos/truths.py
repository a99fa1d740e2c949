"""The truths that a verdict is made of: what both platforms have, what they were asked, what our rows say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.chaos import stock
from tests.chaos.cluster import Cluster
from tests.chaos.stock import Offered

_LINKS = """
SELECT link.foreign_id, link.state, coalesce(link.decision_text, ''), link.former_ids,
       coalesce(array_agg(problem.code) FILTER (WHERE problem.id IS NOT NULL), '{}')
FROM link LEFT JOIN problem ON problem.link_id = link.id AND problem.closed_at IS NULL
WHERE link.kind = 'order' GROUP BY link.id
"""
_PROBLEMS = "SELECT code, count(*) FROM problem GROUP BY code ORDER BY code"


@dataclass(frozen=True)
class Content:
    """What an order holds that buyers edit: SKU and eaches of its lines, sorted, and what people wrote."""

    lines: tuple[tuple[str, Decimal], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class FlourishOrder:
    """An order of Flourish; `number` is the LeafLink order that its note names, or nothing."""

    id: str
    company: str
    status: str
    number: str
    content: Content = Content()

    @property
    def alive(self) -> bool:
        """Whether it is there to be shipped."""
        return self.status != "Cancelled"


@dataclass(frozen=True)
class Ours:
    """What Trellis says about an order: its state, why, the codes of its open problems, and the Flourish
    orders that it left behind when it moved."""

    state: str
    why: str
    problems: tuple[str, ...]
    former_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Request:
    """One request that reached a platform. `about` is the order that its body names, by its short id;
    `told_to_wait` what its answer's Retry-After said, in seconds."""

    time: datetime
    platform: str
    key: str
    method: str
    path: str
    status: int | None
    about: str
    told_to_wait: float = 0.0


@dataclass(frozen=True)
class Truths:
    """Everything that is known at the end of a run. `statuses` are LeafLink's, by order number."""

    statuses: Mapping[str, str]
    flourish: tuple[FlourishOrder, ...]
    ours: Mapping[str, Ours]
    # Every code that was ever opened, and how often.
    problems: Mapping[str, int]
    requests: tuple[Request, ...]
    # (platform, key) -> company.
    keys: Mapping[tuple[str, str], str]
    # What LeafLink's orders hold, by number.
    contents: Mapping[str, Content] = field(default_factory=dict)
    # What LeafLink offers, where products are synced.
    offered: tuple[Offered, ...] = ()


def gather(cluster: Cluster) -> Truths:
    """Read everything once; nothing is changed."""
    state = cluster.control("GET", "state")
    accounts = cluster.control("GET", "accounts")
    with cluster.database() as database:
        links = database.execute(_LINKS).fetchall()
        problems = database.execute(_PROBLEMS).fetchall()
    flourish = tuple(_flourish(row) for row in state["flourish"]["orders"])
    return Truths(
        statuses={row["number"]: row["status"] for row in state["leaflink"]["orders"]},
        flourish=flourish,
        ours={
            number: Ours(state, why, tuple(codes), tuple(former))
            for number, state, why, former, codes in links
        },
        problems=dict(problems),
        requests=tuple(map(_request, ledger(cluster))),
        keys={(row["platform"], row["key"]): row["world"] for row in accounts},
        contents={row["number"]: _ordered(row) for row in state["leaflink"]["orders"]},
        offered=tuple(stock.gather(cluster, state, {order.number for order in flourish if order.alive})),
    )


def ledger(cluster: Cluster) -> Iterable[dict[str, Any]]:
    """Every request that ever reached a platform, oldest first."""
    rows = cluster.control("GET", "ledger")
    found: Iterable[dict[str, Any]] = rows["requests"] if isinstance(rows, dict) else rows
    return found


def _flourish(row: Mapping[str, Any]) -> FlourishOrder:
    notes = [str(note["note"]).split() for note in row["notes"] if note.get("active", 1)]
    named = [words[2] for words in notes if len(words) == 3 and words[0] == "Trellis"]
    lines = sorted((line["sku"], Decimal(str(line["order_qty"]))) for line in row["order_lines"])
    written = tuple(note["note"] for note in row["notes"] if not note["internal_only"])
    content = Content(tuple(lines), written)
    return FlourishOrder(row["id"], row["company"], row["order_status"], named[0] if named else "", content)


def _ordered(row: Mapping[str, Any]) -> Content:
    lines = ((line["frozen_data"]["product"]["sku"], Decimal(line["quantity"])) for line in row["line_items"])
    return Content(tuple(sorted(lines)), (row["notes"],) if row["notes"] else ())


def _request(row: Mapping[str, Any]) -> Request:
    try:
        body = json.loads(row["body"] or "{}")
    except ValueError:
        body = {}
    about = str(body.get("original_order_id") or "") if isinstance(body, dict) else ""
    return Request(
        datetime.fromisoformat(row["time"]),
        row["platform"],
        row["key"] or "",
        row["method"],
        row["path"],
        row["status"],
        about,
        float(row["retry_after"] or 0),
    )
