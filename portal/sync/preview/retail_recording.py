"""Recording, of Flourish's retail side: customers and retail orders that would have been made by now are
there, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from portal.sync.flourish.retail_client import RetailClient
from portal.sync.mapping.identity import sole_key, sole_keys
from portal.sync.mapping.offers import expected_off
from portal.sync.preview.naming import NEW
from portal.sync.retail import (
    SUBMITTED,
    CustomerDraft,
    CustomerLookup,
    MadeCustomer,
    OfferedLine,
    RetailCustomer,
    RetailDraft,
    RetailLine,
    RetailOrder,
)
from portal.sync.shopping import ShopItem

_NOTHING = Decimal(0)


class RecordingRetail:
    """Implements what a look needs of a `RetailClient`, over a real one. Customers that would have been made
    stay for all orders of a rehearsal.

    Args:
        client: reads for real.
    """

    def __init__(self, client: RetailClient) -> None:
        self._client = client
        self._customers: list[RetailCustomer] = []
        self._orders: dict[str, RetailOrder] = {}

    def forget(self) -> None:
        """Forget orders: each is rehearsed once."""
        self._orders.clear()

    def customer(self, customer_id: str) -> RetailCustomer | None:
        """Read one customer."""
        made = next((one for one in self._customers if one.id == customer_id), None)
        return made or self._client.customer(customer_id)

    def customers(self, lookup: CustomerLookup) -> tuple[RetailCustomer, ...]:
        """Find the customers that have something, those that would have been made by now among them."""
        made = (one for one in self._customers if sole_key(lookup) in sole_keys(one.person))
        return (*made, *self._client.customers(lookup))

    def create_customer(self, draft: CustomerDraft) -> MadeCustomer:
        """Capture a customer that is made."""
        person = draft.person
        made = RetailCustomer(
            f"{NEW}customer {len(self._customers) + 1}",
            person,
            is_active=True,
            is_verified=draft.is_verified is True,
        )
        self._customers.append(made)
        return MadeCustomer(made.id)

    def shop_item(self, item_id: str) -> ShopItem | None:
        """Read one item as shops need it."""
        return self._client.shop_item(item_id)

    def shop_items_by_sku(self, sku: str) -> tuple[ShopItem, ...]:
        """Read every item with exactly this SKU as shops need it."""
        return self._client.shop_items_by_sku(sku)

    def order(self, order_id: str) -> RetailOrder | None:
        """Read an order as it would be by now."""
        return self._orders.get(order_id) or self._client.order(order_id)

    def orders(
        self, *, created_from: datetime | None = None, created_until: datetime | None = None
    ) -> Iterator[RetailOrder]:
        """List orders, for real."""
        return self._client.orders(created_from=created_from, created_until=created_until)

    def create_order(self, draft: RetailDraft) -> str:
        """Capture an order that is made."""
        made = _made(draft)
        self._orders[made.id] = made
        return made.id


def _made(draft: RetailDraft) -> RetailOrder:
    """The order that Flourish would make of a draft, as far as it is known how."""
    offered = tuple(OfferedLine(line.sku, line.eaches, line.unit_price) for line in draft.lines)
    subtotal = sum((line.eaches * line.unit_price for line in draft.lines), _NOTHING)
    discount, now = expected_off(offered, draft.discounts), datetime.now(UTC)
    order = RetailOrder(
        id=f"{NEW}{draft.original_order_id}",
        status=SUBMITTED,
        payment_status="",
        facility_id=draft.facility_id,
        original_order_id=draft.original_order_id,
        customer_id=draft.customer_id,
        fulfilment=draft.fulfilment,
        lines=tuple(
            RetailLine(line.item_id, line.sku, line.eaches, _NOTHING, line.unit_price, line.sku)
            for line in draft.lines
        ),
        subtotal=subtotal,
        discount=discount,
        taxes=_NOTHING,
        delivery_fee=draft.delivery_fee,
        total=subtotal - discount + draft.delivery_fee,
        created_at=now,
        updated_at=now,
    )
    return replace(order, notes=draft.notes, is_recreational=draft.is_recreational)
