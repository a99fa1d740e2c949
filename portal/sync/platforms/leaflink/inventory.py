"""LeafLink's stock of batches: its inventory items, which LeafLink calls beta.

A batch has neither product nor quantity; `/product-batches/` says which products have it, and an inventory
item how much of it one facility has (Marketplace V2 API description). Like a product, an item has `quantity`
and `reserved_qty`. That the first holds the second, as with products, is inferred: no source says it of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from portal.sync.addresses import segment
from portal.sync.batches import Batch
from portal.sync.contract import Calls
from portal.sync.errors import Rejected, Unreadable, Unsettled
from portal.sync.platforms.leaflink.paging import rows
from portal.sync.reading import Fields

_ITEMS = "inventory/items/"
# An archived item says that somebody does not sell the batch any more; without it that would look like none.
_ALL: Mapping[str, str] = {"include_archived": "true"}


class Inventory:
    """Reads and writes the stock of batches.

    Args:
        calls: the HTTP room.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def all(self, company: str) -> dict[str, tuple[Batch, ...]]:
        """Read the batches of all products, by product.

        Args:
            company: the account's own.

        Raises:
            Unreadable, Retryable, ConnectionBroken.
        """
        numbers = _numbers(rows(self._calls, "batches/", {"owner": company}))
        assigned: dict[str, list[str]] = defaultdict(list)
        for row in rows(self._calls, "product-batches/"):
            assigned[row.ident("product")].append(row.ident("batch"))
        kept: dict[str, list[Fields]] = defaultdict(list)
        for row in rows(self._calls, _ITEMS, _ALL):
            kept[row.ident("product")].append(row)
        return {
            ref: _batches({one: numbers[one] for one in assigned[ref] if one in numbers}, kept[ref])
            for ref in sorted(assigned.keys() | kept.keys())
        }

    def of(self, ref: str) -> tuple[Batch, ...]:
        """Read the batches of one product.

        Raises:
            Unreadable, Retryable, ConnectionBroken.
        """
        numbers = _numbers(rows(self._calls, "batches/", {"products": ref}))
        kept = rows(self._calls, _ITEMS, {"product": ref, **_ALL})
        return _batches(numbers, [row for row in kept if row.ident("product") == ref])

    def write(self, ref: str, batch: Batch, value: Decimal) -> Batch:
        """Write the stock of a batch of a product.

        Raises:
            Rejected, Unsettled, Retryable, ConnectionBroken.
        """
        if batch.stock_ref:
            path = f"{_ITEMS}{segment(batch.stock_ref)}/"
            answer = self._calls.write("PATCH", path, {"quantity": f"{value:f}"})
        else:
            body = {
                "product": int(ref),
                "batch": int(batch.ref),
                "facility": int(batch.place or self._only_place()),
                "quantity": f"{value:f}",
                "is_archived": False,
            }
            answer = self._calls.write("POST", _ITEMS, body)
        try:
            return _read(Fields.of(answer), {batch.ref: batch.number})
        except Unreadable as error:
            raise Unsettled(f"LeafLink answered a write with what cannot be read: {error}") from error

    def _only_place(self) -> str:
        places = [row.ident("id") for row in rows(self._calls, "inventory/facilities/")]
        if len(places) != 1:
            raise Rejected(
                f"LeafLink has {len(places)} facilities in its inventory, and no batch of the product says in"
                " which it lies: enter the first quantity there by hand",
                field="facility",
            )
        return places[0]


def _numbers(found: Iterable[Fields]) -> dict[str, str]:
    return {row.ident("id"): row.text_or_empty("production_batch_number") for row in found}


def _batches(numbers: Mapping[str, str], kept: Iterable[Fields]) -> tuple[Batch, ...]:
    """Put a product's batches and their stock together. A batch of which no stock is kept yet has none; stock
    of a batch that is not the product's is nobody's to write."""
    stocked = [_read(row, numbers) for row in kept if not row.has("batch") or row.ident("batch") in numbers]
    known = {batch.ref for batch in stocked}
    bare = [Batch(ref, "", number) for ref, number in numbers.items() if ref not in known]
    return tuple(sorted((*stocked, *bare), key=lambda one: (one.number, one.stock_ref)))


def _read(row: Fields, numbers: Mapping[str, str]) -> Batch:
    """Read an inventory item, which may be one of no batch."""
    ref = row.ident("batch") if row.has("batch") else ""
    return Batch(
        ref=ref,
        stock_ref=row.ident("id"),
        number=numbers.get(ref, ""),
        place=row.ident("facility") if row.has("facility") else "",
        quantity=row.number("quantity"),
        reserved=row.number_or_zero("reserved_qty"),
        archived=row.flag_or_no("is_archived"),
    )
