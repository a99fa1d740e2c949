"""Accounts: both sides of a connection opened for work, with their keys, budgets and rules."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Connection, Facility, Hub, Secret
from portal.sync import secrets
from portal.sync.addresses import BaseAddress, check_address
from portal.sync.contract import Calls, Platform, PlatformClient, Throttle
from portal.sync.decisions import DestinationByLicense, LicenseType, Question, RepEmail, Rules
from portal.sync.domain import FacilityFacts, Json
from portal.sync.engine.desk import Desk
from portal.sync.errors import Retryable
from portal.sync.flourish import FLOURISH
from portal.sync.flourish.client import FlourishClient
from portal.sync.http import Caller, Exchange
from portal.sync.registry import platform as platform_by_key

USER_AGENT = "Trellis"
# How long everybody holds back after a 429 that names no time.
_HOLD_SECONDS = 5.0


class Tape:
    """Records what was said over the wire, apart for each thread."""

    def __init__(self) -> None:
        self._local = threading.local()

    def record(self, exchange: Exchange) -> None:
        """Keep one exchange."""
        self._exchanges().append(exchange)

    def take(self) -> list[Exchange]:
        """Hand over what this thread recorded since the last time."""
        taken = list(self._exchanges())
        self._exchanges().clear()
        return taken

    def _exchanges(self) -> list[Exchange]:
        if not hasattr(self._local, "exchanges"):
            self._local.exchanges = []
        exchanges: list[Exchange] = self._local.exchanges
        return exchanges


@dataclass(frozen=True)
class Account:
    """Both sides of one connection, open for calls."""

    platform: Platform
    client: PlatformClient
    flourish: FlourishClient
    rules: Rules
    tape: Tape
    settle_seconds: float
    # What was looked up and found, for as long as this account is open: seconds, one drain.
    known: dict[Question, Any] = field(default_factory=dict)

    def answer(self, question: Question) -> Any:
        """Answer the planner's question. Items, reps and terms are asked for once; what was not found, and
        destinations, which we make ourselves, are asked for each time."""
        if question in self.known:
            return self.known[question]
        if isinstance(question, RepEmail):
            answer: Any = self.client.rep_email(question)
        elif isinstance(question, LicenseType):
            answer = self.client.license_type(question)
        else:
            answer = self.flourish.answer(question, facility_id=self.rules.facility.id)
        if answer and not isinstance(question, DestinationByLicense):
            self.known[question] = answer
        return answer


def credentials(desk: Desk, session: Session, owner: Hub | Connection) -> dict[str, str]:
    """Decrypt the credentials of a hub or a connection."""
    rows = session.scalars(select(Secret).where(Secret.owner_id == owner.id))
    return {
        row.field: secrets.open_sealed(
            desk.settings.master_keys,
            row.ciphertext,
            tenant_id=str(owner.tenant_id),
            owner_id=str(owner.id),
            field=row.field,
        )
        for row in rows
    }


def open_hub(desk: Desk, session: Session, hub: Hub, tape: Tape) -> FlourishClient:
    """Open the Flourish side."""
    headers = FLOURISH.authorise(credentials(desk, session, hub))
    address = check_address(hub.base_url, hosts=FLOURISH.hosts, allow_loopback=desk.settings.allow_loopback)
    owner = f"flourish:{hub.id}"
    throttle = FLOURISH.throttle.agreed(hub.calls_per_second)
    return FlourishClient(paced(desk, address, headers, FLOURISH.label, owner, throttle, tape))


def open_platform(desk: Desk, session: Session, connection: Connection, tape: Tape) -> PlatformClient:
    """Open the platform's side."""
    platform = platform_by_key(connection.platform)
    headers = platform.authorise(credentials(desk, session, connection))
    address = check_address(
        connection.base_url, hosts=platform.hosts, allow_loopback=desk.settings.allow_loopback
    )
    owner = f"{platform.key}:{connection.key_owner}"
    throttle = platform.throttle.agreed(connection.calls_per_second)
    return platform.connect(paced(desk, address, headers, platform.label, owner, throttle, tape))


class _BudgetSpent(Retryable):
    """Our own budget said no; nobody was called."""


@dataclass(frozen=True)
class _Paced:
    """Calls under a key owner's budget: each waits for its turn, and a 429 holds all of them back."""

    caller: Caller
    hold: Callable[[float], None]

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
                self.hold(error.after or _HOLD_SECONDS)
            raise


def paced(
    desk: Desk,
    address: BaseAddress,
    headers: Mapping[str, str],
    label: str,
    owner: str,
    throttle: Throttle,
    tape: Tape | None = None,
) -> Calls:
    """Open calls to one account under its owner's budget.

    Args:
        desk: what to work with.
        address: where to.
        headers: the authorisation.
        label: the system's name for people.
        owner: the system and key owner that share the budget.
        throttle: how often they may call.
        tape: records what is said, when given.
    """

    def turnstile() -> None:
        wait = desk.budget.take(owner, throttle)
        if wait:
            raise _BudgetSpent(
                "The rate budget of this account is used up for now", after=wait, throttled=True
            )

    caller = Caller(
        address,
        headers,
        label=label,
        turnstile=turnstile,
        user_agent=USER_AGENT,
        observe=tape.record if tape else None,
    )
    return _Paced(caller, partial(desk.budget.hold, owner))


def open_account(desk: Desk, session: Session, connection: Connection) -> Account:
    """Open both sides of a connection."""
    tape = Tape()
    platform = platform_by_key(connection.platform)
    return Account(
        platform=platform,
        client=open_platform(desk, session, connection, tape),
        flourish=open_hub(desk, session, connection.hub, tape),
        rules=rules_of(connection, platform),
        tape=tape,
        settle_seconds=float(connection.settings.get("settle_seconds") or desk.settings.settle_seconds),
    )


def rules_of(connection: Connection, platform: Platform) -> Rules:
    """The rules of a connection that has a facility and is, or was, live."""
    chosen = {setting.name: setting.default for setting in platform.settings} | connection.settings
    facility: Facility | None = connection.facility
    if facility is None or connection.live_since is None:
        raise ValueError(f"connection {connection.id} has no facility or was never live")
    return Rules(
        connection_id=str(connection.id),
        platform_label=platform.label,
        intake_statuses=frozenset(chosen["intake_statuses"]),
        status_table=chosen.get("status_table") or platform.default_status_table,
        facility=FacilityFacts(
            id=facility.flourish_id,
            name=facility.name,
            license=facility.license_number or "",
            timezone=facility.timezone,
            sales_rep_required=facility.sales_rep_required,
            active=facility.active,
        ),
        live_since=connection.live_since,
        price_places=int(chosen.get("price_places") or 4),
        terms=chosen.get("terms") or {},
    )
