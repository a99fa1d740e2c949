"""One LeafLink account, by its Marketplace V2 API. Paths must end in a slash; a missing one answers 400."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from portal.sync.addresses import segment
from portal.sync.batches import Batch
from portal.sync.checks import Entry
from portal.sync.contract import Calls, Page, Rows
from portal.sync.domain import Company, Json, Product, SourceOrder
from portal.sync.drafts import ProductDraft
from portal.sync.errors import ConnectionBroken, Rejected, Retryable, Unreadable, Unsettled
from portal.sync.mapping.keys import sku_key
from portal.sync.platforms.leaflink import lists
from portal.sync.platforms.leaflink.catalogue import (
    changed_by_program,
    read_product,
    write_changes,
    write_draft,
    write_stock,
    write_strain,
)
from portal.sync.platforms.leaflink.inventory import Inventory
from portal.sync.platforms.leaflink.lookups import Lookups
from portal.sync.platforms.leaflink.paging import PAGE_SIZE, count, pages, rows
from portal.sync.platforms.leaflink.terms import read_term, write_term
from portal.sync.platforms.leaflink.translate import license_type_name, product_id, read_order, read_page
from portal.sync.questions import CatalogueQuestion, LicenseType, RepEmail
from portal.sync.reading import Fields, Notice, log_unknown_field

# What Trellis reads -> what the key's page in LeafLink calls the permission (developer hub).
PERMISSIONS = (
    ("orders-received/", "Orders: Read & Write"),
    ("products/", "Products: Read"),
    # Only a key that may write products may read licenses.
    ("licenses/", "Products: Read & Write"),
    ("customers/", "Customers: Read"),
    ("company-staff/", "Orders: Read & Write (company staff)"),
)


class LeafLinkClient:
    """Implements `product_writers.ShopClient` and `contract.TellsEditors`. LeafLink knows no keys of writes.

    Args:
        calls: the HTTP room, with a base address that ends in /api/v2/.
        notice: told of fields of an answer that no table names.
    """

    def __init__(self, calls: Calls, notice: Notice = log_unknown_field) -> None:
        self._calls = calls
        self._notice = notice
        self._lookups = Lookups(calls, self._own_company)
        self._inventory = Inventory(calls)
        self._company = ""
        # Batches by id, for as long as this client lives: one shift.
        self._batches: dict[str, Json] = {}

    def company(self) -> Company:
        """Prove the key: whose it is, and what it may not read.

        Raises:
            ConnectionBroken: LeafLink does not know the key.
        """
        own = self._read_company()
        missing = tuple(name for path, name in PERMISSIONS if self._is_forbidden(path))
        return Company(own.ident("id"), own.text("name"), missing)

    def order(self, number: str) -> SourceOrder | None:
        """Read one order with its customer's details, or None when LeafLink does not know it."""
        children = {"include_children": "line_items,customer,sales_reps"}
        payload = self._calls.read(f"orders-received/{segment(number)}/", query=children)
        if payload is None:
            return None
        return read_order(self._completed(Fields.of(payload)), self._notice)

    def changed_orders(self, since: datetime | None) -> Iterator[Page]:
        """Page through orders modified since a time, in LeafLink's order.

        Raises:
            Unreadable: the pages go round in a circle or never end.
        """
        query: dict[str, Any] = {"limit": PAGE_SIZE, "fields_include": "number,short_id,modified"}
        if since is not None:
            query["modified__gte"] = since.astimezone(UTC).isoformat()
        for page in pages(self._calls, "orders-received/", query):
            hints, _following, total = read_page(page.value)
            yield Page(hints, total)

    def move(self, number: str, action: str, *, key: str = "") -> None:
        """Make one transition, such as "accept".

        Raises:
            Unsettled, Retryable, Rejected, ConnectionBroken.
        """
        del key
        self._calls.write("POST", f"orders-received/{segment(number)}/transition/{segment(action)}/")

    def tell(
        self, number: str, external_ids: Mapping[str, str | None], paid_on: str, *, key: str = ""
    ) -> None:
        """Write external ids, by LeafLink's keys, and that an order is paid.

        Raises:
            Unsettled, Retryable, Rejected, ConnectionBroken.
        """
        del key
        body: dict[str, Any] = {"external_ids": dict(external_ids)} if external_ids else {}
        body |= {"paid": True, "paid_date": paid_on} if paid_on else {}
        self._calls.write("PATCH", f"orders-received/{segment(number)}/", body)

    def set_term(self, number: str, term: str, *, key: str = "") -> None:
        """Give an order another payment term, by an option that LeafLink offers for it.

        Raises:
            Rejected: also when LeafLink says that it did, and shows another term.
            Unsettled, Retryable, Unreadable, ConnectionBroken.
        """
        del key
        path = f"orders-received/{segment(number)}/"
        found = self._calls.read(path)
        if found is None:
            raise Retryable("LeafLink does not show the order at the moment")
        answer = self._calls.write("PATCH", path, write_term(Fields.of(found), term))
        shown = read_term(Fields.of(answer)) if isinstance(answer, dict) else None
        if shown is not None and shown.shown and shown.name != term:
            raise Rejected(f"LeafLink kept the payment term {shown.shown}", field="selected_payment_option")

    def rep_email(self, question: RepEmail) -> str:
        """Find the e-mail of a sales rep, which orders do not carry; empty when there is none."""
        payload = self._calls.read(f"company-staff/{segment(question.ref)}/")
        return Fields.of(payload).text_or_empty("email").strip() if payload is not None else ""

    def license_type(self, question: LicenseType) -> str:
        """Find the name of a license type; empty when there is none, or the key may not read it."""
        try:
            payload = self._calls.read(f"license-types/{segment(question.ref)}/")
        except ConnectionBroken as error:
            if not error.is_forbidden:
                raise
            payload = None
        return license_type_name(Fields.of(payload)) if payload is not None else ""

    def entries(self, name: str) -> Iterator[Entry]:
        """Read one of the lists of `lists.NAMES`."""
        return lists.entries(self._calls, name, self._own_company)

    def products(self, since: datetime | None, position: str = "") -> Iterator[Rows[Product]]:
        """Page through whole products; a position is the address of a page.

        Raises:
            Unreadable: the pages go round in a circle or never end.
        """
        query: dict[str, Any] = {"limit": PAGE_SIZE}
        if since is not None:
            query["modified__gte"] = since.astimezone(UTC).isoformat()
        start = (position, {}) if position else ("products/", query)
        for page in pages(self._calls, *start):
            yield self._read_products(page)

    def changed_by_programs(self, since: datetime) -> Iterator[str]:
        """SKUs of products that changed since a time, and that no user edited then."""
        query = {
            "limit": PAGE_SIZE,
            "modified__gte": since.astimezone(UTC).isoformat(),
            "fields_include": "id,sku,modified,last_edit",
        }
        for row in rows(self._calls, "products/", query):
            if changed_by_program(row):
                yield row.text_or_empty("sku") or row.ident("id")

    def product(self, ref: str) -> Product | None:
        """Read one product, or None when LeafLink does not know it."""
        payload = self._calls.read(f"products/{segment(ref)}/")
        return read_product(Fields.of(payload).value, self._notice) if payload is not None else None

    def products_by_sku(self, sku: str) -> tuple[Product, ...]:
        """Read every product with exactly this SKU; a comma would ask for several, and no SKU has one."""
        if "," in sku:
            return ()
        found = (
            read_product(row.value, self._notice) for row in rows(self._calls, "products/", {"sku": sku})
        )
        return tuple(product for product in found if sku_key(product.sku) == sku_key(sku))

    def look_up(self, question: CatalogueQuestion) -> tuple[Any, ...]:
        """Answer a question about brands, lines, categories, strains or licenses."""
        return self._lookups.answer(question)

    def create_product(self, draft: ProductDraft) -> Product:
        """Make a product, for sale at once.

        Raises:
            Unsettled: also when the answer is no product. Retryable, Rejected, ConnectionBroken.
        """
        return self._wrote(self._calls.write("POST", "products/", write_draft(draft, self._own_company())))

    def update_product(self, ref: str, changes: Json) -> Product:
        """Change fields of a product.

        Raises:
            Unsettled: also when the answer is no product. Retryable, Rejected, ConnectionBroken.
        """
        return self._wrote(self._calls.write("PATCH", f"products/{segment(ref)}/", write_changes(changes)))

    def set_stock(self, ref: str, field: str, value: Decimal) -> Product:
        """Write a product's stock.

        Raises:
            Unsettled: also when the answer is no product. Retryable, Rejected, ConnectionBroken.
        """
        path = f"products/{segment(ref)}/"
        return self._wrote(self._calls.write("PATCH", path, write_stock(field, value)))

    def create_strain(self, name: str, strain_class: str) -> str:
        """Make a strain of the account's own; returns its id.

        Raises:
            Unsettled: also when the answer does not name the id. Retryable, Rejected, ConnectionBroken.
        """
        body = write_strain(name, strain_class, self._own_company())
        self._lookups.forget_strains()
        answer = self._calls.write("POST", "strains/", body)
        try:
            return Fields.of(answer).ident("id")
        except Unreadable as error:
            raise Unsettled("LeafLink answered without the id of the strain that it made") from error

    def batches(self) -> Mapping[str, tuple[Batch, ...]]:
        """Read all batches that products have, and the stock that is kept of them: three whole lists."""
        return self._inventory.all(self._own_company())

    def batches_of(self, ref: str) -> tuple[Batch, ...]:
        """Read the batches of one product, and the stock that is kept of them: two calls."""
        return self._inventory.of(ref)

    def set_lot_stock(self, ref: str, batch: Batch, value: Decimal) -> Batch:
        """Write the stock of one batch, or make it where LeafLink keeps none yet.

        Raises:
            Rejected: also where it must be made, and LeafLink has several places where it might lie.
            Unsettled: also when the answer cannot be read. Retryable, ConnectionBroken.
        """
        return self._inventory.write(ref, batch, value)

    def _read_products(self, page: Fields) -> Rows[Product]:
        found = page.children("results")
        total, position = count(page), page.text_or_empty("next")
        return Rows.read(found, lambda row: read_product(row.value, self._notice), total, position)

    def _wrote(self, answer: Any) -> Product:
        """Read the product that a write answers with; one that cannot be read was most likely written."""
        try:
            return read_product(Fields.of(answer).value, self._notice)
        except Unreadable as error:
            raise Unsettled(f"LeafLink answered a write with what cannot be read: {error}") from error

    def _own_company(self) -> str:
        if not self._company:
            self._company = self._read_company().ident("id")
        return self._company

    def _read_company(self) -> Fields:
        page = Fields.of(self._calls.read("companies/", query={"limit": PAGE_SIZE}))
        companies = page.children("results")
        if not companies:
            raise ConnectionBroken("LeafLink names no company for this key")
        # An App key is one company's; the older kind opens all companies of its user.
        return next((company for company in companies if company.flag_or_no("seller")), companies[0])

    def _is_forbidden(self, path: str) -> bool:
        try:
            self._calls.read(path, query={"limit": 1})
        except ConnectionBroken as error:
            if not error.is_forbidden:
                # The key was good a moment ago: this says nothing about it.
                raise Retryable("LeafLink accepts the key and refuses it in turns") from error
            return True
        return False

    def _completed(self, order: Fields) -> Json:
        """Fetch what the order's own answer left out: its customer's license, products without a SKU, and the
        numbers of batches."""
        lines = [self._with_batch(self._with_product(line)) for line in order.children("line_items")]
        return {**order.value, "customer": self._customer(order), "line_items": lines}

    def _customer(self, order: Fields) -> Json:
        shown = order.value.get("customer")
        customer = dict(shown) if isinstance(shown, dict) else {"id": order.text("customer")}
        # The default rep counts where the order has none (LL-22).
        needs_rep = not order.children_or_none("sales_reps") and "managers" not in customer
        if needs_rep or not customer.get("license_number"):
            ref = Fields(customer, "customer").ident("id")
            detail = self._calls.read(f"customers/{segment(ref)}/", query={"include_children": "managers"})
            customer.update(Fields.of(detail, "customer").value if detail is not None else {})
        return customer

    def _with_product(self, line: Fields) -> Json:
        ref = product_id(line)
        product = self._calls.read(f"products/{segment(ref)}/") if ref else None
        return {**line.value, "product": product} if product is not None else line.value

    def _with_batch(self, line: Json) -> Json:
        """Put the batch itself in the place of its id; one that LeafLink does not know stays an id."""
        if not line.get("batch") or isinstance(line["batch"], dict):
            return line
        ref = Fields.of(line, "line_items").ident("batch")
        if ref not in self._batches:
            batch = self._calls.read(f"batches/{segment(ref)}/")
            if batch is None:
                return line
            self._batches[ref] = Fields.of(batch, "batch").value
        return {**line, "batch": self._batches[ref]}
