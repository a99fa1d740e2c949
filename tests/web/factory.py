"""Rows as the engine would leave them, for tests of pages."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import null
from sqlalchemy.orm import Session

from portal.extensions import Sessions
from portal.identity import accounts
from portal.models import (
    Connection,
    Delivery,
    Facility,
    Hub,
    Link,
    LogLine,
    Operation,
    Problem,
    Proof,
    Run,
    Secret,
    Stream,
    Tenant,
    TimelineEvent,
    User,
    new_id,
    utc_now,
)
from portal.sync import journal

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Company:
    """One tenant with a hub, a facility and a live connection."""

    id: UUID
    slug: str
    hub_id: UUID
    facility_id: UUID
    connection_id: UUID


def user(
    sessions: Sessions, *, name: str = "Dana Reyes", staff_role: str | None = None, email: str = ""
) -> User:
    """Make somebody who can sign in with PASSWORD."""
    address = email or f"{secrets.token_hex(6)}@example.com"
    with sessions.identity() as session:
        return accounts.create_user(session, address, name, PASSWORD, staff_role)


def member(sessions: Sessions, company: Company | Tenant, role: str, **who: Any) -> User:
    """Make somebody who has a role in a company."""
    person = user(sessions, **who)
    with sessions.tenant(company.id) as session:
        accounts.add_member(session, company.id, person.id, role)
    return person


def company(
    sessions: Sessions, *, name: str = "Greenleaf Farms", slug: str = "", state: str = "live"
) -> Company:
    """Make a tenant with one connection."""
    tenant = Tenant(
        id=new_id(), slug=slug or f"co-{secrets.token_hex(5)}", name=name, timezone="America/Los_Angeles"
    )
    with sessions.system() as session:
        session.add(tenant)
    with sessions.tenant(tenant.id) as session:
        hub = Hub(
            tenant_id=tenant.id,
            name="Main",
            base_url="https://app.flourishsoftware.com/external/api/v1",
            state="live",
            company_name=name,
            auth_scheme="x-api-key",
            webhook_token_hash=secrets.token_bytes(32),
        )
        session.add(hub)
        session.flush()
        facility = Facility(
            tenant_id=tenant.id,
            hub_id=hub.id,
            flourish_id="12",
            name="Oakland DC",
            license_number="C11-0000777-LIC",
            timezone="America/Los_Angeles",
            sales_rep_required=False,
            active=True,
        )
        session.add(facility)
        session.flush()
        connection_id = connection(
            session, tenant.id, hub.id, facility_id=facility.id, name=f"{name} on LeafLink", state=state
        )
        return Company(tenant.id, tenant.slug, hub.id, facility.id, connection_id)


def connection(
    session: Session,
    tenant_id: UUID,
    hub_id: UUID,
    *,
    name: str,
    facility_id: UUID | None = None,
    state: str = "live",
    **more: Any,
) -> UUID:
    """Make a connection with credentials and streams."""
    now = utc_now()
    row = Connection(
        tenant_id=tenant_id,
        hub_id=hub_id,
        platform="leaflink",
        name=name,
        base_url="https://app.leaflink.com/api/v2",
        state=state,
        company_ref=secrets.token_hex(4),
        company_name=name.partition(" on ")[0],
        key_owner=secrets.token_hex(4),
        facility_id=facility_id,
        webhook_token_hash=secrets.token_bytes(32),
        live_since=now - timedelta(days=20) if state in ("live", "paused") else None,
        last_delivery_at=now - timedelta(seconds=41),
        proven_at=now - timedelta(days=20),
        **more,
    )
    session.add(row)
    session.flush()
    session.add(
        Secret(
            tenant_id=tenant_id,
            owner_id=row.id,
            field="api_key",
            ciphertext=b"x",
            key_id="k1",
            last_four="9f2c",
            set_at=now - timedelta(days=20),
            set_by="Dana Reyes",
        )
    )
    session.add(
        Stream(
            tenant_id=tenant_id,
            source_id=row.id,
            hub_id=hub_id,
            connection_id=row.id,
            name="orders",
            interval_seconds=300,
            due_at=now + timedelta(seconds=120),
            watermark=now - timedelta(seconds=190),
            last_ok_at=now - timedelta(seconds=180),
        )
    )
    session.flush()
    return row.id


def snapshot(**more: Any) -> dict[str, Any]:
    """What an order looked like when it was last read."""
    return {
        "customer": {"name": "Harbor Wellness", "license": "C11-0000214-LIC"},
        "rep": "Sam Ortiz",
        "facility": "Oakland DC",
        "total": "1842.00",
        "lines": [
            {
                "sku": "BD-35-LMN",
                "name": "Blue Dream 3.5 g, Lemon",
                "eaches": "24",
                "unit_price": "4.7500",
                "line_total": "114.00",
                "note": "1 case × 24",
            },
            {
                "sku": "GG-1G-PR",
                "name": "GG4 pre-roll 1 g",
                "eaches": "540",
                "unit_price": "3.2000",
                "line_total": "1728.00",
            },
        ],
        "money": {
            "lines": "1842.00",
            "discount": "0.00",
            "shipping": "0.00",
            "rounding": "0.00",
            "total": "1842.00",
        },
        "platform": {"id": "4F2A-1187", "status": "Accepted"},
        "flourish": {
            "id": "00018842",
            "status": "Allocated",
            "payment_status": "Unpaid",
            "facility": "Oakland DC",
        },
        **more,
    }


def order(
    session: Session,
    company: Company,
    *,
    label: str = "",
    state: str = "settled",
    placed_at: datetime | None = None,
    flourish_id: str | None = "",
    terms: tuple[str, ...] = (),
    **more: Any,
) -> Link:
    """Make an order link; `flourish_id` "" means one of its own, None means that it is not in Flourish."""
    label = label or f"{secrets.token_hex(2).upper()}-{secrets.randbelow(9000) + 1000}"
    at = placed_at or utc_now() - timedelta(hours=2)
    values: dict[str, Any] = {
        "foreign_status": "Accepted",
        "flourish_status": "Allocated" if flourish_id is not None else None,
        "decision_code": None if state == "new" else "agree",
        "decision_text": None if state == "new" else "Both sides agree.",
        "next_step": "Staff ship it in Flourish; LeafLink will follow to Shipped.",
        "snapshot": snapshot(),
        "looked_at": utc_now() - timedelta(seconds=9),
        "due_at": null(),
        "state_since": at,
        "created_at": at,
        "connection_id": company.connection_id,
        "kind": "order",
        "foreign_id": secrets.token_hex(8),
        **more,
    }
    row = Link(
        id=new_id(),
        tenant_id=company.id,
        hub_id=company.hub_id,
        label=label,
        state=state,
        placed_at=at,
        flourish_id=secrets.token_hex(4) if flourish_id == "" else flourish_id,
        **values,
    )
    session.add(row)
    session.flush()
    numbers = filter(None, (label, row.foreign_id, row.flourish_id))
    words = ("C11-0000214-LIC", "Harbor Wellness", "BD-35-LMN", *terms)
    journal.remember_terms(session, row, words, numbers=numbers)
    return row


def event(session: Session, link: Link, title: str, **more: Any) -> TimelineEvent:
    """Add a row to an order's story."""
    link.event_head = (link.event_head or 0) + 1
    values = {"side": "trellis", "actor": "Trellis", "how": "", "text": "", "detail": {}, **more}
    row = TimelineEvent(tenant_id=link.tenant_id, link_id=link.id, seq=link.event_head, title=title, **values)
    session.add(row)
    session.flush()
    return row


