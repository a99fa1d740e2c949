"""Support: counts over all tenants, as the system role, which sees no name, price or person of an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from portal.models import Connection, Hub, Link, Membership, Problem, Proof, Stream, Tenant

# Platform or "flourish", its key owner or the hub's id, and the calls in a second that were agreed.
Account = tuple[str, str, float | None]


@dataclass
class TenantHealth:
    """One tenant as support sees it before any grant."""

    id: UUID
    name: str
    slug: str
    stopped: bool
    connections: dict[str, int] = field(default_factory=dict)
    orders: dict[str, int] = field(default_factory=dict)
    problems: int = 0
    oldest_problem: datetime | None = None
    oldest_due: datetime | None = None
    # When each system last sent a webhook, by platform or "flourish".
    deliveries: dict[str, datetime | None] = field(default_factory=dict)
    # How much is due now, open problems of webhooks that fell silent, and lists that are read too late.
    due: int = 0
    silent: int = 0
    stale: int = 0
    members: int = 0
    # The last check: held, partial or failed, when, and how many orders it found lost or doubled.
    proof: tuple[str, datetime, int] | None = None


def tenants(system: Session) -> Sequence[TenantHealth]:
    """Count each tenant's orders by state, its problems, and what should have been looked at by now."""
    found = {
        row.id: TenantHealth(row.id, row.name, row.slug, row.stopped_at is not None)
        for row in system.execute(
            select(Tenant.id, Tenant.name, Tenant.slug, Tenant.stopped_at)
            .where(Tenant.retired_at.is_(None))
            .order_by(Tenant.name)
        )
    }
    for tenant_id, state, number in system.execute(
        select(Link.tenant_id, Link.state, func.count(Link.id))
        .where(Link.kind == "order", Link.tenant_id.in_(found))
        .group_by(Link.tenant_id, Link.state)
    ):
        found[tenant_id].orders[state] = number
    for tenant_id, number, oldest in system.execute(
        select(Problem.tenant_id, func.count(Problem.id), func.min(Problem.opened_at))
        .where(Problem.closed_at.is_(None), Problem.tenant_id.in_(found))
        .group_by(Problem.tenant_id)
    ):
        found[tenant_id].problems, found[tenant_id].oldest_problem = number, oldest
    for tenant_id, due_at, number in system.execute(
        select(Link.tenant_id, func.min(Link.due_at), func.count(Link.id))
        .where(Link.due_at < func.now(), Link.tenant_id.in_(found))
        .group_by(Link.tenant_id)
    ):
        found[tenant_id].oldest_due, found[tenant_id].due = due_at, number
    for tenant_id, outcome, at, wrong in system.execute(
        select(Proof.tenant_id, Proof.outcome, Proof.at, Proof.lost + Proof.doubled)
        .where(Proof.tenant_id.in_(found))
        .ext(distinct_on(Proof.tenant_id))
        .order_by(Proof.tenant_id, Proof.at.desc())
    ):
        found[tenant_id].proof = (outcome, at, wrong)
    _add_connections(system, found)
    _add_signs(system, found)
    return list(found.values())


def _add_connections(system: Session, found: dict[UUID, TenantHealth]) -> None:
    per_state = select(Connection.tenant_id, Connection.state, func.count(Connection.id))
    for tenant_id, state, number in system.execute(
        per_state.where(Connection.tenant_id.in_(found)).group_by(Connection.tenant_id, Connection.state)
    ):
        found[tenant_id].connections[state] = number
    per_platform = (
        select(Connection.tenant_id, Connection.platform, func.max(Connection.last_delivery_at))
        .where(Connection.tenant_id.in_(found), Connection.state != "disconnected")
        .group_by(Connection.tenant_id, Connection.platform)
    )
    per_hub = select(Hub.tenant_id, literal("flourish"), func.max(Hub.last_delivery_at))
    of_hubs = per_hub.where(Hub.tenant_id.in_(found)).group_by(Hub.tenant_id)
    for tenant_id, system_key, last in system.execute(union_all(of_hubs, per_platform)):
        found[tenant_id].deliveries[system_key] = last


_AT_WORK = ("live", "paused")
_SILENT = ("webhook_silent", "flourish_webhook_silent")


def _add_signs(system: Session, found: dict[UUID, TenantHealth]) -> None:
    """What went quiet: webhooks, lists that three polls in a row should have brought, and people."""
    silent = select(Problem.tenant_id, func.count(Problem.id)).where(
        Problem.closed_at.is_(None), Problem.code.in_(_SILENT), Problem.tenant_id.in_(found)
    )
    for tenant_id, number in system.execute(silent.group_by(Problem.tenant_id)):
        found[tenant_id].silent = number
    patience = func.make_interval(0, 0, 0, 0, 0, 0, Stream.interval_seconds * 3 + 60)
    at_work = select(Connection.id).where(Connection.state.in_(_AT_WORK))
    works = at_work.where(Connection.hub_id == Stream.hub_id).exists()
    stale = select(Stream.tenant_id, func.count(Stream.id)).where(
        func.coalesce(Stream.last_ok_at, Stream.due_at) < func.now() - patience,
        Stream.tenant_id.in_(found),
        works,
    )
    for tenant_id, number in system.execute(stale.group_by(Stream.tenant_id)):
        found[tenant_id].stale = number
    members = select(Membership.tenant_id, func.count()).where(Membership.tenant_id.in_(found))
    for tenant_id, number in system.execute(members.group_by(Membership.tenant_id)):
        found[tenant_id].members = number


def accounts(session: Session) -> list[Account]:
    """The foreign accounts that a company's live connections call, each with its budget.

    Args:
        session: inside the company, as the system role sees no key owner.
    """
    rows = session.execute(
        select(
            Connection.platform,
            Connection.key_owner,
            Connection.calls_per_second,
            Hub.id,
            Hub.calls_per_second.label("hub_calls"),
        )
        .join(Hub, Hub.id == Connection.hub_id)
        .where(Connection.state == "live")
        .order_by(Connection.name)
    )
    found: dict[Account, None] = {}
    for platform, key_owner, calls, hub_id, hub_calls in rows:
        found |= {(platform, key_owner, calls): None, ("flourish", str(hub_id), hub_calls): None}
    return list(found)
