"""An honest world: rows as the engine leaves them, and both sides that agree with them."""

from __future__ import annotations

import secrets as randomness
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.models import (
    Connection,
    Delivery,
    Facility,
    Hub,
    Link,
    LogLine,
    Operation,
    Problem,
    Run,
    Secret,
    Stream,
    Tenant,
    TimelineEvent,
    new_id,
    utc_now,
)
from portal.sync import audit, secrets
from portal.sync.checker import Check, Report, check_tenants, places
from portal.sync.checker.ledger import Books
from portal.sync.contract import PlatformClient
from portal.sync.domain import Stage
from portal.sync.engine.accounts import Account, Tape, rules_of
from portal.sync.engine.desk import Desk
from portal.sync.errors import SyncError
from portal.sync.mapping.diff import shared_values
from portal.sync.registry import platform as platform_by_key
from tests.sync.checker.sides import LONG_AGO, FakeFlourish, FakePlatform, outbound, source

API_KEY = "ll-key-4f7c1b2a9d"


@dataclass
class World:
    """One tenant with one live connection, and orders by name."""

    desk: Desk
    tenant: Tenant
    connection_id: UUID
    hub_id: UUID
    platform: FakePlatform = field(default_factory=FakePlatform)
    flourish: FakeFlourish = field(default_factory=FakeFlourish)
    links: dict[str, UUID] = field(default_factory=dict)

    def session(self) -> Any:
        return self.desk.sessions.tenant(self.tenant.id)

    def marker(self, name: str) -> str:
        return f"Trellis {self.connection_id} {name}"

    def change(self, name: str, **values: Any) -> None:
        """Change an order's link behind Trellis's back."""
        with self.session() as session:
            session.execute(update(Link).where(Link.id == self.links[name]).values(**values))

    def change_connection(self, **values: Any) -> None:
        with self.session() as session:
            session.execute(update(Connection).where(Connection.id == self.connection_id).values(**values))

    def opener(self, _desk: Desk, _session: Session, connection: Connection) -> Account:
        platform = platform_by_key(connection.platform)
        client: PlatformClient = self.platform
        return Account(platform, client, self.flourish, rules_of(connection, platform), Tape(), 180.0)

    def check(self, *, offline: bool = False, books: Books | SyncError | None = None) -> Report:
        def opened(_desk: Desk) -> Books | None:
            if isinstance(books, SyncError):
                raise books
            return books

        check = Check(
            self.desk,
            Report(offline=offline),
            tell=lambda _line: None,
            opener=self.opener,
            books=opened,
            pause=lambda _seconds: None,
        )
        return check_tenants(check, places(self.desk))


def build(desk: Desk, tenant: Tenant) -> World:
    """The world that passes: an order in each state."""
    with desk.sessions.tenant(tenant.id) as session:
        connection_id, hub_id = _connections(desk, session, tenant.id)
        world = World(desk, tenant, connection_id, hub_id)
        taken(world, session, "created")
        taken(world, session, "shipped", theirs={"status": "Shipped"}, ours={"status": "Shipped"})
        ended = {"status": "Cancelled", "stage": Stage.CANCELLED}
        taken(world, session, "cancelled", theirs=ended, ours={"status": "Cancelled"})
        left(world, session, "skipped", "skipped", theirs={"placed_at": utc_now() - timedelta(days=90)})
        left(world, session, "draft", "waiting", theirs={"status": "Draft", "stage": Stage.DRAFT})
        stuck = left(world, session, "stuck", "stuck")
        problem(session, tenant.id, stuck, connection_id=connection_id)
        old = problem(session, tenant.id, link_of(session, world, "created"), connection_id=connection_id)
        old.closed_at, old.closed_because = utc_now(), "It was looked at again and the cause is gone."
        _run_and_log(world, session)
        opened = audit.Subject("connection", str(connection_id), "LeafLink")
        keys, actor = desk.settings.master_keys, audit.Actor("Adam Admin", role="admin")
        audit.record(session, keys, tenant.id, "connection.added", actor=actor, subject=opened)
    return world


