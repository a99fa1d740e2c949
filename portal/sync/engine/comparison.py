"""The comparison: every SKU of either side is planned, and only those links are marked that need a look.

It writes nothing to anybody. What was compared before with the same outcome in sight is not planned again:
each link keeps a fingerprint of what its last decision was made of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Connection, Link, Stream, new_ids
from portal.queries import search
from portal.sync import journal
from portal.sync.batches import SetLotStock
from portal.sync.catalogues import Planner
from portal.sync.decisions import CatalogueRules, Decision, Inquiry, SetStock
from portal.sync.drafts import PutProduct
from portal.sync.engine import crash, guard, mismatches, namesakes
from portal.sync.engine.accounts import catalogue_rules_of, planner_of
from portal.sync.engine.bulk import copy_in
from portal.sync.engine.desk import Desk
from portal.sync.engine.marks import PRIORITY, STOCK_FIRST
from portal.sync.engine.said import said_of
from portal.sync.engine.shelves import Known, keys_after, keys_of_seen, known, shown, terms
from portal.sync.errors import SyncError
from portal.sync.questions import CatalogueQuestion, Facts, Question
from portal.sync.registry import platform as platform_by_key

# What is written before everything else.
_OF_STOCK = SetStock | SetLotStock | PutProduct
# SKUs that are planned in one transaction.
_BATCH = 1_000
# A planner asks in so many rounds at the most: what a brand's lines are, after what the brand is.
_MOST_ROUNDS = 6


@dataclass(frozen=True)
class Compared:
    """How far a comparison came: up to which SKU, and whether that was the last one."""

    marked: int
    after: str
    complete: bool


def compare(
    desk: Desk,
    tenant_id: UUID,
    connection_id: UUID,
    *,
    after: str,
    only_seen_by: UUID | None,
    is_over: Callable[[], bool],
    look_up: Callable[[CatalogueQuestion], Any],
) -> Compared:
    """Compare both sides of a connection's catalogue, batch by batch.

    Args:
        desk: what to work with.
        tenant_id: the connection's tenant.
        connection_id: the connection.
        after: the SKU behind which to begin.
        only_seen_by: a stream whose pull of changes is to be compared and nothing else.
        is_over: whether to break off after a batch.
        look_up: asks the platform what the planner must know of brands, lines and the like.
    """
    marked, known_facts = 0, _Answers(look_up)
    while True:
        with desk.tenant(tenant_id) as session:
            connection = session.get_one(Connection, connection_id)
            keys = _keys(session, connection, after, only_seen_by)
            if not keys:
                marked += guard.release_drops(session, connection)
                mismatches.report(session, connection)
                namesakes.report(session, connection)
                return Compared(marked, after, complete=True)
        marked += _compare_batch(desk, tenant_id, connection_id, keys, known_facts)
        crash.point("compared")
        after = keys[-1]
        if is_over():
            return Compared(marked, after, complete=False)


def _keys(session: Session, connection: Connection, after: str, only_seen_by: UUID | None) -> list[str]:
    if only_seen_by is None:
        return keys_after(session, connection, after, _BATCH)
    stream = session.get_one(Stream, only_seen_by)
    return keys_of_seen(session, connection, stream, after, _BATCH)


class _Answers:
    """Answers to the planner's questions, each asked for once in a comparison, outside of transactions."""

    def __init__(self, look_up: Callable[[CatalogueQuestion], Any]) -> None:
        self._look_up = look_up
        self.facts: dict[Question, Any] = {}

    def ask(self, questions: Iterable[Question]) -> None:
        """Ask what was not asked before. Where the platform does not answer, the looks ask again."""
        with suppress(SyncError):
            for question in questions:
                if question not in self.facts and isinstance(question, CatalogueQuestion):
                    self.facts[question] = self._look_up(question)


def _compare_batch(
    desk: Desk, tenant_id: UUID, connection_id: UUID, keys: Sequence[str], answers: _Answers
) -> int:
    """Plan a batch, asking in between; what still has a question in the end is marked, and its look asks."""
    marked = 0
    for left in reversed(range(_MOST_ROUNDS)):
        with desk.tenant(tenant_id) as session:
            connection = session.get_one(Connection, connection_id)
            platform = platform_by_key(connection.platform)
            rules = catalogue_rules_of(connection, platform, said_of(session, connection))
            batch = _Batch(planner_of(platform), rules, answers.facts, is_last=not left)
            shelves = known(session, connection, rules, keys, with_facts=False).values()
            keys = [one.sku for one in shelves] if rules.is_planned_anew else _changed(shelves)
            batch.plan(known(session, connection, rules, keys).values())
            marked += sum(row["mark"] for row in batch.rows)
            _put_down(session, connection, batch.rows)
        if not batch.questions:
            break
        keys = batch.asking
        answers.ask(batch.questions)
    return marked


def _changed(shelves: Iterable[Known]) -> list[str]:
    """Those that were not compared before with the same outcome in sight."""
    return [
        one.sku
        for one in shelves
        if one.unread or one.link is None or one.link.snapshot.get("seen") != one.fingerprint
    ]


