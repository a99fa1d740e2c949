"""Recording: both sides as clients that read for real and keep each write to themselves.

A captured write answers with what it would lead to, and what is read afterwards shows it, so that the next
step is planned as it would be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from portal.sync.batches import Batch
from portal.sync.contract import CatalogueClient, PlatformClient, SellsToPeople
from portal.sync.domain import (
    CANCELLED,
    CREATED,
    Amount,
    Destination,
    Json,
    OutboundLine,
    OutboundOrder,
    Product,
    SourceOrder,
    StockKind,
)
from portal.sync.drafts import DestinationDraft, DraftLine, OutboundDraft, OutboundUpdate, ProductDraft
from portal.sync.flourish.client import FlourishClient
from portal.sync.mapping.facts import product_facts, product_from
from portal.sync.mapping.keys import license_key, sku_key
from portal.sync.mapping.units import EACH
from portal.sync.preview.naming import NEW
from portal.sync.preview.retail_recording import RecordingRetail
from portal.sync.product_writers import ShopClient
from portal.sync.questions import (
    CatalogueQuestion,
    CustomerNumbered,
    DestinationByLicense,
    FlourishQuestion,
    LicenseType,
    Named,
    RepEmail,
    StrainNamed,
)
from portal.sync.retail import CustomerLookup
from portal.sync.shopping import ShopOrder, Store

_NOTHING = Decimal(0)
# Of a platform whose writes call fields as we do.
NO_NAMES: Mapping[str, str] = MappingProxyType({})
# What a text or a list is where a write says that there is nothing.
_BLANK: Mapping[str, Any] = MappingProxyType(
    {"brand": "", "description": "", "strain_class": "", "strains": []}
)
# What a look asks of Flourish besides what is recorded below.
_READS = frozenset({"outbound_orders", "item", "items_by_sku", "stock_of"})


class RecordingPlatform:
    """Implements `product_writers.ShopClient` and `TakesItems` over a real client.

    Args:
        client: reads for real.
        strains: names of strains that earlier captured writes made.
    """

    def __init__(
        self, client: PlatformClient, strains: Iterable[str] = (), names: Mapping[str, str] = NO_NAMES
    ) -> None:
        self._client = client
        self._names = names
        self._strains = {name.strip().casefold(): name for name in strains}
        self._products: dict[str, Product] = {}
        self._orders: dict[str, SourceOrder] = {}

    @property
    def _catalogue(self) -> CatalogueClient:
        if not isinstance(self._client, CatalogueClient):
            raise TypeError("this platform has no catalogue")
        return self._client

    @property
    def _shop(self) -> ShopClient:
        if not isinstance(self._client, ShopClient):
            raise TypeError("this platform takes no products one by one")
        return self._client

    def company(self) -> Any:
        """See `contract.PlatformClient`."""
        return self._client.company()

    def order(self, number: str) -> SourceOrder | None:
        """See `contract.PlatformClient`."""
        if number not in self._orders:
            found = self._client.order(number)
            if found is None:
                return None
            self._orders[number] = found
        return self._orders[number]

    def read_order(self, number: str) -> SourceOrder | None:
        """An order as it was read, or would be by now; None when it was not."""
        return self._orders.get(number)

    def entries(self, name: str) -> Any:
        """See `contract.PlatformClient`."""
        return self._client.entries(name)

    def store(self) -> Store:
        """See `contract.SellsToPeople`."""
        if not isinstance(self._client, SellsToPeople):
            raise TypeError("people do not shop on this platform")
        return self._client.store()

    def changed_orders(self, since: datetime | None) -> Any:
        """See `contract.PlatformClient`."""
        return self._client.changed_orders(since)

    def rep_email(self, question: RepEmail) -> str:
        """See `contract.PlatformClient`."""
        return self._client.rep_email(question)

    def license_type(self, question: LicenseType) -> str:
        """See `contract.PlatformClient`."""
        return self._client.license_type(question)

    def move(self, number: str, action: str, *, key: str = "") -> None:
        """Capture a transition. Where it leads is not known: nothing is planned behind it."""
        raise Captured(number, action, key)

    def replace_lines(self, number: str, lines: tuple[DraftLine, ...], *, key: str = "") -> None:
        """Capture lines. What they make of the order's total is not worked out: nothing is planned behind
        it."""
        raise Captured(number, lines, key)

    def tell(
        self, number: str, external_ids: Mapping[str, str | None], paid_on: str, *, key: str = ""
    ) -> None:
        """Capture ids, and that an order is paid."""
        del key
        order = self._orders[number]
        merged = {**order.external_ids, **external_ids}
        ids = {key: one for key, one in merged.items() if one}
        self._orders[number] = replace(order, external_ids=ids, paid=order.paid or bool(paid_on))

    def release(self, number: str) -> None:
        """Capture that the platform keeps nothing back for an order any more."""
        order = self._orders[number]
        if isinstance(order, ShopOrder):
            self._orders[number] = replace(order, is_released=True)

    def set_term(self, number: str, term: str, *, key: str = "") -> None:
        """Capture a payment term."""
        del key
        self._orders[number] = replace(self._orders[number], term=term, term_shown=term)

    def products(self, since: datetime | None, position: str = "") -> Any:
        """See `contract.CatalogueClient`."""
        return self._catalogue.products(since, position)

    def product(self, ref: str) -> Product | None:
        """See `contract.CatalogueClient`."""
        return self._products.get(ref) or self._catalogue.product(ref)

    def products_by_sku(self, sku: str) -> tuple[Product, ...]:
        """See `contract.CatalogueClient`."""
        return self._catalogue.products_by_sku(sku)

    def look_up(self, question: CatalogueQuestion) -> tuple[Any, ...]:
        """Answer a question; a strain that would have been made by now is there."""
        if isinstance(question, StrainNamed) and (made := self._strains.get(question.name.casefold())):
            return (Named(f"{NEW}{made}", made),)
        return self._catalogue.look_up(question)

    def seen(self, products: Iterable[Product]) -> tuple[Product, ...]:
        """Products as they would be by now; those that would have been made are not among them."""
        for product in products:
            self._products.setdefault(product.ref, product)
        return tuple(self._products[product.ref] for product in products)

    def made(self, sku: str) -> tuple[Product, ...]:
        """The product of a SKU that would have been made by now."""
        found = self._products.get(f"{NEW}{sku}")
        return (found,) if found else ()

    def forget(self) -> None:
        """Forget products and orders: each SKU and each order is rehearsed once."""
        self._products.clear()
        self._orders.clear()

    def create_product(self, draft: ProductDraft) -> Product:
        """Capture a product that is made."""
        quantity = Decimal(str(draft.fields.get("quantity") or 0))
        blank = Product(
            ref=f"{NEW}{draft.sku}",
            sku=draft.sku,
            name="",
            listing_state="Available",
            listed=True,
            archived=False,
            unit=str(draft.fields.get("unit") or EACH),
            quantity=quantity,
            reserved=_NOTHING,
            available=quantity,
            stock_kind=StockKind.MANAGED,
            updated_at=datetime.now(UTC),
        )
        return self._keep(blank, self._as_there(draft.fields))

    def put_product(self, item_id: str, draft: ProductDraft) -> Product:
        """Capture an item that is put there. What some of its fields alone, or a platform's own, make of a
        product is not worked out: nothing is planned behind it."""
        if "unit" not in draft.fields:
            raise Captured(item_id, draft)
        known = next((one for one in self._products.values() if sku_key(one.sku) == sku_key(draft.sku)), None)
        if known is None:
            return self.create_product(draft)
        if "quantity" in draft.fields:
            field = self._names.get("quantity", "available")
            self.set_stock(known.ref, field, Decimal(str(draft.fields["quantity"])))
        return self._keep(self._products[known.ref], self._as_there(draft.fields))

    def _as_there(self, fields: Json) -> dict[str, Any]:
        """Fields as the product then has them, by our names, without its stock. Nothing is an empty text."""
        named = {self._names.get(name, name): value for name, value in fields.items() if name != "quantity"}
        if isinstance(strain := named.get("strains"), str):
            named["strains"] = [strain]
        return {name: _BLANK.get(name, value) if value is None else value for name, value in named.items()}

    def update_product(self, ref: str, changes: Json) -> Product:
        """Capture changed fields of a product."""
        return self._keep(self._products[ref], changes)

    def set_stock(self, ref: str, field: str, value: Decimal) -> Product:
        """Capture a product's stock."""
        product = self._products[ref]
        quantity = value if field == "quantity" else value + product.reserved
        self._products[ref] = replace(product, quantity=quantity, available=quantity - product.reserved)
        return self._products[ref]

    def batches(self) -> Any:
        """See `contract.CatalogueClient`."""
        return self._shop.batches()

    def batches_of(self, ref: str) -> tuple[Batch, ...]:
        """Read a product's batches; one that would have been made by now has none."""
        return () if ref.startswith(NEW) else self._shop.batches_of(ref)

    def set_lot_stock(self, ref: str, batch: Batch, value: Decimal) -> Batch:
        """Capture the stock of one batch."""
        product = self._products[ref]
        changed = replace(batch, stock_ref=batch.stock_ref or f"{NEW}{batch.number}", quantity=value)
        known = (batch.ref, batch.stock_ref)
        others = (one for one in product.batches or () if (one.ref, one.stock_ref) != known)
        self._products[ref] = replace(product, batches=(*others, changed))
        return changed

    def create_strain(self, name: str, strain_class: str) -> str:
        """Capture a strain that is made."""
        del strain_class
        self._strains[name.strip().casefold()] = name
        return f"{NEW}{name}"

    def _keep(self, product: Product, changes: Json) -> Product:
        changed = product_from({**product_facts(product), **changes})
        self._products[changed.ref] = changed
        return changed


