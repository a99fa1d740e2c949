"""Connecting: hubs and platform connections made, proven, switched on and off. The command line, the demo
and the pages all come here."""

from __future__ import annotations

import hashlib
import secrets as randomness
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.models import Connection, Facility, Hub, Link, Secret, Stream, new_id
from portal.sync import audit, company_in_use, journal, switches, webhook_screen
from portal.sync.approval import Approval, begin
from portal.sync.credentials import (
    CannotConnect,
    call_flourish,
    call_platform,
    complete,
    recognised,
    seal_all,
)
from portal.sync.decisions import Finding
from portal.sync.domain import Company, FacilityFacts
from portal.sync.engine.accounts import Tape, open_hub, open_platform
from portal.sync.engine.desk import Desk
from portal.sync.engine.endpoints import TOKEN_FIELD, webhook_url
from portal.sync.engine.poll import FLOURISH_ORDERS, FLOURISH_RETAIL_ORDERS
from portal.sync.errors import ConnectionBroken, SyncError
from portal.sync.flourish import FLOURISH
from portal.sync.readiness import gate
from portal.sync.registry import platform as platform_by_key


@dataclass(frozen=True)
class Connected:
    """A hub or connection that was made, and what the other side must be told; nothing where it sends no
    webhooks."""

    id: UUID
    company: str
    webhook_url: str
    signing_key: str
    missing_permissions: tuple[str, ...] = ()
    # Of a hub: what each delivery has to bear, by name.
    headers: Mapping[str, str] = field(default_factory=dict)


def add_hub(
    desk: Desk,
    tenant_id: UUID,
    *,
    name: str,
    base_url: str,
    credentials: Mapping[str, str],
    actor: audit.Actor,
    signing_key: str = "",
) -> Connected:
    """Connect a Flourish account. Nothing is saved unless a real call with the key succeeded.

    Args:
        desk: what to work with.
        tenant_id: whose it will be.
        name: what people call it.
        base_url: Flourish's address; a host that Trellis knows.
        credentials: by field name, as `FLOURISH.credentials` lists them.
        actor: who does it.
        signing_key: the webhook's signing key; made when empty.

    Raises:
        CannotConnect: the key does not work, or the name is taken.
    """
    answered = call_flourish(desk, credentials, base_url=base_url, owner=f"new:{tenant_id}")
    company = answered.company
    token = randomness.token_urlsafe(24)
    proof = webhook_screen.new_proof(signing_key or credentials.get(FLOURISH.webhook.key_field, ""))
    hub = Hub(
        id=new_id(),
        tenant_id=tenant_id,
        name=name,
        base_url=answered.address.url,
        state="live",
        company_name=company.name,
        auth_scheme="username and key" if credentials.get("username") else "api key",
        webhook_token_hash=hashlib.sha256(token.encode()).digest(),
        proven_at=func.now(),
    )
    kept = {**credentials, **proof, TOKEN_FIELD: token}
    with _unless_taken(name), desk.tenant(tenant_id) as session:
        session.add(hub)
        session.flush()
        session.add_all(_facility(hub, facts) for facts in answered.facilities)
        sealed = seal_all(desk, tenant_id, hub.id, kept, actor)
        session.add_all(sealed)
        session.add(_stream(hub.tenant_id, hub.id, hub.id, None, FLOURISH_ORDERS, desk.settings.poll_seconds))
        _record(desk, session, "hub.added", hub, actor, company=company.name, fields=_fields(sealed))
    return Connected(
        hub.id,
        company.name,
        webhook_url(desk, FLOURISH.key, token),
        proof[FLOURISH.webhook.key_field],
        company.missing_permissions,
        webhook_screen.as_headers(proof),
    )


