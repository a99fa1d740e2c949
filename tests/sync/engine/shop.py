"""A live connection of one tenant, with both worlds plugged in, and a database clock that a test may turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import select, text

from portal.models import (
    Connection,
    Delivery,
    Facility,
    Hub,
    Link,
    LogLine,
    Operation,
    Problem,
    TimelineEvent,
    new_id,
)
from portal.sync.contract import Platform
from portal.sync.domain import Hint, SalesRep, SourceOrder
from portal.sync.engine import marks
from portal.sync.engine.accounts import Account, Tape, rules_of
from portal.sync.engine.claim import (
    Claim,
    claim_alone,
    claim_due,
    hand_back,
    hold,
    in_seconds,
    take_back_lost,
)
from portal.sync.engine.desk import Desk
from portal.sync.engine.reconcile import reconcile
from portal.sync.entered import BY_REP
from portal.sync.platforms.leaflink import LEAFLINK
from tests.sync.engine.worlds import Flourish, LeafLink
from tests.sync.mapping.examples import order

SETTLE_SECONDS = 180.0

# What the clock touches. The database's now() cannot be turned, so everything else is.
_TIMES = {
    "link": ("due_at", "lease_until"),
    "operation": ("intent_at", "sent_at", "settle_at", "finished_at"),
    "connection": ("open_until",),
    "stream": ("due_at", "lease_until"),
}


@dataclass
class Shop:
    """One connection and everything that a test does to it."""

    desk: Desk
    tenant_id: UUID
    hub_id: UUID
    connection_id: UUID
    leaflink: LeafLink = field(default_factory=LeafLink)
    flourish: Flourish = field(default_factory=Flourish)
    settle_seconds: float = SETTLE_SECONDS
    # Whose connection it is; `leaflink` is its world, whichever platform that is.
    platform: Platform = LEAFLINK

    @property
    def account(self) -> Account:
        """Both sides, open."""
        with self.desk.tenant(self.tenant_id) as session:
            rules = rules_of(session.get_one(Connection, self.connection_id), self.platform)
        worlds = self.leaflink, cast(Any, self.flourish)
        return Account(self.platform, *worlds, rules, Tape(), self.settle_seconds)

    def arrive(self, source: SourceOrder | None = None, **changed: Any) -> UUID:
        """Have an order placed on LeafLink, and its link marked."""
        placed = self.leaflink.put(source or order(**changed))
        return self.mark(placed.number, placed.label)

    def mark(self, number: str, label: str = "") -> UUID:
        """Mark an order as worth a look."""
        with self.desk.tenant(self.tenant_id) as session:
            connection = session.get_one(Connection, self.connection_id)
            return marks.mark(session, connection, Hint("order", number, "test", label=label))

    def claims(self, most: int = 10) -> list[Claim]:
        """Take back what dead workers had, and claim what is due now, with the links worked on alone."""
        alone = select(Link.id).where(Link.connection_id == self.connection_id, Link.alone)
        with self.desk.sessions.system() as session:
            take_back_lost(session)
            claims = claim_due(session, self.connection_id, worker="test", most=most, lease_seconds=45)
            for link_id in session.scalars(alone.order_by(Link.id).limit(most - len(claims))).all():
                claim = claim_alone(session, link_id, worker="test", lease_seconds=45)
                claims += [claim] if claim else []
        return claims

    def look(self, account: Account | None = None) -> int:
        """Claim what is due and reconcile it, one link after the other; returns how many were due."""
        claims = self.claims()
        for claim in claims:
            reconcile(self.desk, claim, account or self.account)
        return len(claims)

    def look_until_quiet(self, *, most: int = 8) -> int:
        """Look, and let time pass, until nothing is due any more by itself; returns the number of looks."""
        for looks in range(most):
            if not self.look():
                if not self._waits():
                    return looks
                self.pass_time(1000)
        raise AssertionError("the links never come to rest")

    def _waits(self) -> bool:
        waiting = select(Link.id).where(Link.connection_id == self.connection_id, Link.due_at.is_not(None))
        with self.desk.tenant(self.tenant_id) as session:
            return session.scalar(waiting.limit(1)) is not None

    def pass_time(self, seconds: float) -> None:
        """Turn the clock forward: everything that is due, leased or settling is so much nearer."""
        with self.desk.tenant(self.tenant_id) as session:
            for table, columns in _TIMES.items():
                moved = ", ".join(f"{one} = {one} - make_interval(secs => :seconds)" for one in columns)
                session.execute(text(f"UPDATE {table} SET {moved}"), {"seconds": seconds})

    def link(self, link_id: UUID) -> Link:
        """Read a link."""
        with self.desk.tenant(self.tenant_id) as session:
            return session.get_one(Link, link_id)

    def operations(self, link_id: UUID | None = None) -> Sequence[Operation]:
        """Read the operations, oldest first."""
        query = select(Operation).order_by(Operation.intent_at, Operation.id)
        with self.desk.tenant(self.tenant_id) as session:
            return session.scalars(query.where(Operation.link_id == link_id) if link_id else query).all()

    def problems(self) -> dict[str, Problem]:
        """Read the open problems by code."""
        with self.desk.tenant(self.tenant_id) as session:
            rows = session.scalars(
                select(Problem).where(Problem.closed_at.is_(None)).order_by(Problem.id)
            ).all()
        return {row.code: row for row in rows}

    def closed_problems(self) -> dict[str, str]:
        """Read why problems were closed, by code."""
        with self.desk.tenant(self.tenant_id) as session:
            rows = session.scalars(select(Problem).where(Problem.closed_at.is_not(None)))
            return {row.code: row.closed_because or "" for row in rows}

    def story(self, link_id: UUID) -> list[str]:
        """Read the titles of an order's story."""
        query = (
            select(TimelineEvent.title).where(TimelineEvent.link_id == link_id).order_by(TimelineEvent.seq)
        )
        with self.desk.tenant(self.tenant_id) as session:
            return list(session.scalars(query))

    def details(self, link_id: UUID) -> list[dict[str, Any]]:
        """Read what may be unfolded of an order's story."""
        query = (
            select(TimelineEvent.detail).where(TimelineEvent.link_id == link_id).order_by(TimelineEvent.seq)
        )
        with self.desk.tenant(self.tenant_id) as session:
            return list(session.scalars(query))

    def causes(self, code: str) -> set[str]:
        """Read the causes of the open problems of one code."""
        query = select(Problem.cause).where(Problem.code == code, Problem.closed_at.is_(None))
        with self.desk.tenant(self.tenant_id) as session:
            return set(session.scalars(query))

    def log(self) -> list[str]:
        """Read the sync log."""
        with self.desk.tenant(self.tenant_id) as session:
            return list(session.scalars(select(LogLine.text).order_by(LogLine.number)))

    def deliveries(self) -> Sequence[Delivery]:
        """Read the deliveries, oldest first."""
        with self.desk.tenant(self.tenant_id) as session:
            return session.scalars(select(Delivery).order_by(Delivery.received_at, Delivery.id)).all()

    def connection(self) -> Connection:
        """Read the connection, with its hub."""
        with self.desk.tenant(self.tenant_id) as session:
            connection = session.get_one(Connection, self.connection_id)
            assert connection.hub
            return connection

    def set(self, table: str, **values: Any) -> None:
        """Set columns of this shop's connection or hub."""
        row_id = {"connection": self.connection_id, "hub": self.hub_id}[table]
        pairs = ", ".join(f"{name} = :{name}" for name in values)
        with self.desk.tenant(self.tenant_id) as session:
            session.execute(text(f"UPDATE {table} SET {pairs} WHERE id = :row"), values | {"row": row_id})

    def join(self, link_id: UUID, flourish_id: str) -> None:
        """Have a person join an order with the Flourish order that it is."""
        with self.desk.tenant(self.tenant_id) as session:
            link = session.get_one(Link, link_id)
            link.flourish_kind, link.flourish_id, link.due_at = "outbound", flourish_id, datetime.now(UTC)
            link.dirty_seq += 1

    def choose(self, **settings: Any) -> None:
        """Have the admin change rules of the connection."""
        with self.desk.tenant(self.tenant_id) as session:
            connection = session.get_one(Connection, self.connection_id)
            connection.settings = {**connection.settings, **settings}

    def set_due(self, link_id: UUID) -> None:
        """Have a link looked at now, and no mark of it left."""
        with self.desk.tenant(self.tenant_id) as session:
            session.get_one(Link, link_id).due_at = datetime.now(UTC)

    def look_one(self, link_id: UUID) -> None:
        """Look at this link, and at no other one that is due."""
        for claim in self.claims():
            if claim.link_id == link_id:
                reconcile(self.desk, claim, self.account)
            else:
                with self.desk.tenant(self.tenant_id) as session:
                    hand_back(hold(session, claim), claim, due_at=in_seconds(0))

    def set_claimants(self, link_id: UUID, ids: list[str]) -> None:
        """Have webhooks tell of Flourish orders that carry this link's note."""
        with self.desk.tenant(self.tenant_id) as session:
            session.get_one(Link, link_id).claimants = ids

    def route_by_rep(self) -> None:
        """Have orders go to their rep's facility: Rae's is Oakland, Dee's is Denver."""
        with self.desk.tenant(self.tenant_id) as session:
            connection = session.get_one(Connection, self.connection_id)
            connection.settings = {**connection.settings, "routing": BY_REP}
            session.add(
                Facility(
                    id=new_id(),
                    tenant_id=self.tenant_id,
                    hub_id=self.hub_id,
                    flourish_id="8",
                    name="Denver",
                    timezone="America/Denver",
                    sales_rep_required=False,
                    active=True,
                )
            )
        self.leaflink.emails["88"] = "dee@acme.example"
        self.flourish.reps.append(SalesRep("41", "Dee", "dee@acme.example", "8", True))

    def writes(self) -> int:
        """How many writes both worlds saw."""
        return self.leaflink.count(*self.leaflink.WRITES) + self.flourish.count(*Flourish.WRITES)