@dataclass
class _Batch:
    """SKUs as they are planned: rows for those that are decided, questions of the others."""

    planner: Planner
    rules: CatalogueRules
    facts: Facts
    is_last: bool
    rows: list[dict[str, Any]] = field(default_factory=list)
    questions: set[Question] = field(default_factory=set)
    asking: list[str] = field(default_factory=list)

    def plan(self, shelves: Iterable[Known]) -> None:
        """Plan each."""
        for one in shelves:
            base = one.link.base if one.link is not None else None
            answer = None
            if not one.unread:
                answer = self.planner(one.shelf(), base=base, rules=self.rules, facts=self.facts)
            if isinstance(answer, Inquiry) and not self.is_last:
                self.questions.update(answer.questions)
                self.asking.append(one.sku)
            else:
                row = _row(one, answer if isinstance(answer, Decision) else None)
                if not _is_as_before(one, row):
                    self.rows.append(row)


def _is_as_before(one: Known, row: Mapping[str, Any]) -> bool:
    """Whether a SKU was decided before with the same outcome, by the same rows."""
    link = one.link
    if link is None or row["mark"] or link.snapshot.get("seen") != one.fingerprint:
        return False
    return (link.decision_code, link.decision_text) == (row["code"], row["sentence"])


def _row(one: Known, decision: Decision | None) -> dict[str, Any]:
    """What becomes of a link: it is marked, or decided at once where there is nothing to do."""
    link = one.link
    base = link.base if link is not None else None
    action = decision.action if decision else None
    row: dict[str, Any] = {
        "sku": one.sku,
        "label": one.sku[:200],
        "mark": decision is None or action is not None,
        "drops": isinstance(action, _OF_STOCK) and action.drops,
        "priority": STOCK_FIRST if isinstance(action, _OF_STOCK) else PRIORITY["item"],
        "shown": shown(one),
        "item": one.item_id,
        "terms": _search_terms(one) if link is None else [],
    }
    if decision is None or action is not None:
        return row
    row["shown"] |= {"seen": one.fingerprint, "findings": mismatches.as_kept(decision.findings)}
    return row | {
        "state": decision.state,
        "code": decision.code,
        "sentence": decision.sentence,
        "next_step": decision.next_step,
        "base": decision.base if decision.base is not None else base,
    }


def _search_terms(one: Known) -> list[str]:
    return sorted(search.keys(terms(one)))


_OF_ROW = {
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
    flourish_id = CASE WHEN link.lease_until IS NULL THEN item ELSE link.flourish_id END,
    snapshot = CASE WHEN settles THEN link.snapshot || shown ELSE link.snapshot END
FROM chosen JOIN link AS before ON before.id = chosen.id
WHERE link.id = chosen.id
RETURNING link.id, settles AND before.decision_code IS DISTINCT FROM link.decision_code
"""
_MAKE = """
WITH made AS (
    INSERT INTO link (id, tenant_id, connection_id, hub_id, kind, foreign_id, label, priority, state,
        decision_code, decision_text, next_step, base, flourish_kind, flourish_id, snapshot, done_seq,
        due_at, wants_drop)
    SELECT new_id, %(tenant)s, %(connection)s, %(hub)s, 'item', sku, label, priority, COALESCE(state, 'new'),
        code, sentence, next_step, base, CASE WHEN item IS NOT NULL THEN 'item' END, item, shown,
        CASE WHEN mark AND NOT drops THEN 0 ELSE 1 END, CASE WHEN mark AND NOT drops THEN now() END, drops
    FROM incoming_link ORDER BY sku
    ON CONFLICT (connection_id, kind, foreign_id) DO NOTHING
    RETURNING id, foreign_id
)
INSERT INTO search_term (link_id, tenant_id, kind, term)
SELECT made.id, %(tenant)s, 'item', word FROM made JOIN incoming_link ON incoming_link.sku = made.foreign_id,
    jsonb_array_elements_text(terms) AS word
ON CONFLICT DO NOTHING
"""


def _put_down(session: Session, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write the outcome to the links, and a row into the story of those whose decision is another one now."""
    if not rows:
        return
    values = {"tenant": connection.tenant_id, "connection": connection.id, "hub": connection.hub_id}
    ids = new_ids(len(rows))
    copied = ([row_id, *(row.get(name) for name in _OF_ROW)] for row_id, row in zip(ids, rows, strict=True))
    driver = copy_in(session, "incoming_link", {"new_id": "uuid", **_OF_ROW}, copied)
    decided_anew = driver.execute(_DECIDE, values).fetchall()
    driver.execute(_MAKE, values)
    _tell(session, [link_id for link_id, news in decided_anew if news])


def _tell(session: Session, changed: Sequence[UUID]) -> None:
    """A row in the story of each link whose decision changed."""
    query = select(Link).where(Link.id.in_(changed)).execution_options(populate_existing=True)
    for link in session.scalars(query) if changed else ():
        text = f"{link.decision_text} {link.next_step}"
        tone = "bad" if link.state == "stuck" else "plain"
        journal.tell(session, link, journal.Entry("trellis", "Trellis compared", link.label, text, tone=tone))
