"""Carrying over: what is done about what changed since both sides agreed (LL-14, LL-18, LL-19). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from portal.sync.decisions import Decision, Finding, Inquiry, ReplaceLines, Rules, SetTerm, UpdateOrder
from portal.sync.domain import SENT, Json, OutboundOrder, SourceOrder
from portal.sync.drafts import OutboundUpdate
from portal.sync.mapping import edits, findings, returning, terms
from portal.sync.mapping.agreement import after_write
from portal.sync.mapping.diff import shared_values
from portal.sync.mapping.edits import Comparison
from portal.sync.mapping.keys import sku_key
from portal.sync.mapping.terms import TermStanding
from portal.sync.mapping.weighing import Row
from portal.sync.questions import Facts, ItemBySku, Question, TermNamed

_NOTHING = OutboundUpdate()
_LONG_AGO = "1970-01-01T00:00:00+00:00"
_LOOK_AGAIN_SECONDS = 5.0


@dataclass(frozen=True)
class Standing:
    """Where an order stands that nothing is to be written into: what is wrong, what Flourish changed by
    itself, what both sides agree on, and what is to go to the platform once its status is right."""

    base: Json
    findings: tuple[Finding, ...] = ()
    drift: tuple[tuple[str, str, str], ...] = ()
    to_platform: SetTerm | ReplaceLines | None = None


def plan(
    order: SourceOrder,
    outbound: OutboundOrder,
    *,
    base: Json,
    rules: Rules,
    facts: Facts,
    takes_lines: bool = False,
) -> Decision | Inquiry | Standing:
    """Decide about the edits of an order that both sides have.

    Args:
        order: the order on its platform.
        outbound: the order in Flourish, not cancelled.
        base: what both sides agreed on, as it is written today.
        rules: the connection's rules.
        facts: answers to questions that were asked.
        takes_lines: whether lines that were changed in Flourish go to the platform.
    """
    if order.updated_at < datetime.fromisoformat(base.get("seen", _LONG_AGO)):
        return _older_read(rules)
    found = edits.compare(order, outbound, base=base, rules=rules)
    term = terms.compare(order, outbound, base=base, rules=rules) if base["finished"] else TermStanding()
    wrong = [*_customer(order, outbound, base, rules), *([term.finding] if term.finding else [])]
    update, writes_term = found.update, term.to_flourish
    if found.found.conflicts:
        wrong.append(_conflict(found, rules))
        update = _NOTHING
    if (update != _NOTHING or writes_term) and outbound.is_touched:
        wrong += _after_allocation(found, term, outbound, rules)
    elif update != _NOTHING or writes_term:
        ready = _prepare(order, found, update, writes_term, rules, facts)
        if isinstance(ready, Inquiry):
            return ready
        update, named, amiss = ready
        wrong += amiss
        if update != _NOTHING or named:
            agreed = _agreed(base, found if update != _NOTHING else None, term if named else None)
            sent = after_write(base, _seen(agreed, order), outbound)
            return _decision(outbound, replace(update, term=named), found, term, sent, rules, wrong)
    elif not outbound.is_touched and not found.found.conflicts:
        wrong += findings.in_money(order, rules)
    standing = _standing(order, base, found, term, wrong)
    return _with_lines(standing, order, outbound, found, rules) if takes_lines else standing


def _seen(agreed: Json, order: SourceOrder) -> Json:
    """What is agreed on, and up to when the platform's order was seen."""
    return {**agreed, "seen": order.updated_at.isoformat()}


def _older_read(rules: Rules) -> Decision:
    """A read that is older than an edit that was carried over would undo it."""
    where = rules.platform_label
    return Decision(
        "older_read",
        f"{where} showed the order as it was before the last edit.",
        "Trellis looks again in a few seconds.",
        "waiting",
        again_in=_LOOK_AGAIN_SECONDS,
    )


def _standing(
    order: SourceOrder, base: Json, found: Comparison, term: TermStanding, wrong: Sequence[Finding]
) -> Standing:
    rows = [*found.found.drift, *([term.row] if term.row and term.is_drift else [])]
    is_settled = found.update == _NOTHING and not found.found.conflicts
    to_platform = term.to_platform
    agreed = _agreed(
        base,
        found if is_settled else None,
        None if term.to_flourish or to_platform else term,
    )
    agreed = agreed if agreed == base else _seen(agreed, order)
    action = None
    if to_platform:
        after = after_write(agreed, _agreed(agreed, None, term), order)
        action = SetTerm(order.number, order.term or order.term_shown, to_platform, after)
    drift = tuple((what, was, there or "nothing") for what, was, _here, there in rows)
    return Standing(agreed, tuple(wrong), drift, action)


def _with_lines(
    standing: Standing, order: SourceOrder, outbound: OutboundOrder, found: Comparison, rules: Rules
) -> Standing:
    """What staff changed of lines goes to the platform, once nothing of it waits to go to Flourish."""
    if found.found.edits or found.found.conflicts:
        return standing
    lines = returning.plan(order, outbound, base=standing.base, found=found, rules=rules)
    if lines is None:
        return standing
    named = {what for what, _was, _now in lines.changes}
    return replace(
        standing, drift=tuple(row for row in standing.drift if row[0] not in named), to_platform=lines
    )