def link_of(session: Session, world: World, name: str) -> Link:
    return session.get_one(Link, world.links[name])


def taken(
    world: World,
    session: Session,
    name: str,
    *,
    theirs: dict[str, Any] | None = None,
    ours: dict[str, Any] | None = None,
) -> Link:
    """An order that was brought in: both sides, the write, the webhook and the story."""
    order = source(name, **(theirs or {}))
    flourish_id = f"F-{name}"
    there = outbound(flourish_id, name, world.marker(name), **(ours or {}))
    world.platform.orders[name] = order
    world.flourish.orders[flourish_id] = there
    link = _link(world, session, name, "settled", flourish_id=flourish_id)
    link.base = {"platform": shared_values(order), "finished": True}
    link.foreign_version, link.flourish_version = order.updated_at.isoformat(), there.updated_at.isoformat()
    operation(session, world, link, status="ok", response_ref=flourish_id, finished_at=utc_now())
    delivery(session, world, link, outcome="applied", outcome_text="Both sides agree.", outcome_at=utc_now())
    tell(session, link, "Created")
    tell(session, link, "Agreed")
    return link


def left(
    world: World, session: Session, name: str, state: str, *, theirs: dict[str, Any] | None = None
) -> Link:
    """An order that was not brought in, with the reason."""
    order = source(name, **(theirs or {}))
    world.platform.orders[name] = order
    link = _link(world, session, name, state, flourish_id=None)
    link.foreign_version = order.updated_at.isoformat()
    tell(session, link, "Not taken")
    return link


def _link(world: World, session: Session, name: str, state: str, *, flourish_id: str | None) -> Link:
    link = Link(
        id=new_id(),
        tenant_id=world.tenant.id,
        connection_id=world.connection_id,
        hub_id=world.hub_id,
        kind="order",
        foreign_id=name,
        label=f"L-{name}",
        state=state,
        decision_code="because",
        decision_text="It has a reason.",
        next_step="Nothing.",
        flourish_kind="outbound" if flourish_id else None,
        flourish_id=flourish_id,
        done_seq=1,
        event_head=0,
    )
    session.add(link)
    session.flush()
    link.due_at = None
    world.links[name] = link.id
    return link


def operation(session: Session, world: World, link: Link, **more: Any) -> Operation:
    then = utc_now() - LONG_AGO
    values: dict[str, Any] = {
        "kind": "create_order",
        "system": "flourish",
        "natural_key": f"order:{world.connection_id}:{link.foreign_id}",
        "once": True,
        "request": {"original_order_id": link.label},
        "fence": 1,
        "intent_at": then,
        "sent_at": then,
    }
    row = Operation(
        tenant_id=link.tenant_id,
        connection_id=link.connection_id,
        hub_id=link.hub_id,
        link_id=link.id,
        **(values | more),
    )
    session.add(row)
    return row


def delivery(session: Session, world: World, link: Link | None, **more: Any) -> Delivery:
    row = Delivery(
        tenant_id=world.tenant.id,
        source_id=world.connection_id,
        platform="leaflink",
        dedupe_key=randomness.token_bytes(32),
        topic="order.updated",
        foreign_ref=link.foreign_id if link else "unknown",
        received_at=utc_now() - LONG_AGO,
        headers={},
        body=b'{"number": 1}',
        link_id=link.id if link else None,
        **more,
    )
    session.add(row)
    return row


def tell(session: Session, link: Link, title: str, **more: Any) -> None:
    link.event_head += 1
    values = {"seq": link.event_head, "side": "trellis", "actor": "Trellis", "title": title} | more
    session.add(TimelineEvent(tenant_id=link.tenant_id, link_id=link.id, **values))
    session.flush()


