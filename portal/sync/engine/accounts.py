"""Accounts: both sides of a connection opened for work, with their keys, budgets and rules."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Connection, Facility, Hub, Secret, utc_now
from portal.sync import secrets
from portal.sync.addresses import check_address
from portal.sync.catalogues import Planner
from portal.sync.contract import CatalogueClient, Platform, PlatformClient, SellsToPeople
from portal.sync.decisions import CatalogueRules, Rules
from portal.sync.domain import FacilityFacts
from portal.sync.engine.desk import Desk
from portal.sync.engine.pace import Turnstile, paced
from portal.sync.engine.said import said_of
from portal.sync.entered import BY_REP
from portal.sync.flourish import FLOURISH
from portal.sync.flourish.client import FlourishClient
from portal.sync.flourish.hub_orders import HubOrders
from portal.sync.http import Exchange
from portal.sync.product_writers import ShopClient, TakesItems
from portal.sync.questions import (
    CatalogueQuestion,
    DestinationByLicense,
    LicenseType,
    OwnQuestion,
    Question,
    RepEmail,
    RetailQuestion,
    StoreFacts,
)
from portal.sync.registry import platform as platform_by_key
from portal.sync.sameness import NOTHING_SAID, Sameness
from portal.sync.shopping import Store

_MOST_EXCHANGES = 8


class Tape:
    """Records what was said over the wire lately, apart for each thread."""

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

    def _exchanges(self) -> deque[Exchange]:
        if not hasattr(self._local, "exchanges"):
            # A long poll makes thousands, and each keeps its answer.
            self._local.exchanges = deque(maxlen=_MOST_EXCHANGES)
        exchanges: deque[Exchange] = self._local.exchanges
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
    # Waits for a call's turn before its intent is committed, by side; the call itself then goes at once.
    turn: Callable[[str], None] = lambda _side: None
    # What was looked up and found, for as long as this account is open: seconds, one shift.
    known: dict[Question, Any] = field(default_factory=dict)

    def as_said(self, said: Sameness) -> Account:
        """The same account by what people said meanwhile."""
        return replace(self, rules=replace(self.rules, said=said))

    @property
    def catalogue(self) -> CatalogueClient:
        """The platform's products as they are read, for a platform that has some."""
        if not isinstance(self.client, CatalogueClient):
            raise TypeError(f"{self.platform.label} has no catalogue")
        return self.client

    @property
    def shop(self) -> ShopClient:
        """The same for a platform whose products are written one by one."""
        if not isinstance(self.client, ShopClient):
            raise TypeError(f"{self.platform.label} takes no products one by one")
        return self.client

    @property
    def taker(self) -> TakesItems:
        """The same for a platform that takes items whole."""
        if not isinstance(self.client, TakesItems):
            raise TypeError(f"{self.platform.label} takes no items whole")
        return self.client

    def answer(self, question: Question) -> Any:
        """Answer the planner's question. Items, reps and terms are asked for once; what was not found, and
        destinations and customers, which we make ourselves, are asked for each time."""
        if question in self.known:
            return self.known[question]
        if isinstance(question, RepEmail):
            answer: Any = self.client.rep_email(question)
        elif isinstance(question, LicenseType):
            answer = self.client.license_type(question)
        elif isinstance(question, CatalogueQuestion):
            answer = self.catalogue.look_up(question)
        elif isinstance(question, StoreFacts):
            answer = self._store()
        elif isinstance(question, OwnQuestion):
            raise TypeError("our own rows answer this, not an account")
        else:
            answer = self.flourish.answer(question, facility_id=self.rules.facility.id)
        if answer and not isinstance(question, DestinationByLicense | RetailQuestion):
            self.known[question] = answer
        return answer

    def _store(self) -> Store:
        if not isinstance(self.client, SellsToPeople):
            raise TypeError(f"people do not shop in {self.platform.label}")
        return self.client.store()

    @property
    def hub_orders(self) -> HubOrders:
        """What this platform's orders are in Flourish."""
        return HubOrders(self.flourish, self.platform.is_retail)


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


def hub_owner(hub_id: UUID) -> str:
    """By what the budget of a hub's key is known."""
    return f"flourish:{hub_id}"


def platform_owner(platform: str, key_owner: str) -> str:
    """By what the budget of a key owner at a platform is known."""
    return f"{platform}:{key_owner}"


def hub_turnstile(desk: Desk, hub: Hub, yields: bool = False) -> Turnstile:
    """The budget of a hub's key; one that yields lets everybody else's calls go first."""
    throttle = FLOURISH.throttle.agreed(hub.calls_per_second)
    return Turnstile(desk, hub_owner(hub.id), throttle.yielding() if yields else throttle)


def platform_turnstile(desk: Desk, connection: Connection, yields: bool = False) -> Turnstile:
    """The budget of a connection's key owner; one that yields lets everybody else's calls go first."""
    platform = platform_by_key(connection.platform)
    throttle = platform.throttle.agreed(connection.calls_per_second)
    owner = platform_owner(platform.key, connection.key_owner)
    return Turnstile(desk, owner, throttle.yielding() if yields else throttle)


