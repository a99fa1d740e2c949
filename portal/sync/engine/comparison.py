"""The comparison: every SKU of either side is planned, and only those links are marked that need a look.

It writes nothing to anybody. What was compared before with the same outcome in sight is not planned again:
each link keeps a fingerprint of what its last decision was made of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Connection, Link, MirroredItem, MirroredProduct, new_id
from portal.queries.search import normalise
from portal.sync import journal
from portal.sync.decisions import CatalogueRules, Decision, SetStock
from portal.sync.engine import crash, guard, mismatches
from portal.sync.engine.accounts import catalogue_rules_of
from portal.sync.engine.bulk import copy_in
from portal.sync.engine.desk import Desk
from portal.sync.engine.shelves import Known, keys_after, known, shown
from portal.sync.mapping.catalogue import plan_product
from portal.sync.mapping.facts import plain
from portal.sync.registry import platform as platform_by_key

# SKUs that are planned in one transaction.
_BATCH = 1_000
# What changes a stock goes before what changes a description (features.md LL-27).
STOCK_FIRST, CATALOGUE = 20, 30
_WORDS = 8

Keys = Sequence[str]


@dataclass(frozen=True)
class Compared:
    """How far a comparison came: up to which SKU, and whether that was the last one."""

    marked: int
    after: str
    complete: bool


def compare(
    desk: Desk, tenant_id: UUID, connection_id: UUID, is_over: Callable[[], bool], after: str = ""
) -> Compared:
    """Compare both sides of a connection's catalogue, batch by batch.

    Args:
        desk: what to work with.
        tenant_id: the connection's tenant.
        connection_id: the connection.
        is_over: whether to break off after this batch.
        after: the SKU behind which to go on.
    """
    marked = 0
    while True:
        with desk.tenant(tenant_id) as session:
            connection = session.get_one(Connection, connection_id)
            keys = keys_after(session, connection, after, _BATCH)
            if keys:
                rules = catalogue_rules_of(connection, platform_by_key(connection.platform))
                marked += compare_keys(session, connection, rules, keys)
            else:
                marked += guard.release_drops(session, connection)
                mismatches.report(session, connection)
                return Compared(marked, after, complete=True)
        crash.point("compared")
        after = keys[-1]
        if is_over():
            return Compared(marked, after, complete=False)


def compare_keys(session: Session, connection: Connection, rules: CatalogueRules, keys: Keys) -> int:
    """Plan these SKUs and put the outcome down on their links; returns how many need a look."""
    rows = []
    for one in known(session, connection, rules, keys).values():
        if one.link is not None and one.link.snapshot.get("seen") == one.fingerprint and not one.unread:
            continue
        rows.append(_row(one, rules))
    if not rows:
        return 0
    changed = _put_down(session, connection, rows)
    _tell(session, changed)
    return sum(row["mark"] for row in rows)


def _row(one: Known, rules: CatalogueRules) -> dict[str, Any]:
    """What becomes of a link: it is marked, or decided at once where there is nothing to do."""
    link = one.link
    base = link.base if link is not None else None
    answer = None if one.unread else plan_product(one.shelf(), base=base, rules=rules, facts={})
    decision = answer if isinstance(answer, Decision) else None
    action = decision.action if decision else None
    drops = isinstance(action, SetStock) and action.drops
    row: dict[str, Any] = {
        "new_id": new_id(),
        "sku": one.sku,
        "label": one.sku[:200],
        "mark": decision is None or action is not None,
        "drops": drops,
        "priority": STOCK_FIRST if isinstance(action, SetStock) else CATALOGUE,
        "shown": shown(one),
        "terms": _terms(one) if link is None else [],
    }
    if decision is None or action is not None:
        return row
    agreed = decision.base if decision.base is not None else base
    row["shown"] |= {"seen": one.fingerprint, "findings": findings_of(decision)}
    return row | {
        "state": decision.state,
        "code": decision.code,
        "sentence": decision.sentence,
        "next_step": decision.next_step,
        "base": agreed,
        "item": (agreed or {}).get("item"),
    }


def findings_of(decision: Decision) -> list[dict[str, Any]]:
    """A decision's findings as a link's snapshot keeps them."""
    return [plain(asdict(finding)) for finding in decision.findings]


def _terms(one: Known) -> list[str]:
    """The words by which a SKU is found: it, and a few of its name."""
    rows: tuple[MirroredItem | MirroredProduct, ...] = (*one.items, *one.products)
    name = next((row.name for row in rows if row.sku_key == one.sku), "")
    return sorted({normalise(word) for word in (one.sku, *name.split()[:_WORDS])} - {""})


_COLUMNS = {
    "new_id": "uuid",
    "sku": "text",
    "label": "text",
    "mark": "boolean",
    "drops": "boolean",
    "priority": "integer",
    "state": "text",
    "code": "text",
    "sentence": "text",
    "next_step": "text",
    "base": "jsonb",
    "item": "text",
    "shown": "jsonb",
    "terms": "jsonb",
}

# A link that somebody works on, or that is due anyway, is left to its look. One that wants to take all stock
# away is marked once it is known how many do (engine/guard.py).
_DECIDE = """
WITH locked AS (
    SELECT link.id, link.lease_until IS NULL AND link.due_at IS NULL AS idle, incoming_link.*
    FROM incoming_link JOIN link
      ON link.connection_id = %(connection)s AND link.kind = 'item' AND link.foreign_id = incoming_link.sku
    ORDER BY incoming_link.sku FOR NO KEY UPDATE OF link
), chosen AS (
    SELECT *, mark AND NOT drops AS marks, idle AND NOT mark AS settles FROM locked
)
UPDATE link SET
    dirty_seq = link.dirty_seq + (marks AND (idle OR link.lease_until IS NOT NULL))::int,
    due_at = CASE WHEN marks THEN LEAST(COALESCE(link.due_at, now()), now()) ELSE link.due_at END,
    priority = CASE WHEN marks THEN chosen.priority ELSE link.priority END,
    wants_drop = CASE WHEN link.lease_until IS NULL THEN drops ELSE link.wants_drop END,
    state = CASE WHEN settles THEN chosen.state ELSE link.state END,
    state_since = CASE WHEN settles AND chosen.state <> link.state THEN now() ELSE link.state_since END,
    decision_code = CASE WHEN settles THEN code ELSE link.decision_code END,
    decision_text = CASE WHEN settles THEN sentence ELSE link.decision_text END,
    next_step = CASE WHEN settles THEN chosen.next_step ELSE link.next_step END,
    base = CASE WHEN settles THEN chosen.base ELSE link.base END,
    flourish_id = CASE WHEN settles THEN item ELSE link.flourish_id END,
    snapshot = CASE WHEN settles THEN link.snapshot || shown ELSE link.snapshot END
