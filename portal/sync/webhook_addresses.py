"""Webhook addresses: where both sides of a connection send their webhooks."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Connection, Hub, Secret
from portal.sync import secrets
from portal.sync.contract import Platform
from portal.sync.engine.desk import Desk
from portal.sync.engine.endpoints import TOKEN_FIELD, webhook_url
from portal.sync.flourish import FLOURISH, Erp
from portal.sync.registry import platform


def addresses(desk: Desk, session: Session, connection: Connection) -> list[tuple[Platform | Erp, str]]:
    """The webhook addresses of both sides, each with the secret that it ends in; a side that sends none, or
    whose secret cannot be opened, is left out."""
    sides: tuple[tuple[Platform | Erp, Connection | Hub], ...] = (
        (platform(connection.platform), connection),
        (FLOURISH, connection.hub),
    )
    tokens = ((one, _token(desk, session, owner)) for one, owner in sides if one.webhook)
    return [(one, webhook_url(desk, one.key, token)) for one, token in tokens if token]


def _token(desk: Desk, session: Session, owner: Connection | Hub) -> str:
    row = session.scalar(select(Secret).where(Secret.owner_id == owner.id, Secret.field == TOKEN_FIELD))
    if row is None:
        return ""
    try:
        return secrets.open_sealed(
            desk.settings.master_keys,
            row.ciphertext,
            tenant_id=str(owner.tenant_id),
            owner_id=str(owner.id),
            field=TOKEN_FIELD,
        )
    except secrets.CannotOpen:
        return ""