def operation(session: Session, link: Link, **more: Any) -> Operation:
    """Make a write on an order; by default one that created it in Flourish."""
    now = utc_now()
    values: dict[str, Any] = {
        "kind": "create_order",
        "system": "flourish",
        "natural_key": f"order:{link.id}",
        "once": True,
        "request": {"original_order_id": link.label},
        "why": "Bring it in: Submitted is a status that you chose.",
        "prompted_by": "Harbor Wellness, LeafLink: Order submitted, 2 lines",
        "prompted_at": link.created_at,
        "status": "ok",
        "fence": 1,
        "sent_at": now,
        "finished_at": link.created_at + timedelta(seconds=1.4),
        **more,
    }
    row = Operation(
        tenant_id=link.tenant_id,
        connection_id=link.connection_id,
        hub_id=link.hub_id,
        link_id=link.id,
        **values,
    )
    session.add(row)
    session.flush()
    return row


def problem(session: Session, link: Link, **more: Any) -> Problem:
    """Open a problem of an order."""
    values = {
        "code": "sku_unknown",
        "cause": "BD-35-LMN",
        "title": "SKU BD-35-LMN is unknown in Flourish",
        "text": "The nearest one is BD-3.5-LMN: it differs in punctuation only.",
        "next_step": "Correct the SKU in LeafLink or in Flourish.",
        "who": "tenant",
        **more,
    }
    row = Problem(
        tenant_id=link.tenant_id,
        connection_id=link.connection_id,
        link_id=link.id,
        subject_id=link.id,
        **values,
    )
    session.add(row)
    session.flush()
    return row


def run(session: Session, company: Company, **more: Any) -> Run:
    """Make a run that is still going on."""
    values = {
        "kind": "drain",
        "worker": "worker-1",
        "counts": {"looked": 3, "settled": 2, "stuck": 1},
        **more,
    }
    row = Run(tenant_id=company.id, connection_id=company.connection_id, **values)
    session.add(row)
    session.flush()
    return row


def line(session: Session, company: Company, text: str, **more: Any) -> LogLine:
    """Add a line to the connection's log."""
    owner = session.get_one(Connection, company.connection_id, with_for_update=True, populate_existing=True)
    owner.log_head += 1
    values = {"level": "info", "entity": "connection", "raw": {}, **more}
    row = LogLine(
        connection_id=company.connection_id, number=owner.log_head, tenant_id=company.id, text=text, **values
    )
    session.add(row)
    session.flush()
    return row


def delivery(session: Session, link: Link, **more: Any) -> Delivery:
    """Record a webhook delivery of an order."""
    values = {
        "topic": "order.updated",
        "headers": {},
        "body": b"{}",
        "outcome": "applied",
        "outcome_text": "The order was looked at.",
        "outcome_at": utc_now(),
        **more,
    }
    row = Delivery(
        tenant_id=link.tenant_id,
        source_id=link.connection_id,
        platform="leaflink",
        dedupe_key=secrets.token_bytes(16),
        foreign_ref=link.foreign_id,
        link_id=link.id,
        **values,
    )
    session.add(row)
    session.flush()
    return row


def proof(session: Session, company: Company, **more: Any) -> Proof:
    """Make a check that proved everything."""
    held = {
        "code": "I1",
        "name": "once",
        "promise": "Every order is in Flourish once.",
        "proven": True,
        "looked": 214,
        "failures": 0,
        "counter_examples": [],
        "information": [],
    }
    values: dict[str, Any] = {
        "at": utc_now() - timedelta(minutes=4),
        "how": "schedule",
        "duration_ms": 5400,
        "outcome": "held",
        "orders": 214,
        "lost": 0,
        "doubled": 0,
        "ever_doubled": 0,
        "failed": [],
        "report": {"invariants": [held]},
    }
    row = Proof(tenant_id=company.id, **(values | more))
    session.add(row)
    session.flush()
    return row
