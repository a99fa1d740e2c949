"""Combined: an order that takes the place of earlier ones (LL-16).

The platform does not say of which. They are inferred: orders of the same customer that became part of another
one just before, whose lines sum to it. Only a unique answer counts; else a person says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from portal.sync.decisions import Decision, Finding, Rules
from portal.sync.domain import Original, Originals, SourceOrder
from portal.sync.mapping.findings import stuck
from portal.sync.mapping.keys import sku_key

# More candidates than this are a person's: somebody combines a whole list.
_MOST_CANDIDATES = 16

_Sum = Mapping[str, Decimal]


def plan(order: SourceOrder, known: Originals, rules: Rules) -> tuple[Decision | None, tuple[str, ...]]:
    """Decide whether a combined order must wait for the ones that it combines.

    Returns:
        Why it waits, None when it may come in; and the links of originals that are inferred now.
    """
    if known.chosen is not None:
        return _wait(known.chosen, rules), ()
    found = infer(order, known.candidates)
    if found is None:
        return stuck((_unknown(known.candidates, rules),)), ()
    return _wait(found, rules), tuple(original.link_id for original in found)


def infer(order: SourceOrder, candidates: Sequence[Original]) -> tuple[Original, ...] | None:
    """The only candidates whose lines sum to the order's; None where there are none, or several answers."""
    if len(candidates) > _MOST_CANDIDATES:
        return None
    answers = _subsets(tuple(candidates), eaches_of(order))
    first, second = next(answers, None), next(answers, None)
    return first if second is None else None


def eaches_of(order: SourceOrder) -> dict[str, Decimal]:
    """How many eaches of each SKU an order holds."""
    sums: dict[str, Decimal] = {}
    for line in order.lines:
        sku = sku_key(line.sku)
        sums[sku] = sums.get(sku, Decimal(0)) + line.eaches
    return sums


def _subsets(
    candidates: tuple[Original, ...], wanted: _Sum, taken: int = 0
) -> Iterator[tuple[Original, ...]]:
    """Every choice of two or more candidates that sums to what is wanted; `taken` counts those before."""
    if not any(wanted.values()):
        if taken > 1:
            yield ()
        return
    for place, candidate in enumerate(candidates):
        left = {sku: eaches - candidate.eaches.get(sku, Decimal(0)) for sku, eaches in wanted.items()}
        fits = candidate.eaches.keys() <= wanted.keys() and min(left.values()) >= 0
        if fits and any(candidate.eaches.values()):
            for rest in _subsets(candidates[place + 1 :], left, taken + 1):
                yield (candidate, *rest)


def _wait(originals: Sequence[Original], rules: Rules) -> Decision | None:
    """An original that still lives in Flourish would be there twice: in itself and in the new order."""
    living = [original for original in originals if original.is_live]
    if not living:
        return None
    shown = ", ".join(f"{one.label} ({one.flourish_status or 'being written'})" for one in living)
    return Decision(
        "waits_for_originals",
        f"It waits until what it combines is cancelled in Flourish: {shown}.",
        f"Trellis cancels each that has nothing allocated. The page of each other one says what to do;"
        f" or say that {rules.platform_label} combined none of them.",
        "waiting",
    )


def _unknown(candidates: Sequence[Original], rules: Rules) -> Finding:
    count = {0: "none is known that fits", 1: "one is known that may be among them"}.get(
        len(candidates), f"{len(candidates)} are known that may be them"
    )
    return Finding(
        "originals_unknown",
        f"It combines earlier orders; {rules.platform_label} does not say which, and {count}",
        "Choose them on the order's page, or say that it is none of them; then it comes in.",
        evidence={"candidates": [candidate.label for candidate in candidates]},
    )
