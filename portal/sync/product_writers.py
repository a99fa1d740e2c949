"""How a platform's products are written: whole, or one thing after the other. A platform's client is one of
these, beside what `contract.CatalogueClient` reads."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol, runtime_checkable

from portal.sync.batches import Batch
from portal.sync.contract import CatalogueClient
from portal.sync.domain import Json, Product
from portal.sync.drafts import ProductDraft


@runtime_checkable
class TakesItems(CatalogueClient, Protocol):
    """A platform that takes an item whole, under Flourish's id."""

    def put_product(self, item_id: str, draft: ProductDraft) -> Product:
        """Have an item be this from then on, made where there is none; returns it. Done twice it is the same.

        Raises:
            Unsettled, Retryable, Rejected, ConnectionBroken.
        """
        ...


@runtime_checkable
class ShopClient(CatalogueClient, Protocol):
    """A platform whose products are made, described and given their stock one by one. Each write raises
    Unsettled, Retryable, Rejected or ConnectionBroken, and answers with the product as it is from then on."""

    def create_product(self, draft: ProductDraft) -> Product:
        """Make a product."""
        ...

    def update_product(self, ref: str, changes: Json) -> Product:
        """Change fields of a product."""
        ...

    def set_stock(self, ref: str, field: str, value: Decimal) -> Product:
        """Write a product's stock; `field` is "available" or "quantity"."""
        ...

    def create_strain(self, name: str, strain_class: str) -> str:
        """Make a strain; returns its id."""
        ...

    def batches(self) -> Mapping[str, tuple[Batch, ...]]:
        """Read the batches of all products that have some, by product, with the stock of each."""
        ...

    def batches_of(self, ref: str) -> tuple[Batch, ...]:
        """Read the batches of one product, with the stock of each."""
        ...

    def set_lot_stock(self, ref: str, batch: Batch, value: Decimal) -> Batch:
        """Write the stock of one batch of a product, or make it; returns the batch as it is from then on."""
        ...
