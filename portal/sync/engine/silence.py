"""Silence: a webhook that stopped arriving is noticed by the changes that only a poll found (LL-24). Of a
platform that sends none nobody expects one."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from portal.models import Connection, Hub, Problem, Stream, Tenant
from portal.sync import journal
from portal.sync.contract import Webhook
from portal.sync.decisions import Finding
from portal.sync.domain import Hint
from portal.sync.flourish import FLOURISH
from portal.sync.registry import platform as platform_by_key

# A webhook may take this long; a change younger than that proves nothing yet.
_GRACE = timedelta(seconds=10)
# The time of the last delivery is kept to a few seconds only.
_BLUR = timedelta(seconds=5)
_ACCIDENT = timedelta(minutes=10)


def unannounced(session: Session, stream: Stream, hint: Hint) -> bool:
    """Whether a change that a poll just found should have come by webhook before."""
    owner = _owner(session, stream)
    if _scheme(owner) is None:
        return False
    since = owner.live_since if isinstance(owner, Connection) else owner.proven_at
    if hint.updated_at is None or since is None or hint.updated_at < since:
        return False
    now = session.execute(select(func.now())).scalar_one()
    heard = owner.last_delivery_at is not None and owner.last_delivery_at > hint.updated_at - _BLUR
    return hint.updated_at < now - _GRACE and not heard


def judge(session: Session, stream: Stream, connection: Connection, changes: int) -> None:
    """Open the problem when changes went unannounced; close it once a delivery has come since.

    Args:
        session: a session inside the tenant.
        stream: the stream that was polled.
        connection: a connection that the stream serves.
        changes: how many changes this poll found that no webhook announced.
    """
    owner = _owner(session, stream)
    scheme = _scheme(owner)
    if scheme is None:
        return
    zone = ZoneInfo(session.get_one(Tenant, stream.tenant_id).timezone)
    finding = _finding(owner, scheme, changes, zone)
    if changes > 1 or (changes and _quiet_for_long(session, owner)):
        journal.report(session, connection, (finding,), code=finding.code)
        journal.log(session, connection, "wait", f"{finding.title}; polling found {changes} changed")
    elif _heard_since(session, connection, owner, finding.code):
        journal.report(session, connection, (), code=finding.code, solved="Webhooks arrive again.")


def _owner(session: Session, stream: Stream) -> Connection | Hub:
    if stream.connection_id is None:
        return session.get_one(Hub, stream.hub_id)
    return session.get_one(Connection, stream.connection_id)


def _scheme(owner: Connection | Hub) -> Webhook | None:
    return FLOURISH.webhook if isinstance(owner, Hub) else platform_by_key(owner.platform).webhook


def _quiet_for_long(session: Session, owner: Connection | Hub) -> bool:
    """One change may have lost its webhook on the way; after minutes of silence it is no accident."""
    now: datetime = session.execute(select(func.now())).scalar_one()
    return owner.last_delivery_at is None or owner.last_delivery_at < now - _ACCIDENT


def _finding(owner: Connection | Hub, scheme: Webhook, changes: int, zone: ZoneInfo) -> Finding:
    text = f"Polling found {changes} changed meanwhile."
    if isinstance(owner, Hub):
        title, step = _words(FLOURISH.label, scheme.where, owner.last_delivery_at, zone)
        return Finding("flourish_webhook_silent", title, step, text=text)
    title, step = _words(platform_by_key(owner.platform).label, scheme.where, owner.last_delivery_at, zone)
    return Finding("webhook_silent", title, step, text=text)


def _words(label: str, where: str, last: datetime | None, zone: ZoneInfo) -> tuple[str, str]:
    since = f"since {last.astimezone(zone):%b %d, %H:%M %Z}" if last else "yet"
    step = f"Check whether it is still switched on: {where}. Polling brings changes in meanwhile."
    return f"{label} has sent no webhook {since}", step


def _heard_since(session: Session, connection: Connection, owner: Connection | Hub, code: str) -> bool:
    return owner.last_delivery_at is not None and bool(
        session.scalar(
            select(
                exists().where(
                    Problem.subject_id == connection.id,
                    Problem.code == code,
                    Problem.closed_at.is_(None),
                    Problem.opened_at < owner.last_delivery_at,
                )
            )
        )
    )
