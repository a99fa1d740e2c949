"""Payment terms: the one field that goes both ways (LL-19). Pure.

A term is known by Flourish's usual word; a company may call it otherwise. What a platform calls by a word
that Flourish does not have is the platform's own: it is kept, shown and never written over.
"""

from __future__ import annotations

from dataclasses import dataclass

from portal.sync.decisions import Finding, Rules
from portal.sync.domain import Json, OutboundOrder, SourceOrder
from portal.sync.mapping.agreement import after_finishing
from portal.sync.mapping.weighing import Row

_WHAT = "Payment term"


@dataclass(frozen=True)
class TermStanding:
    """Where the term stands. `to_flourish` and `to_platform` are words to be written, in Flourish's usual
    terms; `base` holds once that is done, None when nothing has changed."""

    to_flourish: str = ""
    to_platform: str = ""
    row: Row | None = None
    is_drift: bool = False
    finding: Finding | None = None
    base: Json | None = None


def own_name(term: str, rules: Rules) -> str:
    """What the company calls a term in Flourish."""
    return rules.terms.get(term, term)


def usual_word(name: str, rules: Rules) -> str:
    """Flourish's usual word for a term that the company may call otherwise."""
    folded = name.strip().casefold()
    names = {own.strip().casefold(): term for term, own in rules.terms.items() if own.strip()}
    usual = {term.casefold(): term for term in rules.platform_terms}
    return names.get(folded) or usual.get(folded) or name.strip()


def compare(order: SourceOrder, outbound: OutboundOrder, *, base: Json, rules: Rules) -> TermStanding:
    """Say who changed the term since both sides agreed, and what follows.

    Args:
        order: the order on its platform.
        outbound: the order in Flourish.
        base: what both sides agreed on; its date and term were written once.
        rules: the connection's rules.
    """
    shown, there = order.term or order.term_shown, usual_word(outbound.term, rules)
    held: str | None = base["flourish"]["term"]
    agreed = there if held is None else held
    changed_here = shown != base["platform"]["term"]
    changed_there = there.casefold() != agreed.casefold()
    row = (_WHAT, agreed, shown, there)
    done = after_finishing(base, order, requested_date=None, term=there)
    if not changed_there and (not changed_here or not order.term):
        # A term of the platform alone is nobody's business here.
        return TermStanding(base=done if changed_here or held is None else None)
    if order.term.casefold() == there.casefold():
        return TermStanding(base=done)
    if not changed_there:
        written = after_finishing(base, order, requested_date=None, term=order.term)
        return TermStanding(to_flourish=order.term, row=row, base=written)
    if changed_here and order.term:
        return TermStanding(row=row, finding=_changed_twice(row, rules))
    if (shown and not order.term) or there not in rules.platform_terms:
        return TermStanding(row=row, is_drift=True)
    if order.terms_offered is not None and there not in order.terms_offered:
        return TermStanding(row=row, finding=_not_offered(there, rules))
    after = {**done, "platform": {**done["platform"], "term": there}}
    return TermStanding(to_platform=there, row=row, base=after)


def _changed_twice(row: Row, rules: Rules) -> Finding:
    _what, agreed, here, there = row
    where = rules.platform_label
    return Finding(
        "term_changed_twice",
        f"The payment term was changed on both sides: {here} in {where}, {there or 'none'} in Flourish",
        f"Choose the same term in {where} and in Flourish; Trellis does not guess which one holds.",
        text=f"Both sides had {agreed or 'none'} before.",
        evidence={"difference": [list(row)]},
    )


def _not_offered(term: str, rules: Rules) -> Finding:
    where = rules.platform_label
    return Finding(
        "term_not_offered",
        f"{where} does not offer the payment term {term} for this order",
        f"Allow the customer {term} in {where}, or choose another term in Flourish.",
        cause=term,
    )
