"""Pace: calls to one account under its key owner's budget."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from portal.sync.addresses import BaseAddress
from portal.sync.contract import Calls, Throttle
from portal.sync.domain import Json
from portal.sync.engine.desk import Desk
from portal.sync.errors import Retryable
from portal.sync.http import Caller, Exchange

USER_AGENT = "Trellis"
# How long everybody holds back after a 429 that names no time.
_HOLD_SECONDS = 5.0


class _BudgetSpent(Retryable):
    """Our own budget said no; nobody was called."""


class Turnstile:
    """Lets calls to one account through in turn.

    Args:
        desk: the budgets, and whether this process is to end.
        owner: the system and key owner that share the budget.
        throttle: how often they may call.
    """

    def __init__(self, desk: Desk, owner: str, throttle: Throttle) -> None:
        self._desk = desk
        self._owner = owner
        self._throttle = throttle
        self._mine = threading.local()

    def __call__(self) -> None:
        """Wait for a call's turn, unless this thread has taken it ahead, and no 429 took it away again.

        Raises:
            Retryable: the turn is too far off to wait for.
        """
        budget = self._desk.budget
        if getattr(self._mine, "ahead", False):
            self._mine.ahead = False
            wait = budget.held(self._owner)
        else:
            wait = budget.take(self._owner, self._throttle, self._desk.stopping)
        if wait:
            reason = "This account allows no more calls for the moment"
            raise _BudgetSpent(reason, after=wait, throttled=True)

    def ahead(self) -> None:
        """Wait for the turn of this thread's next call now, so that the call itself goes at once, or not at
        all.

        Raises:
            Retryable: the turn is too far off to wait for.
        """
        self._mine.ahead = False
        self()
        self._mine.ahead = True

    def hold(self, seconds: float) -> None:
        """Let nobody through for a while."""
        self._desk.budget.hold(self._owner, seconds)


@dataclass(frozen=True)
class _Paced:
    """Calls that wait for their turn; a 429 holds all of them back."""

    caller: Caller
    turnstile: Turnstile

    def close(self) -> None:
        """End all kept connections."""
        self.caller.close()

    def read(
        self, path: str, *, query: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """GET; see `contract.Calls`."""
        with self._holding_back():
            return self.caller.read(path, query=query, headers=headers)

    def write(
        self, method: str, path: str, body: Json | None = None, *, headers: Mapping[str, str] | None = None
    ) -> Any:
        """POST, PUT or PATCH; see `contract.Calls`."""
        with self._holding_back():
            return self.caller.write(method, path, body, headers=headers)

    @contextmanager
    def _holding_back(self) -> Iterator[None]:
        try:
            yield
        except _BudgetSpent:
            raise
        except Retryable as error:
            if error.throttled:
                self.turnstile.hold(error.after or _HOLD_SECONDS)
            raise


def paced(
    address: BaseAddress,
    headers: Mapping[str, str],
    label: str,
    turnstile: Turnstile,
    observe: Callable[[Exchange], None] | None = None,
) -> Calls:
    """Open calls to one account under its owner's budget.

    Args:
        address: where to.
        headers: the authorisation.
        label: the system's name for people.
        turnstile: the budget.
        observe: told of each call once it is over.
    """
    caller = Caller(
        address, headers, label=label, turnstile=turnstile, user_agent=USER_AGENT, observe=observe
    )
    return _Paced(caller, turnstile)
