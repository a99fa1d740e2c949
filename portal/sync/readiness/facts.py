"""Facts of our own rows, and of one call to each side, that checks are judged by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import Connection, Hub, Link, Problem, Secret
from portal.sync.contract import Platform
from portal.sync.domain import Company
from portal.sync.engine.accounts import catalogue_rules_of, facts_of
from portal.sync.engine.endpoints import made_at, overlaps
from portal.sync.engine.said import said_of
from portal.sync.engine.shop_orders import open_in_flourish
from portal.sync.errors import ConnectionBroken, SyncError
from portal.sync.flourish import FLOURISH

# Hosts on which a platform lets its customers try things, by how they are called in them.
_TRIAL = ("sandbox", "integrations", "staging")
# Names of facts: of the platform's key, and of Flourish's.
OURS, HUB = ("company", "missing", "key_error", "key_unknown"), (
    "hub_company", "hub_missing", "hub_error", "hub_unknown",
)  # fmt: skip


def of_rows(session: Session, connection: Connection, platform: Platform) -> dict[str, Any]:
    """Read what our own rows say of a connection.

    Args:
        session: a session inside the connection's tenant.
        connection: the connection, with hub and facility.
        platform: its platform.
    """
    hub = connection.hub
    scheme = platform.webhook
    facts: dict[str, Any] = {
        "environment": _environment(connection.base_url),
        "webhook_key": scheme is not None and _is_stored(session, connection.id, scheme.key_field),
        "received_at": connection.last_delivery_at,
        "refused": connection.refused_deliveries,
        "fault": connection.last_refusal or "",
        "hub_webhook_key": _is_stored(session, hub.id, FLOURISH.webhook.key_field),
        "hub_received_at": hub.last_delivery_at,
        "hub_refused": hub.refused_deliveries,
        "hub_fault": hub.last_refusal or "",
        "hub_headers": all(_is_stored(session, hub.id, name) for name in FLOURISH.webhook.pairs.values()),
        "hub_shown": hub.shown_made_at is not None and hub.shown_made_at == made_at(session, hub.id),
        "hub_overlaps": overlaps(hub),
        "two_writers": _fought_over(session, connection.id),
        "said": said_of(session, connection),
    }
    if platform.is_retail:
        facts["pos_ids"] = frozenset(open_in_flourish(session, Link.connection_id == connection.id))
    if connection.facility is not None:
        facts["facility"] = facts_of(connection.facility)
        if platform.catalogue is not None:
            facts["rules"] = catalogue_rules_of(connection, platform)
    return facts


def of_key(names: tuple[str, ...], ask: Callable[[], Company] | None, refused: str) -> dict[str, Any]:
    """Ask a side whose account a key opens.

    Args:
        names: of the facts: company, missing permissions, why the key does not work, why nobody knows.
        ask: asks it; None without a key.
        refused: what is said of a key that is refused.
    """
    company, missing, error, unknown = names
    if ask is None:
        return {error: "No key is stored yet."}
    try:
        found = ask()
    except ConnectionBroken as broken:
        return {error: f"{refused}: {broken}."}
    except SyncError as failed:
        return {unknown: f"It could not be asked: {failed}."}
    return {company: found.name, missing: found.missing_permissions}


def has_key(session: Session, owner: Connection | Hub) -> bool:
    """Whether a key is stored with which a side can be called."""
    return _is_stored(session, owner.id, "api_key")


def _is_stored(session: Session, owner_id: UUID, name: str) -> bool:
    query = select(Secret.id).where(Secret.owner_id == owner_id, Secret.field == name, Secret.last_four != "")
    return session.scalar(query) is not None


def _environment(base_url: str) -> str:
    host = urlsplit(base_url).hostname or ""
    return f", on {host}, where things are tried" if any(word in host for word in _TRIAL) else f", on {host}"


def _fought_over(session: Session, connection_id: UUID) -> int:
    """Count products that somebody else keeps changing back (mapping/keeping.py)."""
    query = select(func.count()).where(
        Problem.connection_id == connection_id, Problem.code == "two_writers", Problem.closed_at.is_(None)
    )
    return session.scalar(query) or 0
