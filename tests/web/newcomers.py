"""Companies that have nothing yet."""

from __future__ import annotations

import secrets

from portal.extensions import Sessions
from portal.models import Tenant, new_id


def bare(sessions: Sessions, *, name: str = "New Farms", slug: str = "") -> Tenant:
    """Make a tenant without a hub or a connection."""
    slug = slug or f"co-{secrets.token_hex(5)}"
    tenant = Tenant(id=new_id(), slug=slug, name=name, timezone="America/Los_Angeles")
    with sessions.system() as session:
        session.add(tenant)
    return tenant
