"""The retail side of one Flourish company: customers, retail orders, discounts, items, lab results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from portal.sync.addresses import segment
from portal.sync.contract import Page, Rows
from portal.sync.errors import Rejected, Retryable
from portal.sync.flourish.catalogue import read_each
from portal.sync.flourish.customers import (
    FILTERS,
    answers,
    read_customer,
    read_made,
    write_customer,
    write_update,
)
from portal.sync.flourish.envelope import PAGE_SIZE, Envelopes
from portal.sync.flourish.retail import read_discount, read_hint, read_lab, read_order, write_order
from portal.sync.flourish.shop_items import read_shop_item
from portal.sync.flourish.translate import write_time
from portal.sync.flourish.variations import read_variation
from portal.sync.mapping.keys import phone_key, sku_key
from portal.sync.personal import hide
from portal.sync.reading import Notice
from portal.sync.retail import (
    CustomerDraft,
    CustomerLookup,
    CustomerUpdate,
    KeptDiscount,
    LabResult,
    MadeCustomer,
    RetailCustomer,
    RetailDraft,
    RetailOrder,
    Variation,
)
from portal.sync.shopping import ShopItem

_CUSTOMERS, _ORDERS, _LABS = "/v1/customers", "/v1/retail-orders", "/v1/lab-test-results"
_ITEMS = "/v1/items"
# Profiles that were merged one after the other; more in a row is a circle.
_MOST_MERGED = 5
# When an order came to one of these Flourish says, and filters by; the others it lists by their status alone.
_DATED = ("created", "submitted", "packed", "completed")
_UNDATED = ("Out for Delivery", "Undeliverable")


class RetailClient:
    """Reads and writes what orders of shoppers need.

    Args:
        api: Flourish's API.
        notice: told of fields of an answer that no table names.
    """

    def __init__(self, api: Envelopes, notice: Notice) -> None:
        self._api = api
        self._notice = notice

    def customer(self, customer_id: str) -> RetailCustomer | None:
        """Read one customer, or None when Flourish does not know it."""
        found = self._api.one(_customer(customer_id))
        return read_customer(found, self._notice) if found is not None else None

    def customers(self, lookup: CustomerLookup) -> tuple[RetailCustomer, ...]:
        """Find the customers that have something. In the place of one that was merged stands the one that
        was kept, each once; who is otherwise inactive is among them.

        Raises:
            Retryable: the one that was kept is not shown at the moment.
        """
        value = phone_key(lookup.value) if lookup.by == "phone" else lookup.value.strip()
        rows = self._api.rows(_CUSTOMERS, {FILTERS[lookup.by]: value})
        found = (read_customer(row, self._notice) for row in rows)
        kept = (self._kept(each) for each in found if answers(each, lookup))
        return tuple({each.id: each for each in kept}.values())

    def _kept(self, customer: RetailCustomer) -> RetailCustomer:
        """Follow a merged profile to the one that was kept."""
        for _step in range(_MOST_MERGED):
            if not customer.merged_into:
                return customer
            following = self.customer(customer.merged_into)
            if following is None:
                raise Retryable("Flourish does not show the customer that another was merged into")
            customer = following
        return customer

    def create_customer(self, draft: CustomerDraft) -> MadeCustomer:
        """Make a customer.

        Raises:
            Unsettled: also when the answer does not name the id. Retryable, Rejected, ConnectionBroken.
        """
        with _hidden():
            made = self._api.write("POST", _CUSTOMERS, write_customer(draft))
        return read_made(made.answer, made.made_id())

    def update_customer(self, customer_id: str, update: CustomerUpdate) -> MadeCustomer:
        """Change a customer; what is not changed goes back as it is.

        Raises:
            Retryable: Flourish does not show the customer now. Unsettled, Rejected, ConnectionBroken.
        """
        found = self._api.one(_customer(customer_id))
        if found is None:
            raise Retryable("Flourish does not show the customer at the moment")
        with _hidden():
            made = self._api.write("PUT", _customer(customer_id), write_update(found, update))
        return read_made(made.answer, customer_id)

    def create_order(self, draft: RetailDraft) -> str:
        """Make a retail order; returns its id. The facility is always named.

        Raises:
            Unsettled: also when the answer does not name the id. Retryable, Rejected, ConnectionBroken.
        """
        with _hidden():
            return self._api.write("POST", _ORDERS, write_order(draft), draft.facility_id).made_id()

    def order(self, order_id: str) -> RetailOrder | None:
        """Read one order, or None when Flourish does not know it."""
        found = self._api.one(f"{_ORDERS}/{segment(order_id)}")
        return read_order(found, self._notice) if found is not None else None

    def orders(
        self,
        *,
        customer_id: str = "",
        created_from: datetime | None = None,
        created_until: datetime | None = None,
        facility_id: str = "",
    ) -> Iterator[RetailOrder]:
        """List orders, such as those among which one of ours is looked for by its number and note.

        Raises:
            Retryable: orders were moved between pages while they were read.
        """
        query = _filled(
            customer_id=customer_id,
            created_timestamp_start=_written(created_from),
            created_timestamp_end=_written(created_until),
        )
        for row in self._api.rows(_ORDERS, query, facility_id):
            yield read_order(row, self._notice)

    def changed_orders(self, since: datetime | None, open_ids: Sequence[str] = ()) -> Iterator[Page]:
        """Page through orders that came to a status since a time; all orders when None.

        The list has no filter for the time of the last change, and an order that was cancelled has no time:
        those that are open, as far as is known here, are asked for by their ids besides.
        """
        for start in range(0, len(open_ids), PAGE_SIZE):
            wanted = {"order_id": list(open_ids[start : start + PAGE_SIZE])}
            yield Page(tuple(read_hint(row) for row in self._api.rows(_ORDERS, wanted)))
        if since is None:
            queries: list[dict[str, Any]] = [{}]
        else:
            queries = [{f"{name}_timestamp_start": write_time(since)} for name in _DATED]
            queries += [{"order_status": status} for status in _UNDATED]
        for query in queries:
            for page in self._api.pages(_ORDERS, query):
                # Of several lists the sum is not known: one order may be in all of them.
                total = page.total if since is None else None
                yield Page(tuple(read_hint(row) for row in page.rows), total)

    def shop_items(self, since: datetime | None, position: str = "") -> Iterator[Rows[ShopItem]]:
        """Page through items as shops need them; otherwise as `FlourishClient.items`."""
        query = {} if since is None else {"last_updated_timestamp_start": write_time(since)}
        for page in self._api.pages(_ITEMS, query, start=int(position or 0)):
            yield read_each(page, lambda row: read_shop_item(row, self._notice))

    def shop_item(self, item_id: str) -> ShopItem | None:
        """Read one item as shops need it, or None when Flourish does not know it."""
        found = self._api.one(f"{_ITEMS}/{segment(item_id)}")
        return read_shop_item(found, self._notice) if found is not None else None

    def shop_items_by_sku(self, sku: str) -> tuple[ShopItem, ...]:
        """Read every item with exactly this SKU as shops need it, inactive ones among them."""
        found = (read_shop_item(row, self._notice) for row in self._api.rows(_ITEMS, {"sku": sku_key(sku)}))
        return tuple(one for one in found if sku_key(one.item.sku) == sku_key(sku))

    def discounts(self) -> tuple[KeptDiscount, ...]:
        """Read the discounts that the shop keeps; this list has no pages."""
        rows = self._api.unpaged("/v1/retail-discounts")
        return tuple(read_discount(row, self._notice) for row in rows)

    def variations(self, item_id: str) -> tuple[Variation, ...]:
        """Read the variations of an item, inactive ones among them."""
        rows = self._api.rows(f"/v1/items/{segment(item_id)}/itemvariations")
        return tuple(read_variation(row, self._notice) for row in rows)

    def labs(self, lots: Sequence[str]) -> Iterator[LabResult]:
        """Read the lab results of lots, of version 1: it names substances that version 2 lacks."""
        for start in range(0, len(lots), PAGE_SIZE):
            wanted = frozenset(lots[start : start + PAGE_SIZE])
            for row in self._api.rows(_LABS, {"lot_number": sorted(wanted)}):
                lab = read_lab(row, self._notice)
                if lab.lot in wanted:
                    yield lab


@contextmanager
def _hidden() -> Iterator[None]:
    """Hide what a refusal repeats of a person."""
    try:
        yield
    except Rejected as error:
        # Without what was caught: its words would be in the traceback.
        raise Rejected(hide(error.reason), field=error.field, http_status=error.http_status) from None


def _customer(customer_id: str) -> str:
    return f"{_CUSTOMERS}/{segment(customer_id)}"


def _written(moment: datetime | None) -> str:
    return write_time(moment) if moment is not None else ""


def _filled(**query: str) -> dict[str, str]:
    return {name: value for name, value in query.items() if value}
