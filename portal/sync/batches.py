"""Batches: what a platform has of single lots of a product, and the write that changes it. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

_NOTHING = Decimal(0)


@dataclass(frozen=True)
class Batch:
    """What a platform calls a lot of one product, and what it has of it, in the product's unit."""

    # The platform's ids: of the batch, and of the stock that it keeps of it; empty where it keeps none yet.
    ref: str
    stock_ref: str
    # The lot's number; empty for stock of the product that is in no batch.
    number: str
    # The platform's id of the place where it lies.
    place: str = ""
    quantity: Decimal = _NOTHING
    # What open orders there hold of `quantity`.
    reserved: Decimal = _NOTHING
    archived: bool = False

    @property
    def available(self) -> Decimal:
        """What buyers may order of it."""
        return self.quantity - max(self.reserved, _NOTHING)


@dataclass(frozen=True)
class SetLotStock:
    """Write the stock of one lot of the product `ref`: where its platform keeps none of the batch yet, it is
    made. `value` is a quantity, what is reserved included; one that `drops` takes the product to zero."""

    ref: str
    batch: Batch
    value: Decimal
    drops: bool
    base: Mapping[str, Any]