def add_connection(  # noqa: PLR0913 - one keyword for each field of the form
    desk: Desk,
    tenant_id: UUID,
    *,
    hub_id: UUID,
    platform_key: str,
    name: str,
    credentials: Mapping[str, str],
    actor: audit.Actor,
    facility: str = "",
    base_url: str = "",
    key_owner: str = "",
    settings: Mapping[str, Any] | None = None,
) -> Connected:
    """Connect an account of a sales platform. Nothing is saved unless a real call with the key succeeded.

    Args:
        desk: what to work with.
        tenant_id: whose it will be.
        hub_id: the Flourish connection that feeds it.
        platform_key: such as "leaflink".
        name: what people call it.
        credentials: by field name, as the platform's declaration lists them.
        actor: who does it.
        facility: id or name of the facility that its orders go to; a draft without one does nothing yet.
        base_url: the platform's address; its usual one when empty.
        key_owner: who made the key at the platform; equal owners share one rate budget.
        settings: the connection's choices; the declaration's defaults fill in.

    Raises:
        CannotConnect: the key does not work, a field is missing, the company is connected already, or the
            facility or name does not fit.
    """
    platform = platform_by_key(platform_key)
    answered = call_platform(
        desk,
        platform,
        complete(platform, credentials),
        base_url=base_url or platform.default_base_url,
        owner=f"new:{tenant_id}",
    )
    company, address = answered.company, answered.address
    company_in_use.refuse(desk, tenant_id, (platform.key, address.url, company.ref))
    token = randomness.token_urlsafe(24)
    kept = {field.name: credentials.get(field.name, "") for field in platform.credentials if field.secret}
    with _unless_taken(name), desk.tenant(tenant_id) as session:
        connection = Connection(
            id=new_id(),
            tenant_id=tenant_id,
            hub_id=hub_id,
            platform=platform.key,
            name=name,
            base_url=address.url,
            state="ready" if facility else "draft",
            company_ref=company.ref,
            company_name=company.name,
            key_owner=key_owner or credentials.get("key_owner") or company.name,
            facility_id=_facility_named(session, hub_id, facility).id if facility else None,
            settings=dict(settings or {}),
            webhook_token_hash=hashlib.sha256(token.encode()).digest(),
            proven_at=func.now(),
        )
        session.add(connection)
        session.flush()
        sealed = seal_all(desk, tenant_id, connection.id, {**kept, TOKEN_FIELD: token}, actor)
        session.add_all(sealed)
        for spec in platform.streams:
            seconds = min(spec.interval_seconds, desk.settings.poll_seconds)
            session.add(_stream(tenant_id, connection.id, hub_id, connection.id, spec.name, seconds))
        if platform.is_retail:
            _read_retail_orders(session, connection, desk.settings.poll_seconds)
        journal.log(session, connection, "info", f"{actor} connected {platform.label}: {company.name}")
        added = {"platform": platform.label, "company": company.name, "fields": _fields(sealed)}
        _record(desk, session, "connection.added", connection, actor, **added)
    url = webhook_url(desk, platform.key, token) if platform.webhook else ""
    signing_key = credentials.get(platform.webhook.key_field, "") if platform.webhook else ""
    return Connected(connection.id, company.name, url, signing_key, company.missing_permissions)


def go_live(  # noqa: PLR0913 - one keyword for each way to go live
    desk: Desk,
    tenant_id: UUID,
    connection_id: UUID,
    *,
    actor: audit.Actor,
    since: datetime | None = None,
    despite: str = "",
    despite_rival: bool = False,
    approval: Approval | None = None,
) -> None:
    """Switch a ready connection on. Orders placed before `since`, by default now, are listed and not sent.
    With a preview everything that it showed begins; without one only orders are synced.

    Args:
        desk: what to work with.
        tenant_id: whose it is.
        connection_id: the connection.
        actor: who does it.
        since: from when on orders are sent.
        despite: why it goes live although a check blocks that; empty to be refused.
        despite_rival: also while Flourish's own integration makes orders of the platform.
        approval: the preview that is approved with this; it says from when on orders are sent.

    Raises:
        CannotConnect: it is not ready, a check blocks, its company is live in another connection, or
            Flourish's own integration still makes its orders.
    """
    told = gate.refuse_unready(desk, tenant_id, connection_id, despite=despite, despite_rival=despite_rival)
    try:
        with desk.tenant(tenant_id) as session:
            switches.take_up(session, connection_id)
            connection = session.get_one(Connection, connection_id)
            if connection.state not in ("ready", "live"):
                raise CannotConnect(
                    f"{connection.name} is {connection.state}; only a ready connection goes live."
                )
            was_live = connection.state == "live"
            since = approval.orders_since if approval else since
            connection.live_since = connection.live_since or since or session.scalar(select(func.now()))
            connection.state = "live"
            connection.assess_due_at = connection.assess_due_at or func.now()
            session.execute(update(Stream).where(Stream.source_id == connection_id).values(due_at=func.now()))
            journal.log(session, connection, "info", f"{actor} switched the connection live")
            if not was_live:
                begun = begin(session, connection, approval, by=actor.name)
                begun |= {"orders_since": connection.live_since, **told}
                _record(desk, session, "connection.went_live", connection, actor, **begun)
    except IntegrityError as error:
        if "uq_connection_company_in_use" not in str(error.orig):
            raise
        message = "This company is already live in another connection; disconnect it there first."
        raise CannotConnect(message) from error


def pause(session: Session, keys: Mapping[str, bytes], connection_id: UUID, *, actor: audit.Actor) -> None:
    """Stop writes: deliveries and reads go on, nothing is sent until it is resumed."""
    connection = session.get_one(Connection, connection_id)
    if connection.state == "live":
        connection.state = "paused"
        connection.paused_at = func.now()
        journal.log(session, connection, "info", f"{actor} paused the connection")
        _about(session, keys, "connection.paused", connection, actor)


def resume(session: Session, keys: Mapping[str, bytes], connection_id: UUID, *, actor: audit.Actor) -> None:
    """Switch writes on again; whatever waited is looked at now."""
    switches.release(session, Link.connection_id == connection_id)
    connection = session.get_one(Connection, connection_id)
    if connection.state == "paused":
        connection.state = "live"
        connection.paused_at = None
        journal.log(session, connection, "info", f"{actor} resumed the connection")
        _about(session, keys, "connection.resumed", connection, actor)


