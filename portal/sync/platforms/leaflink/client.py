"""One LeafLink account, by its Marketplace V2 API. Paths must end in a slash; a missing one answers 400."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from portal.sync.addresses import segment
from portal.sync.contract import Calls, Page
from portal.sync.decisions import LicenseType, RepEmail
from portal.sync.domain import Company, Json, SourceOrder
from portal.sync.errors import ConnectionBroken, Retryable, Unreadable
from portal.sync.platforms.leaflink.translate import license_type_name, product_id, read_order, read_page
from portal.sync.reading import Fields, Notice, log_unknown_field

# What Trellis reads -> what the key's page in LeafLink calls the permission (developer hub).
PERMISSIONS = (
    ("orders-received/", "Orders: Read & Write"),
    ("products/", "Products: Read"),
    ("customers/", "Customers: Read"),
    ("company-staff/", "Orders: Read & Write (company staff)"),
)

PAGE_SIZE = 100
# A hundred thousand changed orders; no poll has more, so it is a loop.
MAX_PAGES = 1_000

_FORBIDDEN = 403


class LeafLinkClient:
    """Implements `contract.PlatformClient`.

    Args:
        calls: the HTTP room, with a base address that ends in /api/v2/.
        notice: told of fields of an answer that no table names.
    """

    def __init__(self, calls: Calls, notice: Notice = log_unknown_field) -> None:
        self._calls = calls
        self._notice = notice

    def company(self) -> Company:
        """Prove the key: whose it is, and what it may not read.

        Raises:
            ConnectionBroken: LeafLink does not know the key.
        """
        page = Fields.of(self._calls.read("companies/", query={"limit": PAGE_SIZE}))
        companies = page.children("results")
        if not companies:
            raise ConnectionBroken("LeafLink names no company for this key")
        # An App key is one company's; the older kind opens all companies of its user.
        own = next((company for company in companies if company.flag_or_no("seller")), companies[0])
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
        """Page through orders modified since a time; LeafLink offers no order of its pages to choose.

        Raises:
            Unreadable: the pages go round in a circle or never end.
        """
        query: dict[str, Any] = {"limit": PAGE_SIZE, "fields_include": "number,short_id,modified"}
        if since is not None:
            query["modified__gte"] = since.astimezone(UTC).isoformat()
        path = "orders-received/"
        visited = {path}
        for _page in range(MAX_PAGES):
            hints, path, total = read_page(self._calls.read(path, query=query))
            yield Page(hints, total)
            if not path:
                return
            if "://" not in path or path in visited:
                raise Unreadable("next", "leads back to a page that was read already")
            visited.add(path)
            query = {}
        raise Unreadable("next", f"there are more than {MAX_PAGES} pages")

    def move(self, number: str, action: str) -> None:
        """Make one transition, such as "accept".

        Raises:
            Unsettled, Retryable, Rejected, ConnectionBroken.
        """
        self._calls.write("POST", f"orders-received/{segment(number)}/transition/{segment(action)}/")

    def rep_email(self, question: RepEmail) -> str:
        """Find the e-mail of a sales rep, which orders do not carry; empty when there is none."""
        payload = self._calls.read(f"company-staff/{segment(question.ref)}/")
        return Fields.of(payload).text_or_empty("email").strip() if payload is not None else ""

    def license_type(self, question: LicenseType) -> str:
        """Find the name of a license type; empty when there is none, or the key may not read it."""
        try:
            payload = self._calls.read(f"license-types/{segment(question.ref)}/")
        except ConnectionBroken as error:
            if error.http_status != _FORBIDDEN:
                raise
            payload = None
        return license_type_name(Fields.of(payload)) if payload is not None else ""

    def _is_forbidden(self, path: str) -> bool:
        try:
            self._calls.read(path, query={"limit": 1})
        except ConnectionBroken as error:
            if error.http_status != _FORBIDDEN:
                # The key was good a moment ago: this says nothing about it.
                raise Retryable("LeafLink accepts the key and refuses it in turns") from error
            return True
        return False

    def _completed(self, order: Fields) -> Json:
        """Fetch what the order's own answer left out: its customer's license, and products without a SKU."""
        lines = [self._with_product(line) for line in order.children("line_items")]
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
