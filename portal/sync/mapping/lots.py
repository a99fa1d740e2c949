"""Lots: how much of each lot of an item its product may offer, and the write that makes one so (LL-11). Pure.

A lot and a batch are one when their numbers are equal (LL-7). A product that has batches offers what its lots
have and nothing else: buyers order a batch, and Flourish allocates that lot alone (Flourish's article on
selling by batch). LeafLink keeps stock of batches in its inventory items alone; a batch itself has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from portal.sync.batches import Batch, SetLotStock
from portal.sync.decisions import CatalogueRules, Finding
from portal.sync.domain import Item, Json, Product, Shelf
from portal.sync.mapping.facts import plain_value
from portal.sync.mapping.keeping import Kept, fought_over, keep, with_kept
from portal.sync.mapping.keys import near_key, sku_key
from portal.sync.mapping.stock import StockPlan, has_plain_unit, places, unit_mismatch, untouched
from portal.sync.mapping.units import convert, rounded_down

# Before the number of a lot, in a base and for people.
_KEPT = "stock of lot "
_NOTHING = Fraction(0)

# Why a lot is not written -> the same in words, after the platform's name.
LEFT_OUT, ARCHIVED, TWICE, MISSING = "left out", "archived", "twice", "missing"
NOTES: Mapping[str, str] = {
    LEFT_OUT: "it is as it was when somebody left the lot out",
    ARCHIVED: "its stock is archived",
    TWICE: "its stock is kept more than once",
    MISSING: "no batch of the product has this number",
}


@dataclass(frozen=True)
class Lot:
    """One lot on both sides, in the product's unit.

    Args:
        number: its number; empty for what is in no lot.
        here: what Flourish can sell of it; None where it has no such lot.
        held: what open orders hold of that, that Flourish does not know of yet.
        target: what may be offered.
        batch: the same on the platform.
        why_not: of `NOTES`: why it is not written; empty where it is.
    """

    number: str
    here: Decimal | None
    held: Decimal
    target: Decimal
    batch: Batch | None
    why_not: str = ""

    @property
    def offered(self) -> Decimal:
        """What buyers may order of it now."""
        return self.batch.available if self.batch and not self.batch.archived else Decimal(0)


def is_by_lot(product: Product, rules: CatalogueRules) -> bool:
    """Whether the stock of single lots is kept of a product: by choice, and as it has batches there."""
    return rules.by_lot and any(batch.number for batch in product.batches or ())


def plan(shelf: Shelf, item: Item, product: Product, base: Json, rules: CatalogueRules) -> StockPlan:
    """Decide about the stock of a product that is sold by batch: one lot at a time, what falls first."""
    left = untouched(shelf, product, rules)
    if left is not None:
        return left
    if sum(shelf.lots.values(), Decimal(0)) != shelf.stock:
        # What there is was read without its lots, before they were asked for.
        return StockPlan(is_unread=True)
    lots = lots_of(shelf, item, product, rules)
    if lots is None:
        return StockPlan(findings=(unit_mismatch(item, product, rules),))
    kept = {lot: _keep(lot, base) for lot in lots if not lot.why_not}
    agreed = _agreed(base, kept.values())
    offered = _in_words(lots, product)
    changes = sorted((lot for lot, each in kept.items() if each.writes), key=_rise)
    if changes:
        drops = not any(lot.target for lot in kept) and any(lot.offered for lot in kept)
        if drops and rules.holds_drops:
            return StockPlan(is_held=True, offered=offered)
        return StockPlan(action=_write(changes[0], product, drops, with_kept(agreed, [kept[changes[0]]])))
    findings = [*_without_batch(lots, item, rules), *_twice(lots, item, rules)]
    shown = {each.name: plain_value(lot.offered) for lot, each in kept.items()}
    findings += fought_over(kept.values(), rules.platform_label, shown)
    return StockPlan(agreed, findings=tuple(findings), offered=offered)


def lots_of(shelf: Shelf, item: Item, product: Product, rules: CatalogueRules) -> list[Lot] | None:
    """Lay the lots of both sides beside each other, by number; None where units measure different things."""
    here = _sellable(shelf, item, product.unit)
    if here is None or not has_plain_unit(product):
        return None
    shares = _shares(shelf, here, rules)
    batches = _by_number(product, rules)
    after = places(product.unit, fractional=product.fractional)
    return [
        Lot(
            number,
            here=rounded_down(here[number], after) if number in here else None,
            held=shelf.held.get(number, Decimal(0)),
            target=rounded_down(shares.get(number, _NOTHING), after),
            batch=next(iter(batches.get(number, ())), None),
            why_not=_why_not(number, batches.get(number, ()), rules),
        )
        for number in sorted(batches.keys() | here.keys())
    ]


def _sellable(shelf: Shelf, item: Item, unit: str) -> dict[str, Fraction] | None:
    """What Flourish can sell of each lot, in the product's unit; below zero where it is oversold."""
    here: dict[str, Fraction] = {}
    for lot, amount in shelf.lots.items():
        units = convert(amount, item.uom, unit)
        if units is None:
            return None
        here[sku_key(lot)] = here.get(sku_key(lot), _NOTHING) + units
    return here


