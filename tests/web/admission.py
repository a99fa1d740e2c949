"""Grants and invitations as people would leave them, for tests of pages."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.models import Grant, Invitation, User, utc_now
from tests.web.factory import Company


def grant(session: Session, company: Company, agent: User, *, given: bool = False, **more: Any) -> Grant:
    """Make a request for access, or with `given` access that stands."""
    now = utc_now()
    values: dict[str, Any] = {
        "kind": "support",
        "reason": "Order 4F2A-1187 is stuck",
        "ticket": "T-204",
        "minutes": 30,
        "given_at": now if given else None,
        "given_by": "Olivia Owner" if given else None,
        "ends_at": now + timedelta(minutes=30) if given else None,
        **more,
    }
    row = Grant(tenant_id=company.id, agent_id=agent.id, agent_name=agent.name, **values)
    session.add(row)
    session.flush()
    return row


def invitation(session: Session, company: Company, **more: Any) -> Invitation:
    """Make an open invitation."""
    values: dict[str, Any] = {
        "email": f"{secrets.token_hex(6)}@example.com",
        "role": "viewer",
        "token_hash": secrets.token_bytes(32),
        "invited_by": "Olivia Owner",
        "expires_at": utc_now() + timedelta(hours=72),
        **more,
    }
    row = Invitation(tenant_id=company.id, **values)
    session.add(row)
    session.flush()
    return row
