"""What the audit has recorded, for tests of the acts that belong in it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.extensions import Sessions
from portal.models import AuditEvent

# Everybody in a test signs in first.
BUT_SIGN_INS = AuditEvent.action != "signed_in"


def recorded(sessions: Sessions, chain: UUID, *actions: str) -> list[Any]:
    """The rows of a chain, first ones first; of these actions only, if any are named."""
    query = select(AuditEvent.__table__).where(AuditEvent.chain == chain).order_by(AuditEvent.seq)
    if actions:
        query = query.where(AuditEvent.action.in_(actions))
    with sessions.system() as session:
        return list(session.execute(query).all())
