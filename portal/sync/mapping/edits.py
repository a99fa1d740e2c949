"""Edits: what changed on which side since both agreed, field by field (LL-14, LL-18). Pure.

Changed on the platform only: written to Flourish. Changed in Flourish only: expected drift, left alone and
shown. Changed on both sides, the same field: a conflict for a person. Amounts follow the lines, so that an
edit is carried over whole or not at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from portal.sync.decisions import Rules
from portal.sync.domain import SENT, Amount, Json, Line, OutboundOrder, SourceOrder
from portal.sync.drafts import NoteSwap, OutboundUpdate, Swap
from portal.sync.mapping.agreement import Held, amounts, held_of
from portal.sync.mapping.diff import shared_values
from portal.sync.mapping.draft import adjustments, internal_notes, requested_date
from portal.sync.mapping.lines import LineComparison, named
from portal.sync.mapping.money import cents, line_total
from portal.sync.mapping.weighing import Row, Weighing


@dataclass(frozen=True)
class Comparison:
    """What a look at both sides found. Of `update` the items of new lines are not looked up yet; `lot_lines`
    are those of the order whose lot Flourish does not have on them yet. `base` holds once all is written.
    `line_drift` is what of `found.drift` is about lines."""

    found: Weighing
    update: OutboundUpdate
    lot_lines: tuple[Line, ...]
    base: Json
    line_drift: tuple[Row, ...] = ()

    @property
    def changes(self) -> tuple[tuple[str, str, str], ...]:
        """What the update changes in Flourish: what, before, after."""
        told = tuple((what, there, here) for what, _agreed, here, there in self.found.edits)
        return told or tuple(("Internal note", note.gone, note.new) for note in self.update.notes)


def compare(order: SourceOrder, outbound: OutboundOrder, *, base: Json, rules: Rules) -> Comparison:
    """Compare both sides with what they agreed on; the payment term is weighed in `terms`.

    Args:
        order: the order on its platform.
        outbound: the order in Flourish.
        base: what both sides agreed on, as `agreement` keeps it.
        rules: the connection's rules.
    """
    found, held = Weighing(), held_of(base["flourish"])
    lines = LineComparison(order, outbound, base["platform"]["lines"], held, rules.price_places, found)
    line_drift = tuple(found.drift)
    rounded = _rounded(order, lines)
    charges, discounts = adjustments(order, rounded)
    is_late = outbound.is_touched
    inner = internal_notes(order, rounded)
    day, agreed_day = _date(found, order, outbound, base, held.requested_date, rules)
    update = OutboundUpdate(
        kept_lines=lines.kept,
        new_lines=lines.new,
        charges=_swap(found, "Charges", held.charges, charges, outbound.charges, is_late=is_late),
        discounts=_swap(found, "Discounts", held.discounts, discounts, outbound.discounts, is_late=is_late),
        notes=(*_note(found, held.note, order.notes, outbound), *_inner(held.internal_notes, inner)),
        date_changes=day is not None,
        requested_date=date.fromisoformat(day) if day else None,
    )
    agreed = Held(
        lines.agreed, amounts(charges), amounts(discounts), order.notes, inner, agreed_day, held.term
    )
    return Comparison(found, update, named(order, lines.lots), _moved(base, order, agreed), line_drift)


def _rounded(order: SourceOrder, lines: LineComparison) -> Decimal:
    """What the lines of an order lack in Flourish to their totals."""
    both = zip(order.lines, lines.agreed, strict=True)
    return sum((line_total(line) - held.price * line.eaches for line, held in both), Decimal(0))


def _moved(base: Json, order: SourceOrder, agreed: Held) -> dict[str, Any]:
    """The base once everything is written; customer and term are agreed on elsewhere."""
    kept = {name: base["platform"][name] for name in ("customer", "term")}
    return {**base, "platform": {**shared_values(order), **kept}, "flourish": agreed.as_json()}


def _date(
    found: Weighing,
    order: SourceOrder,
    outbound: OutboundOrder,
    base: Json,
    held: str | None,
    rules: Rules,
) -> tuple[str | None, str | None]:
    """Weigh the requested date; returns what is to be written, and what is agreed on then."""
    # LeafLink sets its own date to when an order was shipped.
    if not base["finished"] or outbound.status in SENT:
        return None, held
    there = outbound.requested_date.isoformat() if outbound.requested_date else ""
    agreed = there if held is None else held
    is_same = base["platform"]["ship_at"] == shared_values(order)["ship_at"]
    here = agreed if is_same else requested_date(order, rules)
    return (here if found.weigh("Requested date", agreed, here, there) else None), here


def _swap(
    found: Weighing,
    what: str,
    held: Sequence[str],
    here: Sequence[Decimal],
    there: Iterable[Amount],
    *,
    is_late: bool,
) -> Swap:
    """Weigh charges or discounts: ours may be replaced while they are all there, staff's own stay. Where an
    update would come too late, parts of a cent are nothing that somebody has to enter by hand."""
    agreed = [Decimal(one) for one in held]
    gone, new = _less(agreed, here), _less(here, agreed)
    theirs = list(there)
    dollars = [one.amount for one in theirs if not one.is_percentage]
    missing, extra = (
        _less(_in_cents(agreed), _in_cents(dollars)),
        _less(_in_cents(dollars), _in_cents(agreed)),
    )
    row = (what, _sum(agreed), _sum(here), " + ".join(map(str, theirs)))
    if not gone and not new:
        if missing or extra or len(dollars) < len(theirs):
            found.drift.append(row)
        return Swap()
    old_cents, new_cents = _in_cents(gone), _in_cents(new)
    if is_late and not old_cents and not new_cents:
        return Swap()
    if (old_cents or new_cents) and not _less(old_cents, missing) and not _less(new_cents, extra):
        return Swap()  # Staff have made the same change by hand.
    if set(old_cents) & set(missing):
        found.conflicts.append(row)
        return Swap()
    found.edits.append(row)
    return Swap(tuple(gone), tuple(new))


def _less(ones: Iterable[Decimal], others: Iterable[Decimal]) -> list[Decimal]:
    """What is left of some amounts once others are taken away, each as often as it is there."""
    return list((Counter(ones) - Counter(others)).elements())


def _in_cents(dollars: Iterable[Decimal]) -> list[Decimal]:
    """Amounts as Flourish may round them; what is less than a cent may be gone."""
    return [rounded for amount in dollars if (rounded := cents(amount))]


def _sum(dollars: Iterable[Decimal]) -> str:
    return " + ".join(str(Amount(one)) for one in dollars)


def _note(found: Weighing, agreed: str, here: str, outbound: OutboundOrder) -> tuple[NoteSwap, ...]:
    """Weigh the buyer's note, which is one among those that staff write."""
    notes = {_words(note): note for note in outbound.notes or ()}
    if outbound.notes is None or _words(agreed) in notes:
        there = agreed
    else:
        there = here if _words(here) in notes else ""
    if not found.weigh("Note", agreed, here, there, alike=lambda one, other: _words(one) == _words(other)):
        return ()
    return (NoteSwap(notes.get(_words(agreed), agreed), here, is_internal=False),)


def _inner(held: Sequence[str], here: Sequence[str]) -> tuple[NoteSwap, ...]:
    """Swap the internal notes that are ours alone: nobody else's word is in them."""
    gone, new = (one for one in held if one not in here), (one for one in here if one not in held)
    swapped = zip_longest(gone, new, fillvalue="")
    return tuple(NoteSwap(was, note, is_internal=True) for was, note in swapped)


def _words(text: str) -> str:
    return " ".join(text.split())
