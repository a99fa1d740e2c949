"""Disconnecting: what is given up keeps its history and not its keys, and may be taken up again."""

from __future__ import annotations

import hashlib
import secrets as randomness
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from portal.models import Connection, Link, Problem, Secret
from portal.sync import audit, company_in_use, journal, switches
from portal.sync.connecting import Connected
from portal.sync.credentials import (
    CannotConnect,
    call_platform,
    complete,
    of_account,
    recognised,
    seal_all,
)
from portal.sync.domain import Company
from portal.sync.engine.desk import Desk
from portal.sync.engine.endpoints import TOKEN_FIELD, webhook_url
from portal.sync.registry import platform as platform_by_key

_LONGEST_REASON = 500


def disconnect(
    session: Session, keys: Mapping[str, bytes], connection_id: UUID, *, actor: audit.Actor, reason: str
) -> None:
    """Give a connection up: nothing is read, taken in or written any more, and its keys are destroyed.

    Args:
        session: a session inside the tenant.
        keys: the installation's encryption keys.
        connection_id: the connection.
        actor: who does it.
        reason: why, as people will read it.

    Raises:
        CannotConnect: no reason is given, or it is disconnected already.
    """
    why = " ".join(reason.split())[:_LONGEST_REASON]
    if not why:
        raise CannotConnect("Say why: people read it in the history.", field="reason")
    # Links first, then the connection: the order in which the engine locks them.
    _leave(session, connection_id)
    connection = session.get_one(Connection, connection_id, with_for_update={"key_share": True})
    if connection.state == "disconnected":
        raise CannotConnect(f"{connection.name} is disconnected already.")
    connection.state, connection.live_since, connection.paused_at = "disconnected", None, None
    forgotten = session.scalars(select(Secret).where(Secret.owner_id == connection_id)).all()
    session.execute(delete(Secret).where(Secret.owner_id == connection_id))
    _close_problems(session, connection_id, f"{actor} disconnected it.")
    journal.log(session, connection, "info", f"{actor} disconnected it: {why}")
    named = recognised(secret for secret in forgotten if secret.field != TOKEN_FIELD)
    audit.record(
        session,
        keys,
        connection.tenant_id,
        "connection.disconnected",
        actor=actor,
        subject=audit.account(connection),
        detail={"reason": why, "destroyed": named},
    )


def connect_again(
    desk: Desk, tenant_id: UUID, connection_id: UUID, credentials: Mapping[str, str], *, actor: audit.Actor
) -> Connected:
    """Take up a disconnected connection with new credentials, once a call with them worked.

    What was placed until it goes live again is listed and not sent, as after the first time.

    Raises:
        CannotConnect: the key does not work or opens another company, or the company is connected elsewhere.
    """
    with desk.tenant(tenant_id) as session:
        connection = session.get_one(Connection, connection_id)
    platform = platform_by_key(connection.platform)
    given = complete(platform, of_account(platform, credentials, connection))
    answered = call_platform(desk, platform, given, base_url=connection.base_url, owner=connection.key_owner)
    company = answered.company
    _refuse_another(connection, company)
    which = (platform.key, connection.base_url, company.ref)
    company_in_use.refuse(desk, tenant_id, which, but=connection_id)
    token = randomness.token_urlsafe(24)
    kept = {one.name: given.get(one.name, "") for one in platform.credentials if one.secret}
    with desk.tenant(tenant_id) as session:
        row = session.get_one(Connection, connection_id, with_for_update={"key_share": True})
        if row.state != "disconnected":
            raise CannotConnect(f"{row.name} is connected already.")
        row.state = "checking" if row.facility_id else "draft"
        row.webhook_token_hash, row.proven_at = hashlib.sha256(token.encode()).digest(), func.now()
        sealed = seal_all(desk, tenant_id, row.id, {**kept, TOKEN_FIELD: token}, actor)
        session.add_all(sealed)
        journal.log(session, row, "info", f"{actor} connected it again")
        shown = recognised(secret for secret in sealed if secret.field != TOKEN_FIELD)
        audit.record(
            session,
            desk.settings.master_keys,
            tenant_id,
            "connection.connected_again",
            actor=actor,
            subject=audit.account(row),
            detail={"company": company.name, "fields": shown},
        )
    url = webhook_url(desk, platform.key, token) if platform.webhook else ""
    return Connected(connection_id, company.name, url, "", company.missing_permissions)


def _refuse_another(connection: Connection, company: Company) -> None:
    if company.ref != connection.company_ref:
        raise CannotConnect(
            f"This key opens {company.name}, not {connection.company_name}. Another company is connected as a"
            " connection of its own.",
            field="api_key",
        )


def _leave(session: Session, connection_id: UUID) -> None:
    """Say of what is on its way why it goes no further, and have nothing looked at any more."""
    mine: ColumnElement[bool] = Link.connection_id == connection_id
    session.execute(
        update(Link)
        .where(mine, Link.state.in_(("new", "waiting", "stuck")))
        .values(
            state="skipped",
            state_since=func.now(),
            decision_code=switches.LEFT,
            decision_text="Its connection was disconnected before this was settled.",
            next_step="Connect it again, and it is looked at anew; or do by hand what is missing.",
            wants_drop=False,
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Link)
        .where(mine, or_(Link.due_at.is_not(None), Link.holds.is_not(None)))
        .values(due_at=None, holds=None)
        .execution_options(synchronize_session=False)
    )


def _close_problems(session: Session, connection_id: UUID, because: str) -> None:
    session.execute(
        update(Problem)
        .where(Problem.connection_id == connection_id, Problem.closed_at.is_(None))
        .values(closed_at=func.now(), closed_because=because)
        .execution_options(synchronize_session=False)
    )