FROM chosen JOIN link AS before ON before.id = chosen.id
WHERE link.id = chosen.id
RETURNING link.id, settles AND before.decision_code IS DISTINCT FROM link.decision_code
"""
_MAKE = """
WITH made AS (
    INSERT INTO link (id, tenant_id, connection_id, hub_id, kind, foreign_id, label, priority, state,
        decision_code, decision_text, next_step, base, flourish_id, snapshot, done_seq, due_at, wants_drop)
    SELECT new_id, %(tenant)s, %(connection)s, %(hub)s, 'item', sku, label, priority, COALESCE(state, 'new'),
        code, sentence, next_step, base, item, shown,
        CASE WHEN mark AND NOT drops THEN 0 ELSE 1 END, CASE WHEN mark AND NOT drops THEN now() END, drops
    FROM incoming_link ORDER BY sku
    ON CONFLICT (connection_id, kind, foreign_id) DO NOTHING
    RETURNING id, foreign_id
)
INSERT INTO search_term (link_id, tenant_id, term)
SELECT made.id, %(tenant)s, word FROM made JOIN incoming_link ON incoming_link.sku = made.foreign_id,
    jsonb_array_elements_text(terms) AS word
ON CONFLICT DO NOTHING
"""


def _put_down(session: Session, connection: Connection, rows: Sequence[dict[str, Any]]) -> list[UUID]:
    """Write the outcome to the links; returns those whose decision is another one now."""
    values = {"tenant": connection.tenant_id, "connection": connection.id, "hub": connection.hub_id}
    copied = ([row.get(name) for name in _COLUMNS] for row in rows)
    driver = copy_in(session, "incoming_link", _COLUMNS, copied)
    decided_anew = driver.execute(_DECIDE, values).fetchall()
    driver.execute(_MAKE, values)
    return [link_id for link_id, news in decided_anew if news]


def _tell(session: Session, changed: Sequence[UUID]) -> None:
    """A row in the story of each link whose decision changed."""
    query = select(Link).where(Link.id.in_(changed)).execution_options(populate_existing=True)
    for link in session.scalars(query) if changed else ():
        text = f"{link.decision_text} {link.next_step}"
        tone = "bad" if link.state == "stuck" else "plain"
        journal.tell(session, link, journal.Entry("trellis", "Trellis compared", link.label, text, tone=tone))
