"""One Ordo account, by the assumed API (docs/ordo.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from portal.sync.addresses import segment
from portal.sync.checks import Entry
from portal.sync.contract import Calls, Page, Rows
from portal.sync.domain import Company, Product, SourceOrder
from portal.sync.drafts import DraftLine, ProductDraft
from portal.sync.errors import ConnectionBroken, Rejected, Retryable
from portal.sync.mapping.nearness import near
from portal.sync.platforms.ordo import lists
from portal.sync.platforms.ordo.items import read_item, write_item
from portal.sync.platforms.ordo.paging import pages, pages_from, rows
from portal.sync.platforms.ordo.status import next_move
from portal.sync.platforms.ordo.translate import EXTERNAL_ID, read_hint, read_order, write_lines
from portal.sync.questions import BrandNamed, CatalogueQuestion, LicenseType, Named, RepEmail
from portal.sync.reading import Fields, Notice, log_unknown_field

# Under one key a write is done once, however often it arrives.
KEY_HEADER = "Idempotency-Key"
# What Trellis reads -> what a key that may not is said to lack.
_PERMISSIONS = (("orders", "orders"), ("brands", "brands"), ("licenses", "licenses"), ("items", "items"))
_CONFLICT = 409


class OrdoClient:
    """Implements `product_writers.TakesItems` and `contract.TakesLines`.

    Args:
        calls: the HTTP room, with a base address that ends in /v1/.
        notice: told of fields of an answer that no table names.
    """

    def __init__(self, calls: Calls, notice: Notice = log_unknown_field) -> None:
        self._calls = calls
        self._notice = notice
        self._brands: tuple[Entry, ...] | None = None

    def company(self) -> Company:
        """Prove the key: whose it is, and what it may not read.

        Raises:
            ConnectionBroken: Ordo does not know the key.
        """
        own = Fields.of(self._calls.read("organization"))
        missing = tuple(name for path, name in _PERMISSIONS if self._is_forbidden(path))
        return Company(own.ident("id"), own.text("name"), missing)

    def order(self, number: str) -> SourceOrder | None:
        """Read one order, or None when Ordo does not know it."""
        payload = self._calls.read(f"orders/{segment(number)}")
        return read_order(payload, self._notice) if payload is not None else None

    def changed_orders(self, since: datetime | None) -> Iterator[Page]:
        """Page through orders that changed since a time, whatever their status: one that is taken back
        matters as much as one that is confirmed.

        Raises:
            Unreadable: the pages go round in a circle or never end.
        """
        query = {} if since is None else {"updated_since": since.astimezone(UTC).isoformat()}
        for page in pages(self._calls, "orders", query):
            yield Page(tuple(map(read_hint, page)))

    def move(self, number: str, action: str, *, key: str = "") -> None:
        """Give an order another status.

        Raises:
            Retryable: also when it has moved on since it was read, so that it would go backwards.
            Unsettled, Rejected, ConnectionBroken.
        """
        try:
            self._change(number, {"status": action}, key)
        except Rejected as error:
            if error.http_status != _CONFLICT or not self._has_moved_on(number, action):
                raise
            raise Retryable(f"Ordo: {error}", after=1.0, throttled=True) from error

    def tell(
        self, number: str, external_ids: Mapping[str, str | None], paid_on: str, *, key: str = ""
    ) -> None:
        """Write the order's id in Flourish, or take it back. That an order is paid is a status in Ordo.

        Raises:
            Unsettled, Retryable, Rejected, ConnectionBroken.
        """
        del paid_on
        self._change(number, {EXTERNAL_ID: external_ids.get(EXTERNAL_ID)}, key)

    def replace_lines(self, number: str, lines: tuple[DraftLine, ...], *, key: str = "") -> None:
        """Give an order these lines instead of all that it has.

        Raises:
            Unsettled, Retryable, Rejected, ConnectionBroken.
        """
        self._change(number, {"lines": write_lines(lines)}, key)

    def set_term(self, number: str, term: str, *, key: str = "") -> None:
        """Refuse: payment terms go from Ordo to Flourish alone (OR-9), and the declaration says so.

        Raises:
            Rejected: always.
        """
        raise Rejected(f"Ordo takes no payment term: {number}, {term}, {key}", field="payment_term")

    def rep_email(self, question: RepEmail) -> str:
        """Name the e-mail of a sales rep: orders know their rep by nothing else."""
        return question.ref

    def license_type(self, question: LicenseType) -> str:
        """Ordo tells of no license what type it is."""
        del question
        return ""

    def entries(self, name: str) -> Iterator[Entry]:
        """Read one of the lists of `lists.NAMES`."""
        return lists.entries(self._calls, name)

    def products(self, since: datetime | None, position: str = "") -> Iterator[Rows[Product]]:
        """Page through all items: Ordo's list knows no times of change."""
        del since
        for page, behind in pages_from(self._calls, "items", position=position):
            yield self._rows(page, behind)

    def product(self, ref: str) -> Product | None:
        """Read one item. Ordo has no way to ask for one by its own id, so the list is gone through."""
        return next((one for page in self.products(None) for one in page.rows if one.ref == ref), None)

    def products_by_sku(self, sku: str) -> tuple[Product, ...]:
        """Read every item with exactly this SKU."""
        return tuple(read_item(row, self._notice) for row in rows(self._calls, "items", {"sku": sku}))

    def look_up(self, question: CatalogueQuestion) -> tuple[Any, ...]:
        """Name the brands of a name, else those that are near; Ordo is asked for nothing else."""
        if not isinstance(question, BrandNamed):
            return ()
        if self._brands is None:
            self._brands = tuple(self.entries("brands"))
        found = [one for one in self._brands if one.value.strip() == question.name]
        if not found:
            suggested = near([Entry("", question.name, question.name)], self._brands).left.get(0, ())
            found = [one.partner for one in suggested]
        return tuple(Named(one.value, one.value) for one in found)

    def put_product(self, item_id: str, draft: ProductDraft) -> Product:
        """Have an item be this, under Flourish's id of it; one of its SKU that was made by hand becomes it.

        Raises:
            Rejected: also when its brand is none of the organisation's any more.
            Unsettled, Retryable, ConnectionBroken.
        """
        answer = self._calls.write("PUT", f"items/{segment(item_id)}", write_item(draft))
        return read_item(Fields.of(answer), self._notice)

    def _rows(self, page: tuple[Fields, ...], behind: str) -> Rows[Product]:
        return Rows.read(page, lambda row: read_item(row, self._notice), None, behind)

    def _change(self, number: str, body: Mapping[str, Any], key: str) -> None:
        headers = {KEY_HEADER: key} if key else {}
        self._calls.write("PATCH", f"orders/{segment(number)}", body, headers=headers)

    def _has_moved_on(self, number: str, action: str) -> bool:
        """Whether nothing is left of a step, as somebody else was quicker: the next look then plans none."""
        order = self.order(number)
        return order is not None and next_move(order, action) is None

    def _is_forbidden(self, path: str) -> bool:
        try:
            self._calls.read(path, query={"limit": 1})
        except ConnectionBroken as error:
            if not error.is_forbidden:
                # The key was good a moment ago: this says nothing about it.
                raise Retryable("Ordo accepts the key and refuses it in turns") from error
            return True
        return False