def test(desk: Desk, tenant_id: UUID, connection_id: UUID, *, actor: audit.Actor) -> tuple[Finding, ...]:
    """Call both sides of a connection with their keys now, and say what does not work."""
    with desk.tenant(tenant_id) as session:
        connection = session.get_one(Connection, connection_id)
        client = open_platform(desk, session, connection, Tape())
        flourish = open_hub(desk, session, session.get_one(Hub, connection.hub_id), Tape())
        label = platform_by_key(connection.platform).label
    findings = (*_probe(label, client.company), *_probe(FLOURISH.label, flourish.company))
    _record_test(desk, tenant_id, connection, findings, actor)
    return findings


def test_hub(desk: Desk, tenant_id: UUID, hub_id: UUID, *, actor: audit.Actor) -> tuple[Finding, ...]:
    """Call Flourish with a hub's key now, and say what does not work."""
    with desk.tenant(tenant_id) as session:
        hub = session.get_one(Hub, hub_id)
        client = open_hub(desk, session, hub, Tape())
    findings = _probe(FLOURISH.label, client.company)
    _record_test(desk, tenant_id, hub, findings, actor)
    return findings


def _record_test(
    desk: Desk,
    tenant_id: UUID,
    owner: Connection | Hub,
    findings: Sequence[Finding],
    actor: audit.Actor,
) -> None:
    found = [finding.title for finding in findings] or ["it works"]
    with desk.tenant(tenant_id) as session:
        _record(desk, session, "connection.tested", owner, actor, found=found)


def _record(
    desk: Desk, session: Session, action: str, owner: Connection | Hub, actor: audit.Actor, **detail: Any
) -> None:
    _about(session, desk.settings.master_keys, action, owner, actor, detail)


def _about(
    session: Session,
    keys: Mapping[str, bytes],
    action: str,
    owner: Connection | Hub,
    actor: audit.Actor,
    detail: Mapping[str, Any] | None = None,
) -> None:
    audit.record(
        session, keys, owner.tenant_id, action, actor=actor, subject=audit.account(owner), detail=detail
    )


def _fields(sealed: Iterable[Secret]) -> list[str]:
    return recognised(secret for secret in sealed if secret.field != TOKEN_FIELD)


def _probe(label: str, company: Callable[[], Company]) -> tuple[Finding, ...]:
    try:
        missing = company().missing_permissions
    except ConnectionBroken as error:
        return (Finding("test_refused", f"{label} refuses the key: {error}", "Replace the key."),)
    except SyncError as error:
        step = "Try again later: this says nothing about the key."
        said = str(error)
        return (Finding("test_failed", said if label in said else f"{label}: {said}", step),)
    return tuple(
        Finding("permission", f"{label}: the key may not {permission}", "Give the key this permission.")
        for permission in missing
    )


@contextmanager
def _unless_taken(name: str) -> Iterator[None]:
    """Say in words that a name is taken."""
    try:
        yield
    except IntegrityError as error:
        if "tenant_id_name" not in str(error.orig):
            raise
        raise CannotConnect(
            f"There is one called {name} already; choose another name.", field="name"
        ) from error


def _facility(hub: Hub, facts: FacilityFacts) -> Facility:
    return Facility(
        tenant_id=hub.tenant_id,
        hub_id=hub.id,
        flourish_id=facts.id,
        name=facts.name,
        license_number=facts.license or None,
        timezone=facts.timezone,
        sales_rep_required=facts.sales_rep_required,
        active=facts.active,
    )


def _facility_named(session: Session, hub_id: UUID, facility: str) -> Facility:
    facilities = list(session.scalars(select(Facility).where(Facility.hub_id == hub_id)))
    for candidate in facilities:
        if facility in (candidate.flourish_id, candidate.name):
            return candidate
    known = ", ".join(f"{one.name} ({one.flourish_id})" for one in facilities)
    raise CannotConnect(f"The Flourish connection has no facility {facility!r}; it has {known}.")


def _read_retail_orders(session: Session, connection: Connection, seconds: float) -> None:
    """Have Flourish's retail orders read, once for all connections of a hub."""
    hub_id = connection.hub_id
    there = select(Stream.id).where(Stream.source_id == hub_id, Stream.name == FLOURISH_RETAIL_ORDERS)
    if session.scalar(there) is None:
        session.add(_stream(connection.tenant_id, hub_id, hub_id, None, FLOURISH_RETAIL_ORDERS, seconds))


def _stream(
    tenant_id: UUID, source_id: UUID, hub_id: UUID, connection_id: UUID | None, name: str, seconds: float
) -> Stream:
    return Stream(
        tenant_id=tenant_id,
        source_id=source_id,
        hub_id=hub_id,
        connection_id=connection_id,
        name=name,
        interval_seconds=seconds,
    )