def open_shop(desk: Desk, tenant_id: UUID, name: str = "LeafLink", platform: Platform = LEAFLINK) -> Shop:
    """Make a hub with a facility, and a live connection on it."""
    with desk.tenant(tenant_id) as session:
        hub = Hub(
            id=new_id(),
            tenant_id=tenant_id,
            name=f"Flourish of {name}",
            base_url="https://app.flourishsoftware.com/external/api",
            state="live",
            auth_scheme="api key",
            webhook_token_hash=new_id().bytes,
        )
        session.add(hub)
        session.flush()
        facility = Facility(
            id=new_id(),
            tenant_id=tenant_id,
            hub_id=hub.id,
            flourish_id="7",
            name="Oakland",
            timezone="America/Los_Angeles",
            sales_rep_required=False,
            active=True,
        )
        session.add(facility)
        session.flush()
        connection_id = add_connection(session, hub, facility.id, name, platform)
    return Shop(desk, tenant_id, hub.id, connection_id, platform=platform)


def add_connection(
    session: Any, hub: Hub, facility_id: UUID, name: str, platform: Platform = LEAFLINK
) -> UUID:
    """Make a live connection on a hub."""
    connection = Connection(
        id=new_id(),
        tenant_id=hub.tenant_id,
        hub_id=hub.id,
        platform=platform.key,
        name=name,
        base_url=platform.default_base_url,
        state="live",
        company_ref=name,
        company_name=name,
        key_owner=name,
        facility_id=facility_id,
        webhook_token_hash=new_id().bytes,
        live_since=datetime(2026, 1, 1, tzinfo=UTC),
    )
    session.add(connection)
    session.flush()
    return connection.id