def _agreed(base: Json, found: Comparison | None, term: TermStanding | None) -> Json:
    """The base with what is agreed on now: the edits, the term, or what there is of them."""
    agreed: dict[str, Any] = dict(found.base if found is not None else base)
    if term is not None and term.base is not None:
        for side in ("platform", "flourish"):
            agreed[side] = {**agreed[side], "term": term.base[side]["term"]}
    return agreed


def _prepare(
    order: SourceOrder,
    found: Comparison,
    update: OutboundUpdate,
    term: str,
    rules: Rules,
    facts: Facts,
) -> Inquiry | tuple[OutboundUpdate, str, list[Finding]]:
    """Look up what an update names; what cannot be written is left out of it, with the reason."""
    amiss = findings.in_content(order, rules) if update != _NOTHING else []
    if amiss:
        update = _NOTHING
    added = [line for line in order.lines if sku_key(line.sku) in {one.sku for one in update.new_lines}]
    lots = found.lot_lines if update != _NOTHING else ()
    own = terms.own_name(term, rules)
    asked: list[Question] = [ItemBySku(sku_key(line.sku)) for line in (*added, *lots)]
    asked += [TermNamed(own)] if term else []
    asked += findings.lot_questions(lots, rules, facts)
    open_questions = tuple(dict.fromkeys(one for one in asked if one not in facts))
    if open_questions:
        return Inquiry(open_questions)
    items, wrong = findings.match_items(replace(order, lines=(*added, *lots)), rules, facts)
    wrong += findings.in_lots(lots, items, rules, facts)
    if wrong:
        update = _NOTHING
    by_sku = {sku_key(sku): item for sku, item in items.items()}
    new = (replace(one, item_id=by_sku[one.sku].id) for one in update.new_lines)
    names: tuple[str, ...] = facts[TermNamed(own)] if term else ()
    missing = [findings.term_missing(own)] if term and not names else []
    return replace(update, new_lines=tuple(new)), next(iter(names), ""), [*amiss, *wrong, *missing]


def _decision(
    outbound: OutboundOrder,
    update: OutboundUpdate,
    found: Comparison,
    term: TermStanding,
    base: Json,
    rules: Rules,
    wrong: Sequence[Finding],
) -> Decision:
    changes = found.changes if replace(update, term="") != _NOTHING else ()
    if update.term and term.row:
        changes += ((term.row[0], term.row[3], update.term),)
    what = ", ".join(change[0] for change in changes)
    return Decision(
        "carry_edit",
        f"Carry the edit over: {what} changed in {rules.platform_label}, and nothing is allocated yet.",
        "Trellis writes it to Flourish.",
        "waiting",
        action=UpdateOrder(outbound.id, outbound.facility_id, update, changes, base),
        findings=tuple(wrong),
    )


def _customer(order: SourceOrder, outbound: OutboundOrder, base: Json, rules: Rules) -> list[Finding]:
    """Flourish takes no other destination for an order that is there. Once it has left, a license that is
    another one now is nobody's edit of it."""
    before, now = base["platform"]["customer"], shared_values(order)["customer"]
    if before == now or outbound.status in SENT:
        return []
    where = rules.platform_label
    row = ("Customer", before, now, before)
    return [
        Finding(
            "customer_changed",
            f"The order has another customer in {where} now, and Flourish cannot change its destination",
            f"Cancel the order in {where} and place it anew, or give it back its customer.",
            text=f"It was {before}, and is {now}.",
            evidence={"difference": [list(row)]},
        )
    ]


def _conflict(found: Comparison, rules: Rules) -> Finding:
    where = rules.platform_label
    rows = found.found.conflicts
    return Finding(
        "edited_on_both_sides",
        f"{_named(rows)} changed in {where} and in Flourish",
        f"Make both sides the same, in {where} or in Flourish. Nothing of the edit is written until then.",
        text=_told(rows, where),
        evidence={"difference": [list(row) for row in (*rows, *found.found.edits)]},
    )


def _after_allocation(
    found: Comparison, term: TermStanding, outbound: OutboundOrder, rules: Rules
) -> list[Finding]:
    """What comes too late; a note of ours about a tax, say, is nothing that somebody must do by hand."""
    where = rules.platform_label
    rows = [] if found.found.conflicts else list(found.found.edits)
    rows += [term.row] if term.row and term.to_flourish else []
    if not rows:
        return []
    return [
        Finding(
            "edited_after_allocation",
            f"The order was edited in {where} when Flourish had it {outbound.status} already",
            f"Make the change in Flourish by hand, or undo it in {where}: Flourish takes no update once"
            " something is allocated.",
            text=_told(rows, where),
            evidence={"difference": [list(row) for row in rows]},
        )
    ]


def _named(rows: Sequence[Row]) -> str:
    names = [row[0] for row in rows]
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return f"{', '.join(names[:2])}{more}"


def _told(rows: Sequence[Row], where: str) -> str:
    return "; ".join(
        f"{what}: agreed {agreed or 'none'}, {where} {here or 'none'}, Flourish {there or 'none'}"
        for what, agreed, here, there in rows
    )
