"""Rows as the engine would have left them, as lines for COPY. No value holds a tab or a backslash."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bench.monitoring.orders import Chance, Order, Seller
from portal.queries.search import keys

# Table -> its columns, in the order of the lines below.
COLUMNS = {
    "link": "id, tenant_id, connection_id, hub_id, kind, foreign_id, flourish_kind, flourish_id, done_seq,"
    " due_at, event_head, snapshot, foreign_status, flourish_status, looked_at, state, state_since,"
    " decision_code, decision_text, next_step, label, placed_at, created_at",
    "search_term": "link_id, tenant_id, kind, term, is_number",
    "operation": "id, tenant_id, connection_id, hub_id, link_id, kind, system, natural_key, once, request,"
    " changes, why, prompted_by, prompted_at, status, fence, intent_at, sent_at, finished_at, response_ref,"
    " http_status, duration_ms",
    "timeline_event": "id, tenant_id, link_id, seq, at, side, tone, actor, how, title, text, detail",
    "delivery": "id, tenant_id, source_id, platform, dedupe_key, topic, foreign_ref, received_at, headers,"
    " link_id, outcome, outcome_text, outcome_at",
    "problem": "id, tenant_id, connection_id, link_id, subject_id, code, cause, title, text, next_step, who,"
    " opened_at, last_seen_at",
    "run": "id, tenant_id, connection_id, kind, state, started_at, heartbeat_at, finished_at, worker, counts",
    "log_line": "connection_id, number, tenant_id, run_id, link_id, at, level, entity, text, raw",
}
_NULL = "\\N"
# State -> decision, why, next step.
_DECISIONS = {
    "settled": ("agree", "Both sides agree.", "Staff ship it in Flourish; LeafLink will follow to Shipped."),
    "stuck": ("problem", "It waits until somebody decides or fixes something.", "See the problems below."),
    "skipped": (
        "status_not_taken",
        "Not taken: orders come in once they are Accepted, and this one is Draft.",
        "Accept it in LeafLink.",
    ),
    "waiting": ("waits", "Flourish answered that it is busy.", "Trellis tries again by itself."),
}
_STORY = (
    ("platform", "plain", "Harbor Wellness, LeafLink", "webhook", "Order submitted, 3 lines, $1,842.00"),
    ("trellis", "plain", "Trellis", "", "Trellis decided"),
    ("trellis", "ok", "Trellis", "POST outbound order, 412 ms", "Created in Flourish"),
    ("flourish", "plain", "Flourish staff", "webhook", "Allocated"),
    ("trellis", "ok", "Trellis", "POST transition, 180 ms", "Moved to Accepted in LeafLink"),
    ("flourish", "plain", "Flourish staff", "poll", "Shipped"),
)
# Kind, system, and whether it is made once only: the first write to an order, and what follows.
_CREATED = ("create_order", "flourish", "t")
_FOLLOWED = (
    ("move", "leaflink", "f"),
    ("tell_platform", "leaflink", "f"),
    ("update_order", "flourish", "f"),
    ("set_term", "leaflink", "f"),
)
_CODES = ("sku_unknown", "license_unknown", "lot_missing", "rep_missing", "money_off")
_SAID = (
    ("info", "LeafLink says Accepted (webhook)"),
    ("info", "Looked at both sides: nothing to do"),
    ("done", "Created in Flourish, 412 ms"),
    ("info", "Flourish says Allocated (webhook)"),
    ("done", "Moved to Accepted in LeafLink, 180 ms"),
    ("wait", "Flourish is busy: again in 30 s"),
    ("info", "Looked at both sides: nothing to do"),
    ("stuck", "SKU is unknown in Flourish"),
    ("info", "Flourish says Shipped (poll)"),
)


@dataclass(frozen=True, slots=True)
class Run:
    """One stretch of work."""

    id: str
    seller: Seller
    at: datetime


def _row(*values: object) -> str:
    return "\t".join([_NULL if value is None else str(value) for value in values]) + "\n"


def link(order: Order, events: int) -> str:
    """The order itself, as it was read last."""
    company = order.seller.company
    code, why, step = _DECISIONS.get(order.state, (None, None, None))
    looked = None if order.state == "new" else order.at + timedelta(hours=3)
    return _row(
        order.link_id, company.id, order.seller.connection_id, company.hub_id, "order", order.number,
        "order" if order.flourish_id else None, order.flourish_id or None, 1,
        datetime.now().astimezone() + timedelta(hours=1) if order.state == "waiting" else None,
        events, _snapshot(order) if looked else "{}", "Accepted" if looked else None,
        "Allocated" if order.flourish_id else None, looked, order.state, order.at, code, why, step,
        order.label, order.at, order.at,
    )  # fmt: skip


def _snapshot(order: Order) -> str:
    lines = [
        {
            "sku": sku,
            "name": f"Item {sku}, 3.5 g",
            "eaches": "24",
            "unit_price": "4.7500",
            "line_total": "114.00",
            "note": "1 × case of 24",
        }
        for sku in order.skus
    ]
    shown = {
        "customer": {"name": order.customer.name, "license": order.customer.license},
        "facility": "Oakland DC",
        "total": "1842.00",
        "lines": lines,
        "shared": {"lines": lines, "status": "Accepted", "total": "1842.00"},
        "money": {"lines": "1842.00", "discount": "0.00", "rounding": "0.00", "total": "1842.00"},
        "platform": {"id": order.number, "status": "Accepted"},
        "words": [order.number, order.label, order.customer.name, order.customer.license, *order.skus],
    }
    if order.flourish_id:
        shown["flourish"] = {"id": order.flourish_id, "status": "Allocated", "facility": "Oakland DC"}
    return json.dumps(shown, ensure_ascii=False)


def terms(order: Order) -> Iterator[str]:
    """The words by which it is found."""
    known = order.customer
    numbers = keys((order.number, order.label, order.flourish_id, order.purchase_order))
    words = () if order.state == "new" else (known.name, known.license, *known.name.split(), *order.skus)
    for term in numbers | keys(words):
        yield _row(order.link_id, order.seller.company.id, "order", term, "ft"[term in numbers])


def operation(chance: Chance, order: Order, which: int) -> str:
    """One of the writes that brought it to Flourish, and told LeafLink of it."""
    company = order.seller.company
    request = json.dumps({"original_order_id": order.label, "lines": [{"sku": sku} for sku in order.skus]})
    changes = '[["Status", "Submitted", "Accepted"]]'
    prompt = f"{order.customer.name}, LeafLink: Order submitted, 3 lines"
    kind, system, once = _CREATED if which == 1 else _FOLLOWED[which % len(_FOLLOWED)]
    changed = order.at + timedelta(minutes=which - 1)
    at = changed + timedelta(seconds=chance.draw.expovariate(0.5))
    return _row(
        chance.uuid(at), company.id, order.seller.connection_id, company.hub_id, order.link_id, kind,
        system, f"{kind}:{order.number}:{which}", once, request, changes, "Both sides agree.", prompt,
        changed, "ok", 1, at, at, at, order.flourish_id, 201, 412,
    )  # fmt: skip


def event(chance: Chance, order: Order, seq: int) -> str:
    """A row of its story."""
    at = order.at + timedelta(minutes=seq)
    side, tone, actor, how, title = _STORY[(seq - 1) % len(_STORY)]
    detail = '{"changes": [["Status", "Submitted", "Accepted"]]}' if side != "trellis" else "{}"
    text = "Staff see to it in Flourish; Trellis looks again when something changes."
    company = order.seller.company
    return _row(
        chance.uuid(at), company.id, order.link_id, seq, at, side, tone, actor, how, title, text, detail
    )


def delivery(chance: Chance, order: Order) -> str:
    """The webhook that told of it, whose body was cleared since."""
    seller, at = order.seller, order.at
    digest = f"\\\\x{chance.draw.getrandbits(256):064x}"
    return _row(
        chance.uuid(at), seller.company.id, seller.connection_id, "leaflink", digest, "order.updated",
        order.number, at, "{}", order.link_id, "applied", "The order was looked at.", at,
    )  # fmt: skip


def problem(chance: Chance, order: Order, which: int) -> str:
    """One of the things that hold it up."""
    code = _CODES[(order.place + which) % len(_CODES)]
    cause = {"sku_unknown": order.skus[0], "license_unknown": order.customer.license}.get(code, "")
    cause = f"LOT-{order.place % 800:04d}" if code == "lot_missing" else cause
    seller, at = order.seller, order.at + timedelta(seconds=which)
    return _row(
        chance.uuid(at), seller.company.id, seller.connection_id, order.link_id, order.link_id, code, cause,
        f"{code.replace('_', ' ').capitalize()} {cause}".rstrip(), "What is near differs in case only.",
        "Correct it in LeafLink or in Flourish.", "tenant", at, at,
    )  # fmt: skip


def run(each: Run) -> str:
    """A run that is over."""
    seller, end = each.seller, each.at + timedelta(minutes=4)
    return _row(
        each.id, seller.company.id, seller.connection_id, "drain", "done", each.at, end, end, "worker-1",
        '{"looked": 40, "settled": 38, "stuck": 2}',
    )  # fmt: skip


def log_line(each: Run, number: int, order: Order) -> str:
    """A line of its log."""
    level, text = _SAID[number % len(_SAID)]
    raw = '{"status": "Accepted"}' if level == "info" else "{}"
    return (
        f"{each.seller.connection_id}\t{number}\t{each.seller.company.id}\t{each.id}\t{order.link_id}\t{each.at}"
        f"\t{level}\torder {order.label}\t{text}\t{raw}\n"
    )