class RecordingFlourish:
    """Implements what a look needs of a `FlourishClient`, over a real one.

    Args:
        client: reads for real.
        destinations: by normalised license, names of destinations that earlier captured writes made.
        facilities: names of facilities by id.
    """

    def __init__(
        self,
        client: FlourishClient,
        destinations: Mapping[str, str],
        facilities: Mapping[str, str],
    ) -> None:
        self._client = client
        self.retail = RecordingRetail(client.retail)
        self._destinations = dict(destinations)
        self._facilities = facilities
        self._orders: dict[str, OutboundOrder] = {}

    def __getattr__(self, name: str) -> Any:
        """Read the rest for real: what is no read that is named must not get through."""
        if name not in _READS:
            raise AttributeError(name)
        return getattr(self._client, name)

    def forget(self) -> None:
        """Forget orders: each is rehearsed once."""
        self._orders.clear()
        self.retail.forget()

    def answer(self, question: FlourishQuestion, *, facility_id: str = "") -> Any:
        """Answer a question; a destination that would have been made by now is there."""
        if isinstance(question, DestinationByLicense):
            made = self._destinations.get(license_key(question.license))
            if made is not None:
                return (Destination(f"{NEW}{question.license}", made, question.license, active=True),)
        if isinstance(question, CustomerLookup):
            return self.retail.customers(question)
        if isinstance(question, CustomerNumbered):
            return self.retail.customer(question.id)
        return self._client.answer(question, facility_id=facility_id)

    def outbound_order(self, order_id: str) -> OutboundOrder | None:
        """Read an order as it would be by now."""
        if order_id not in self._orders:
            found = self._client.outbound_order(order_id)
            if found is None:
                return None
            self._orders[order_id] = found
        return self._orders[order_id]

    def create_destination(self, draft: DestinationDraft) -> Destination:
        """Capture a destination that is made."""
        self._destinations[license_key(draft.license)] = draft.name
        return Destination(f"{NEW}{draft.license}", draft.name, draft.license, active=True)

    def create_order(self, draft: OutboundDraft) -> str:
        """Capture an order that is made."""
        lines = tuple(
            OutboundLine(one.item_id, one.sku, one.sku, one.eaches, _NOTHING, one.unit_price, one.lot)
            for one in draft.lines
        )
        now = datetime.now(UTC)
        order = OutboundOrder(
            id=f"{NEW}{draft.original_order_id}",
            status=CREATED,
            payment_status="",
            facility_id=draft.facility_id,
            facility_name=self._facilities.get(draft.facility_id, ""),
            original_order_id=draft.original_order_id,
            destination_id=draft.destination_id,
            lines=lines,
            total=_total(lines, draft),
            created_at=now,
            updated_at=now,
            notes=(*draft.internal_notes, *draft.notes),
            charges=tuple(map(Amount, draft.charges)),
            discounts=tuple(map(Amount, draft.discounts)),
        )
        self._orders[order.id] = order
        return order.id

    def finish_order(self, order: OutboundOrder, *, requested_date: date | None, term: str) -> None:
        """Capture requested date and payment term."""
        self._change(order, requested_date=requested_date or order.requested_date, term=term or order.term)

    def update_order(self, order: OutboundOrder, update: OutboundUpdate) -> None:
        """Capture an edit of an order. What it makes of its lines is not worked out: nothing is planned
        behind it."""
        raise Captured(order, update)

    def cancel_order(self, flourish_id: str, facility_id: str, *, untouched: bool = False) -> None:
        """Capture that an order is cancelled."""
        del facility_id, untouched
        self._change(self._orders[flourish_id], status=CANCELLED)

    def _change(self, order: OutboundOrder, **changed: Any) -> None:
        # Later than what was read: a look after a write takes the same time for a read that lags.
        later = max(datetime.now(UTC), order.updated_at + datetime.resolution)
        self._orders[order.id] = replace(order, updated_at=later, **changed)


class Captured(Exception):
    """A write was captured whose effect is not worked out; the rehearsal of its link ends with it."""


def _total(lines: Iterable[OutboundLine], draft: OutboundDraft) -> Decimal:
    goods = sum((line.eaches * line.price for line in lines), _NOTHING)
    return goods + sum(draft.charges, _NOTHING) - sum(draft.discounts, _NOTHING)
