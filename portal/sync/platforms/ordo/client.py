"""One Ordo account, by the assumed API (docs/ordo.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from portal.sync.addresses import segment
from portal.sync.checks import Entry
from portal.sync.contract import Calls, Page
from portal.sync.decisions import LicenseType, RepEmail
from portal.sync.domain import Company, SourceOrder
from portal.sync.drafts import DraftLine
from portal.sync.errors import ConnectionBroken, Rejected, Retryable
from portal.sync.platforms.ordo import lists
from portal.sync.platforms.ordo.paging import pages
from portal.sync.platforms.ordo.status import next_move
from portal.sync.platforms.ordo.translate import EXTERNAL_ID, read_hint, read_order, write_lines
from portal.sync.reading import Fields, Notice, log_unknown_field

# Under one key a write is done once, however often it arrives.
KEY_HEADER = "Idempotency-Key"
# What Trellis reads -> what a key that may not is said to lack.
_PERMISSIONS = (("orders", "orders"), ("brands", "brands"), ("licenses", "licenses"), ("items", "items"))
_CONFLICT = 409


class OrdoClient:
    """Implements `contract.PlatformClient` and `contract.TakesLines`.

    Args:
        calls: the HTTP room, with a base address that ends in /v1/.
        notice: told of fields of an answer that no table names.
    """

    def __init__(self, calls: Calls, notice: Notice = log_unknown_field) -> None:
        self._calls = calls
        self._notice = notice

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