def problem(
    session: Session, tenant_id: UUID, link: Link | None, *, connection_id: UUID, **more: Any
) -> Problem:
    values: dict[str, Any] = {
        "code": "sku_unknown",
        "title": "SKU X is unknown in Flourish",
        "next_step": "Give the item this SKU in Flourish.",
        "who": "tenant",
    }
    row = Problem(
        tenant_id=tenant_id,
        connection_id=connection_id,
        link_id=link.id if link else None,
        subject_id=link.id if link else connection_id,
        **(values | more),
    )
    session.add(row)
    return row


def _connections(desk: Desk, session: Session, tenant_id: UUID) -> tuple[UUID, UUID]:
    now = utc_now()
    hub = Hub(
        id=new_id(),
        tenant_id=tenant_id,
        name="Flourish",
        base_url="http://127.0.0.1:1/flourish/external/api",
        state="live",
        auth_scheme="api key",
        webhook_token_hash=randomness.token_bytes(32),
        proven_at=now - timedelta(days=30),
    )
    facility = Facility(
        id=new_id(),
        tenant_id=tenant_id,
        hub_id=hub.id,
        flourish_id="12",
        name="Oakland DC",
        timezone="America/Los_Angeles",
        sales_rep_required=False,
        active=True,
    )
    connection = Connection(
        id=new_id(),
        tenant_id=tenant_id,
        hub_id=hub.id,
        platform="leaflink",
        name="LeafLink",
        base_url="http://127.0.0.1:1/leaflink/api/v2/",
        state="live",
        company_ref="77",
        key_owner="Dana",
        facility_id=facility.id,
        webhook_token_hash=randomness.token_bytes(32),
        live_since=now - timedelta(days=20),
        proven_at=now - timedelta(days=20),
    )
    for row in (hub, facility, connection):
        session.add(row)
        session.flush()
    for source_id, owner, name in (
        (connection.id, connection.id, "orders"),
        (hub.id, None, "flourish.orders"),
    ):
        session.add(
            Stream(
                tenant_id=tenant_id,
                source_id=source_id,
                hub_id=hub.id,
                connection_id=owner,
                name=name,
                interval_seconds=300,
                due_at=now + timedelta(minutes=4),
                last_ok_at=now - timedelta(minutes=1),
            )
        )
    for owner_id, key_field, plain in (
        (connection.id, "api_key", API_KEY),
        (hub.id, "api_key", "fl-key-99c1f0a2b3"),
        # No secret: it may stand anywhere.
        (hub.id, "username", "dana@example.com"),
    ):
        _seal(desk, session, tenant_id, owner_id, key_field, plain)
    return connection.id, hub.id


def _seal(desk: Desk, session: Session, tenant_id: UUID, owner_id: UUID, name: str, plain: str) -> None:
    sealed = secrets.seal(
        desk.settings.master_keys, plain, tenant_id=str(tenant_id), owner_id=str(owner_id), field=name
    )
    session.add(
        Secret(
            tenant_id=tenant_id,
            owner_id=owner_id,
            field=name,
            ciphertext=sealed.ciphertext,
            key_id=sealed.key_id,
            last_four=sealed.last_four,
            set_at=utc_now(),
            set_by="dana@example.com",
        )
    )


def _run_and_log(world: World, session: Session) -> None:
    run = Run(
        tenant_id=world.tenant.id,
        connection_id=world.connection_id,
        kind="drain",
        worker="w",
        state="done",
        finished_at=utc_now(),
    )
    session.add(run)
    session.flush()
    for number in (1, 2, 3):
        log(session, world, number, run_id=run.id)
    session.execute(update(Connection).where(Connection.id == world.connection_id).values(log_head=3))


def log(session: Session, world: World, number: int, **more: Any) -> None:
    values = {"level": "info", "entity": "connection", "text": "It works"} | more
    session.add(
        LogLine(connection_id=world.connection_id, number=number, tenant_id=world.tenant.id, **values)
    )