def open_hub(
    desk: Desk, session: Session, hub: Hub, tape: Tape, turnstile: Turnstile | None = None
) -> FlourishClient:
    """Open the Flourish side."""
    headers = FLOURISH.authorise(credentials(desk, session, hub))
    address = check_address(hub.base_url, hosts=FLOURISH.hosts, allow_loopback=desk.settings.allow_loopback)
    turnstile = turnstile or hub_turnstile(desk, hub)
    return FlourishClient(paced(address, headers, FLOURISH.label, turnstile, tape.record))


def open_platform(
    desk: Desk, session: Session, connection: Connection, tape: Tape, turnstile: Turnstile | None = None
) -> PlatformClient:
    """Open the platform's side."""
    platform = platform_by_key(connection.platform)
    headers = platform.authorise(credentials(desk, session, connection))
    address = check_address(
        connection.base_url, hosts=platform.hosts, allow_loopback=desk.settings.allow_loopback
    )
    turnstile = turnstile or platform_turnstile(desk, connection)
    calls = paced(address, headers, platform.label, turnstile, tape.record)
    return platform.connect(calls, connection.company_ref or "", platform.chosen(connection.settings))


def open_account(desk: Desk, session: Session, connection: Connection, yields: bool = False) -> Account:
    """Open both sides of a connection, for work that yields to all other or does not."""
    tape = Tape()
    platform = platform_by_key(connection.platform)
    turnstiles = {
        "platform": platform_turnstile(desk, connection, yields),
        "flourish": hub_turnstile(desk, connection.hub, yields),
    }
    return Account(
        platform=platform,
        client=open_platform(desk, session, connection, tape, turnstiles["platform"]),
        flourish=open_hub(desk, session, connection.hub, tape, turnstiles["flourish"]),
        rules=rules_of(connection, platform, said_of(session, connection)),
        tape=tape,
        settle_seconds=float(connection.settings.get("settle_seconds") or desk.settings.settle_seconds),
        turn=lambda side: turnstiles[side].ahead(),
    )


def stock_facilities(connection: Connection) -> tuple[str, ...]:
    """Flourish's ids of the facilities whose stock a connection offers: its own, unless others are chosen."""
    if connection.facility is None:
        return ()
    rules = catalogue_rules_of(connection, platform_by_key(connection.platform))
    return rules.stock_facilities or (connection.facility.flourish_id,)


def catalogue_rules_of(
    connection: Connection, platform: Platform, said: Sameness = NOTHING_SAID
) -> CatalogueRules:
    """The rules of a connection's catalogue, with what people said is the same.

    Raises:
        ValueError: the platform has none, or the connection has no facility.
    """
    if platform.catalogue is None or connection.facility is None:
        raise ValueError(f"connection {connection.id} has no catalogue")
    chosen = platform.chosen(connection.settings)
    rules = platform.catalogue.rules(chosen, str(connection.id), facts_of(connection.facility))
    return replace(rules, said=said)


def planner_of(platform: Platform) -> Planner:
    """What decides about a SKU of a platform.

    Raises:
        ValueError: it has no catalogue.
    """
    if platform.catalogue is None:
        raise ValueError(f"{platform.label} has no catalogue")
    return platform.catalogue.plan


def rules_of(
    connection: Connection,
    platform: Platform,
    said: Sameness = NOTHING_SAID,
    *,
    since: datetime | None = None,
) -> Rules:
    """The rules of a connection that has a facility, and what people said.

    Args:
        connection: the connection.
        platform: its platform.
        said: which values people said are the same.
        since: from when on orders of one that was never live are taken; from now on, unless it is said.
    """
    chosen = platform.chosen(connection.settings)
    facility: Facility | None = connection.facility
    if facility is None:
        raise ValueError(f"connection {connection.id} has no facility")
    writes = chosen.get("writes") is not False
    external_id_key = str(chosen.get("external_id_key", platform.external_id_key))
    return Rules(
        connection_id=str(connection.id),
        platform_label=platform.label,
        intake_statuses=frozenset(chosen.get("intake_statuses", platform.intake_statuses)),
        status_table=chosen.get("status_table", platform.default_status_table),
        facility=facts_of(facility),
        live_since=connection.live_since or since or utc_now(),
        price_places=int(chosen.get("price_places") or 4),
        terms=chosen.get("terms") or {},
        platform_terms=platform.terms,
        holds_samples=chosen.get("samples") == "hold",
        external_id_key=external_id_key.strip() if writes else "",
        write_paid=bool(chosen.get("write_paid")),
        takes_orders=chosen.get("sync_orders") is not False,
        writes=writes,
        platform_holds=chosen.get("platform_holds") is not False,
        by_rep=chosen.get("routing") == BY_REP,
        facilities={one.flourish_id: facts_of(one) for one in connection.hub.facilities},
        said=said,
        chosen=chosen,
    )


def facts_of(facility: Facility) -> FacilityFacts:
    """What orders and checks depend on of a facility."""
    return FacilityFacts(
        id=facility.flourish_id,
        name=facility.name,
        license=facility.license_number or "",
        timezone=facility.timezone,
        sales_rep_required=facility.sales_rep_required,
        active=facility.active,
    )