def _shares(shelf: Shelf, here: Mapping[str, Fraction], rules: CatalogueRules) -> dict[str, Fraction]:
    """How much of each lot may be offered: what it has, less what orders hold of it; and of all together no
    more than of the item. What is held of no certain lot, oversold or kept back is taken off the fullest."""
    offers = {lot: units for lot, units in here.items() if not _is_left_out(lot, rules)}
    free = {
        lot: max(units - Fraction(max(shelf.held.get(lot, Decimal(0)), Decimal(0))), _NOTHING)
        for lot, units in offers.items()
    }
    most = sum(offers.values(), _NOTHING)
    most -= Fraction(max(shelf.promised, Decimal(0))) + Fraction(max(rules.stock_buffer, Decimal(0)))
    too_many = sum(free.values(), _NOTHING) - max(most, _NOTHING)
    for lot in sorted(free, key=lambda one: (-free[one], one)):
        taken = min(free[lot], max(too_many, _NOTHING))
        free[lot] -= taken
        too_many -= taken
    return free


def _by_number(product: Product, rules: CatalogueRules) -> dict[str, list[Batch]]:
    """A product's batches by the lot that they are. Archived stock counts where there is no other."""
    found: dict[str, list[Batch]] = {}
    for batch in product.batches or ():
        number = rules.said.in_flourish("lot", sku_key(batch.number))
        found.setdefault(number, []).append(batch)
    return {
        number: [one for one in batches if not one.archived] or batches[:1]
        for number, batches in found.items()
    }


def _why_not(number: str, there: Sequence[Batch], rules: CatalogueRules) -> str:
    if _is_left_out(number, rules):
        return LEFT_OUT
    if not there:
        return MISSING
    if len(there) > 1:
        return TWICE
    return ARCHIVED if there[0].archived else ""


def _is_left_out(number: str, rules: CatalogueRules) -> bool:
    return bool(number) and rules.said.is_left_out("lot", number)


def kept_as(number: str) -> str:
    """How a base calls what was last written of a lot."""
    return f"{_KEPT}{number}"


def _keep(lot: Lot, base: Json) -> Kept:
    agrees = lot.target == lot.offered
    return keep(kept_as(lot.number), plain_value(lot.target), agrees=agrees, base=base)


def _agreed(base: Json, kept: Iterable[Kept]) -> dict[str, Any]:
    """What is agreed on of single lots, of those that there are; of the product's own stock nothing."""
    known = list(kept)
    names = {each.name for each in known}

    def current(values: Json) -> dict[str, Any]:
        return {name: value for name, value in values.items() if not name.startswith(_KEPT) or name in names}

    agreed = with_kept(base, (each for each in known if not each.writes))
    undone = {name: times for name, times in current(agreed["undone"]).items() if name != "stock"}
    agreed.pop("stock", None)
    return agreed | {"written": current(agreed["written"]), "undone": undone}


def _rise(lot: Lot) -> tuple[Decimal, str]:
    """What takes away goes first, so that never more is offered than there is."""
    return lot.target - lot.offered, lot.number


def _write(lot: Lot, product: Product, drops: bool, base: Json) -> SetLotStock:
    batch = lot.batch
    if batch is None:
        raise ValueError(f"lot {lot.number} is no batch")
    used = {one.place for one in product.batches or () if one.place and not one.archived}
    if not batch.place and len(used) == 1:
        # A lot's first stock lies where that of the product's other lots does.
        batch = replace(batch, place=used.pop())
    return SetLotStock(product.ref, batch, lot.target + max(batch.reserved, Decimal(0)), drops, base)


def _in_words(lots: Sequence[Lot], product: Product) -> str:
    offering = [lot.offered for lot in lots if lot.offered > 0]
    return f"{plain_value(sum(offering, Decimal(0)))} {product.unit} in {_count(len(offering))}"


def _without_batch(lots: Sequence[Lot], item: Item, rules: CatalogueRules) -> Iterator[Finding]:
    """Lots that could be sold and have no batch. LeafLink asks of a new one for its date and for who tested
    it, which Flourish's stock does not say: none is made."""
    missing = [lot.number for lot in lots if lot.why_not == MISSING and lot.target]
    if not missing:
        return
    where = rules.platform_label
    keys = {near_key(number) for number in missing} - {""}
    near = [lot.number for lot in lots if lot.here is None and near_key(lot.number) in keys]
    named = ", ".join(number or "what is in no lot" for number in missing)
    yield Finding(
        "batch_missing",
        f"{where} has no batch for {_count(len(missing))} of {item.sku}",
        f"Make the batch in {where} with exactly the lot's number and assign it to the product, or leave the"
        " lot out. Trellis then sets what there is of it; until then nothing of it is offered.",
        text=f"In Flourish: {named}." + (f" Near, in {where}: {', '.join(near)}." if near else ""),
        evidence={"lots": missing, "near": near},
    )


def _twice(lots: Sequence[Lot], item: Item, rules: CatalogueRules) -> Iterator[Finding]:
    twice = [lot.number for lot in lots if lot.why_not == TWICE]
    if twice:
        where = rules.platform_label
        yield Finding(
            "lot_twice",
            f"{where} keeps the stock of {_count(len(twice))} of {item.sku} more than once",
            f"Leave it in one place in {where} and archive the others: until then none of them is written.",
            text=f"They are {', '.join(twice)}.",
            evidence={"lots": twice},
        )


def _count(number: int) -> str:
    return "1 lot" if number == 1 else f"{number} lots"
