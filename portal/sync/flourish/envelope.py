"""Flourish's envelope around every answer: `{message, status, data}`, and `meta` around lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portal.sync.contract import Calls
from portal.sync.domain import Json
from portal.sync.errors import ConnectionBroken, Rejected, Retryable, SyncError, Unreadable, Unsettled
from portal.sync.reading import Fields
from portal.sync.redaction import redact_text

# The largest page that Flourish gives.
PAGE_SIZE = 50
# A hundred thousand rows.
MAX_PAGES = 2_000


@dataclass(frozen=True)
class Made:
    """The answer to a creation, with or without its envelope: the vendor's examples show both."""

    answer: Any

    def made_id(self) -> str:
        """Name what was made.

        Raises:
            Unsettled: the answer does not say; it was most likely made.
        """
        answer = self.answer if isinstance(self.answer, Mapping) else {}
        data = answer.get("data")
        made = data if isinstance(data, Mapping) else answer
        ref = made.get("id") or made.get("order_id")
        if isinstance(ref, str | int) and not isinstance(ref, bool) and str(ref).strip():
            return str(ref)
        raise Unsettled("Flourish answered without the id of what it made")


@dataclass(frozen=True)
class Batch:
    """One page of a list: its rows, how many all pages have, and where the next begins (None: nowhere)."""

    rows: tuple[Fields, ...]
    total: int | None
    following: int | None


class Envelopes:
    """Reads and writes through the HTTP room, taking Flourish's envelope off."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def one(self, path: str) -> Fields | None:
        """Read one thing, or None when Flourish does not know it."""
        answer = self._calls.read(path)
        if answer is None:
            return None
        envelope = Fields.of(answer)
        error = _body_error(envelope, writing=False)
        if isinstance(error, Rejected) and error.http_status == 404:
            return None
        if error is not None:
            raise error
        return envelope.child("data")

    def write(self, method: str, path: str, body: Json, facility_id: str = "") -> Made:
        """Write once; the status inside the answer counts, too."""
        answer = self._calls.write(method, path, body, headers=_scope(facility_id))
        if isinstance(answer, Mapping):
            error = _body_error(Fields(answer), writing=True)
            if error is not None:
                raise error
        return Made(answer)

    def first_page(self, path: str, facility_id: str) -> None:
        """Ask for one row, to see that the key may."""
        self._page(path, {"limit": 1, "offset": 0}, facility_id)

    def unpaged(self, path: str) -> tuple[Fields, ...]:
        """Read all rows of a list that has no pages."""
        return self._page(path, {}, "").children("data")

    def rows(
        self,
        path: str,
        query: Mapping[str, Any] | None = None,
        facility_id: str = "",
        *,
        most_pages: int | None = None,
    ) -> Iterator[Fields]:
        """Read all rows of a list, each id once.

        Args:
            path: the list.
            query: its filters.
            facility_id: the facility to ask within; all facilities when empty.
            most_pages: end after so many pages; all of them when None.

        Raises:
            Retryable: rows moved between pages while they were read, so that some were not seen.
        """
        seen: set[str] = set()
        anonymous = 0
        total = None
        for number, page in enumerate(self.pages(path, query or {}, facility_id), start=1):
            total = page.total
            for row in page.rows:
                ref = row.text_or_empty("id")
                anonymous += not ref
                if not ref or ref not in seen:
                    seen.add(ref)
                    yield row
            if number == most_pages:
                return
        if total is not None and len(seen - {""}) + anonymous < total:
            raise Retryable("Flourish's list changed while it was read")

    def pages(
        self, path: str, query: Mapping[str, Any], facility_id: str = "", *, start: int = 0
    ) -> Iterator[Batch]:
        """Read a list page by page, from a row on.

        Offsets are counted here and `next` only says that there is more, so it cannot lead in a circle.

        Raises:
            Unreadable: a page comes twice, they never end, or one does not say whether more follows: a list
                that is taken for shorter than it is would hide an order.
        """
        before: Any = None
        offset = start
        for _page in range(MAX_PAGES):
            envelope = self._page(path, {**query, "limit": PAGE_SIZE, "offset": offset}, facility_id)
            found = envelope.children("data")
            if found and envelope.value["data"] == before:
                raise Unreadable("meta.next", "leads back to a page that was read already")
            meta = envelope.child("meta")
            following = offset + len(found) if found and meta.text("next") else None
            yield Batch(found, int(meta.number("total")) if meta.has("total") else None, following)
            if following is None:
                return
            before, offset = envelope.value["data"], following
        raise Unreadable("meta.next", f"there are more than {MAX_PAGES} pages")

    def _page(self, path: str, query: Mapping[str, Any], facility_id: str) -> Fields:
        answer = self._calls.read(path, query=query, headers=_scope(facility_id))
        if answer is None:
            # A list that is not there is an old or wrong base address, not an empty list.
            raise Rejected(f"Flourish has no {path} here", http_status=404)
        envelope = Fields.of(answer)
        error = _body_error(envelope, writing=False)
        if error is not None:
            raise error
        return envelope


def _scope(facility_id: str) -> dict[str, str]:
    return {"FacilityID": facility_id} if facility_id else {}


def _body_error(envelope: Fields, *, writing: bool) -> SyncError | None:
    """Read the status inside an answer: refusals have been seen that HTTP calls a success."""
    status = envelope.value.get("status")
    if not isinstance(status, int) or isinstance(status, bool) or status < 400:
        return None
    message = envelope.value.get("message")
    reason = f"Flourish refused ({status})"
    if isinstance(message, str) and message:
        reason = redact_text(message[:500])
    if status in (401, 403):
        return ConnectionBroken(f"Flourish does not accept the key: {reason}", http_status=status)
    if status == 429:
        return Retryable("Flourish asked to call less often", throttled=True)
    if status >= 500:
        return Unsettled(reason, http_status=status) if writing else Retryable(reason)
    return Rejected(reason, http_status=status)
