"""Reading both sides for a check: patient about rate limits, and quick to leave a broken side alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from portal.sync.domain import Hint, SourceOrder
from portal.sync.engine.accounts import Account
from portal.sync.errors import Retryable, SyncError, Unreadable
from portal.sync.mapping.renaming import renamed
from portal.sync.retail import HubOrder

_T = TypeVar("_T")

# A call waits for its turn in the shared budget for so long; a check is in no hurry.
_PATIENCE_SECONDS = 180.0
_LONGEST_PAUSE = 30.0
_TRIES = 3
# After so many calls in a row that did not work, a side is left alone.
_GIVES_UP_AFTER = 5


@dataclass(frozen=True)
class Listed:
    """A Flourish order as a list shows it; `notes` is None where the list leaves them out."""

    id: str
    status: str
    label: str
    notes: tuple[str, ...] | None


@dataclass(frozen=True)
class Wanted:
    """What to read for one order; no Flourish id, no Flourish side."""

    number: str
    flourish_id: str | None


@dataclass(frozen=True)
class Sides:
    """Both sides of one order as just read, or why they could not be."""

    order: SourceOrder | None = None
    made: HubOrder | None = None
    error: SyncError | None = None


class Reader:
    """Reads one connection's account, several orders at once.

    Args:
        account: both sides, open.
        at_once: how many orders are read side by side.
        pause: sleeps; tests bring their own.
    """

    def __init__(self, account: Account, at_once: int, pause: Callable[[float], None] = time.sleep) -> None:
        self.account = account
        self._at_once = at_once
        self._pause = pause
        self._failures = 0

    def orders(self, wanted: Sequence[Wanted]) -> list[Sides]:
        """Read both sides of these orders, one call each."""
        with ThreadPoolExecutor(self._at_once, thread_name_prefix="check") as pool:
            return list(pool.map(self._both, wanted))

    def in_flourish(self, flourish_ids: Sequence[str]) -> list[Sides]:
        """Read these Flourish orders."""
        with ThreadPoolExecutor(self._at_once, thread_name_prefix="check") as pool:
            return list(pool.map(self._flourish_only, flourish_ids))

    def listed(self, since: datetime) -> list[Listed]:
        """List Flourish's orders created since, of the whole company.

        Raises:
            SyncError: the list could not be read.
        """

        def read() -> list[Listed]:
            found = self.account.hub_orders.listed(created_from=since)
            return [Listed(one.id, one.status, one.original_order_id, one.notes) for one in found]

        return self._read(read)

    def hints(self, since: datetime) -> list[Hint]:
        """List the platform's orders changed since.

        Raises:
            SyncError: the list could not be read.
        """

        def read() -> list[Hint]:
            pages = self.account.client.changed_orders(since)
            return [hint for page in pages for hint in page.hints if hint.kind == "order"]

        return self._read(read)

    def _both(self, wanted: Wanted) -> Sides:
        try:
            order = self._read(partial(self.account.client.order, wanted.number))
            order = renamed(order, self.account.rules.said) if order is not None else None
            return Sides(order, self._made(wanted.flourish_id) if wanted.flourish_id else None)
        except SyncError as error:
            return Sides(error=error)

    def _flourish_only(self, flourish_id: str) -> Sides:
        try:
            return Sides(made=self._made(flourish_id))
        except SyncError as error:
            return Sides(error=error)

    def _made(self, flourish_id: str) -> HubOrder | None:
        return self._read(partial(self.account.hub_orders.one, flourish_id))

    def _read(self, call: Callable[[], _T]) -> _T:
        if self._failures >= _GIVES_UP_AFTER:
            raise Retryable("left alone after failures in a row")
        try:
            found = self._patiently(call)
        except Unreadable:
            raise  # it answers; this one answer is the trouble
        except SyncError:
            self._failures += 1
            raise
        self._failures = 0
        return found

    def _patiently(self, call: Callable[[], _T]) -> _T:
        """Wait for turns as long as it takes, and repeat what may work the next time."""
        ends = time.monotonic() + _PATIENCE_SECONDS
        tries = 0
        while True:
            try:
                return call()
            except Retryable as error:
                tries += not error.throttled
                if tries >= _TRIES or time.monotonic() > ends:
                    raise
                self._pause(min(max(error.after or 0.0, 0.5), _LONGEST_PAUSE))
