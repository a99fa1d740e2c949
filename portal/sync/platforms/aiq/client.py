"""One store of an AIQ organisation: its documented API, and two writes that are assumed (docs/aiq.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from portal.sync.addresses import segment
from portal.sync.checks import Entry
from portal.sync.contract import Calls, Page, Rows
from portal.sync.domain import Company, Product
from portal.sync.drafts import ProductDraft
from portal.sync.errors import ConnectionBroken, Rejected, Retryable, Unreadable
from portal.sync.platforms.aiq import lists
from portal.sync.platforms.aiq.paging import pages_by_change
from portal.sync.platforms.aiq.products import read_product
from portal.sync.platforms.aiq.translate import EXTERNAL_ID, read_hint, read_order, venue_of
from portal.sync.questions import CatalogueQuestion, LicenseType, RepEmail
from portal.sync.reading import Fields, Notice, log_unknown_field
from portal.sync.shopping import ShopOrder, Store

_CONFLICT = 409
# Stores that one sentence names.
_MOST_NAMED = 20


class AiqClient:
    """Implements `product_writers.TakesItems` and `contract.SellsToPeople`.

    Args:
        calls: the HTTP room, with a base address that ends in the API's date.
        venue: the store's id; a key opens all stores of its organisation, a connection is one of them.
        writes: whether the writes that AIQ does not document are made at all.
        notice: told of fields of an answer that no table names.
    """

    def __init__(
        self, calls: Calls, venue: str, *, writes: bool = True, notice: Notice = log_unknown_field
    ) -> None:
        self._calls = calls
        self._venue = venue
        self._writes = writes
        self._notice = notice

    def company(self) -> Company:
        """Prove the key, and that the store is one of its organisation's.

        Raises:
            ConnectionBroken: AIQ does not know the key, or has no such store any more; those that it has are
                named then.
        """
        payload = self._calls.read(f"venues/{segment(self._venue)}") if self._venue else None
        if payload is None:
            raise ConnectionBroken(self._which_store(), field="venue")
        store = Fields.of(payload)
        return Company(store.ident("id"), store.text("name").strip())

    def order(self, number: str) -> ShopOrder | None:
        """Read one order by AIQ's internal id, or None when it is none of this store's."""
        payload = self._calls.read(f"orders/{segment(number)}")
        if payload is None or venue_of(payload) != self._venue:
            return None
        return read_order(payload, self._notice)

    def changed_orders(self, since: datetime | None) -> Iterator[Page]:
        """Page through the store's orders that changed since a time, whatever their status, the oldest change
        first. A row at the end of a page may come again on the next.

        Raises:
            Unreadable: the pages never end.
        """
        for piece in pages_by_change(self._calls, "orders", {"venueId": self._venue}, since):
            yield Page(tuple(map(read_hint, piece.rows)))

    def move(self, number: str, action: str, *, key: str = "") -> None:
        """Give an order another status (assumed).

        Raises:
            Retryable: also when somebody was quicker, so that it is there or over.
            Unsettled, Rejected, ConnectionBroken.
        """
        del key
        try:
            self._change(number, {"status": action})
        except Rejected as error:
            if error.http_status != _CONFLICT or not self._is_settled(number, action):
                raise
            raise Retryable(f"AIQ: {error}", after=1.0, throttled=True) from error

    def tell(
        self, number: str, external_ids: Mapping[str, str | None], paid_on: str, *, key: str = ""
    ) -> None:
        """Write the order's id in Flourish, or take it back (assumed). What is paid, AIQ is not told.

        Raises:
            Unsettled, Retryable, Rejected, ConnectionBroken.
        """
        del paid_on, key
        self._change(number, {EXTERNAL_ID: external_ids.get(EXTERNAL_ID)})

    def release(self, number: str) -> None:
        """End AIQ's own hold of an order's goods, once Flourish's stock has taken them off (assumed).

        Raises:
            Unsettled, Retryable, Rejected, ConnectionBroken.
        """
        self._change(number, {"fullfilled": True})

    def set_term(self, number: str, term: str, *, key: str = "") -> None:
        """Refuse: shoppers have no payment terms.

        Raises:
            Rejected: always.
        """
        raise Rejected(f"AIQ takes no payment term: {number}, {term}, {key}", field="payment_term")

    def rep_email(self, question: RepEmail) -> str:
        """Nobody sells in an online shop."""
        del question
        return ""

    def license_type(self, question: LicenseType) -> str:
        """Shoppers have no licenses."""
        del question
        return ""

    def store(self) -> Store:
        """Read what orders depend on of the store.

        Raises:
            ConnectionBroken: the organisation has no such store any more.
        """
        store = self._store()
        state = store.child_or_empty("address").text_or_empty("administrativeArea").strip().upper()
        return Store(state, is_medical=store.flag_or_no("medicalDispensary"))

    def venues(self) -> tuple[Entry, ...]:
        """Read the stores that the key opens, for whoever chooses one."""
        return tuple(lists.venues(self._calls))

    def entries(self, name: str) -> Iterator[Entry]:
        """Read one of the lists of `lists.NAMES`."""
        return lists.entries(self._calls, self._venue, name)

    def products(self, since: datetime | None, position: str = "") -> Iterator[Rows[Product]]:
        """Page through the store's products, hidden ones among them. A row at the end of a page may come
        again on the next.

        Raises:
            ConnectionBroken: the store does not exist any more; AIQ then says that it has no products.
        """
        query = {"venueId": self._venue}
        for piece in pages_by_change(self._calls, "products", query, since, position):
            if not piece.rows:
                self._store()
            yield self._rows(piece.rows, piece.count, piece.position)

    def product(self, ref: str) -> Product | None:
        """Read one product by AIQ's id, or None when the store has none of it."""
        payload = self._calls.read(f"products/{segment(ref)}", query={"venueId": self._venue})
        return None if payload is None else read_product(Fields.of(payload), self._notice)

    def products_by_sku(self, sku: str) -> tuple[Product, ...]:
        """Read every product with exactly this SKU. AIQ cannot be asked for one: all are gone through."""
        every = (product for page in self.products(None) for product in page.rows)
        return tuple({product.ref: product for product in every if product.sku == sku.strip()}.values())

    def look_up(self, question: CatalogueQuestion) -> tuple[Any, ...]:
        """AIQ is asked for nothing else: a product goes by its kind, which a table says."""
        del question
        return ()

    def put_product(self, item_id: str, draft: ProductDraft) -> Product:
        """Have a product be this, under Flourish's id of its item (assumed); one of its SKU that was entered
        by hand becomes it. Fields are AIQ's own, and one that is not named stays.

        Raises:
            Unsettled, Retryable, Rejected, ConnectionBroken.
        """
        self._refuse_unless_written()
        path = f"products/{segment(item_id)}?venueId={segment(self._venue)}"
        answer = self._calls.write("PUT", path, {"sku": draft.sku, **draft.fields})
        return read_product(Fields.of(answer), self._notice)

    def _which_store(self) -> str:
        """Say which stores the key opens, for who does not know their ids."""
        wrong = "AIQ has no store of this id in the organisation." if self._venue else "The store is missing."
        try:
            known = [f"{one.name} ({one.ref})" for one in self.venues()]
        except Unreadable:
            return wrong
        if not known:
            return f"{wrong} The key opens none."
        more = f" and {len(known) - _MOST_NAMED} more" if len(known) > _MOST_NAMED else ""
        return f"{wrong} Enter the id of one that the key opens: {', '.join(known[:_MOST_NAMED])}{more}."

    def _store(self) -> Fields:
        payload = self._calls.read(f"venues/{segment(self._venue)}")
        if payload is None:
            raise ConnectionBroken("AIQ has no store of this id in the organisation")
        return Fields.of(payload)

    def _rows(self, page: tuple[Fields, ...], count: int | None, position: str) -> Rows[Product]:
        return Rows.read(page, lambda row: read_product(row, self._notice), count, position)

    def _change(self, number: str, body: Mapping[str, Any]) -> None:
        self._refuse_unless_written()
        self._calls.write("PATCH", f"orders/{segment(number)}", body)

    def _refuse_unless_written(self) -> None:
        if not self._writes:
            raise Rejected("Writing to AIQ is switched off for this connection")

    def _is_settled(self, number: str, action: str) -> bool:
        """Whether nothing is left of a step, as the order is there already or over."""
        order = self.order(number)
        return order is not None and (order.status == action or order.is_over)
