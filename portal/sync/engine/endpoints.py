"""Endpoints: what stands behind a webhook's address, and what a delivery there has to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import Connection, Hub, Secret, utc_now
from portal.sync.contract import Webhook
from portal.sync.engine.accounts import credentials
from portal.sync.engine.deliveries import Source
from portal.sync.engine.desk import Desk
from portal.sync.engine.gate import may_take_deliveries
from portal.sync.flourish import FLOURISH
from portal.sync.registry import UnknownPlatform
from portal.sync.registry import platform as platform_by_key
from portal.sync.signing import Proof

# The secret under which a webhook's token is kept, so that its address can be shown again to admins.
TOKEN_FIELD = "webhook_token"  # noqa: S105 - a field's name, not its value
# What a hub's deliveries have to show, by the fields of its secrets.
PROOF_FIELDS = (FLOURISH.webhook.key_field, *FLOURISH.webhook.pairs.values())


@dataclass(frozen=True)
class Endpoint:
    """What stands behind a webhook's token: whose it is, and how it is told who sends.

    `made_at` is when the newest of what has to be shown was made; None where nobody asks.
    """

    source: Source
    scheme: Webhook
    proof: Proof
    made_at: datetime | None
    open: bool


def before(field: str) -> str:
    """The field in which a secret is kept that another one has replaced, for as long as both are taken."""
    return f"{field}_before"


def webhook_url(desk: Desk, platform: str, token: str) -> str:
    """The address that the other side sends its webhooks to."""
    return f"{desk.settings.public_url}/webhooks/{platform}/{token}"


def overlaps(hub: Hub) -> bool:
    """Whether what was shown before is still taken."""
    return hub.overlap_until is not None and hub.overlap_until > utc_now()


def made_at(session: Session, hub_id: UUID) -> datetime | None:
    """When the newest was made of what a hub's deliveries have to show."""
    query = select(func.max(Secret.set_at)).where(Secret.owner_id == hub_id, Secret.field.in_(PROOF_FIELDS))
    return session.scalar(query)


def scheme_of(platform: str) -> Webhook | None:
    """How webhooks that come in under a platform's name are checked and read; None where none are sent."""
    try:
        return FLOURISH.webhook if platform == FLOURISH.key else platform_by_key(platform).webhook
    except UnknownPlatform:
        return None


def find(desk: Desk, platform: str, digest: bytes) -> Endpoint | None:
    """Find what a token stands for by its digest; None for an unknown one."""
    scheme = scheme_of(platform)
    if scheme is None:
        return None
    table: type[Hub] | type[Connection] = Hub if platform == FLOURISH.key else Connection
    with desk.sessions.system() as session:
        row = session.execute(
            select(table.id, table.tenant_id).where(table.webhook_token_hash == digest)
        ).first()
    if row is None:
        return None
    with desk.tenant(row.tenant_id) as session:
        owner: Hub | Connection = (
            session.get_one(Hub, row.id) if platform == FLOURISH.key else session.get_one(Connection, row.id)
        )
        if isinstance(owner, Connection) and owner.platform != platform:
            return None
        return _endpoint(desk, session, owner, scheme)


def _endpoint(desk: Desk, session: Session, owner: Hub | Connection, scheme: Webhook) -> Endpoint:
    hub = owner if isinstance(owner, Hub) else None
    hub_id, platform = (
        (owner.hub_id, owner.platform) if isinstance(owner, Connection) else (owner.id, FLOURISH.key)
    )
    stored = credentials(desk, session, owner)
    return Endpoint(
        source=Source(owner.id, owner.tenant_id, hub_id, platform, hub is not None),
        scheme=scheme,
        proof=proof_of(scheme, stored, with_before=hub is not None and overlaps(hub)),
        made_at=made_at(session, hub.id) if hub else None,
        open=may_take_deliveries(owner.state),
    )


def proof_of(scheme: Webhook, stored: Mapping[str, str], *, with_before: bool) -> Proof:
    """What a delivery has to show. A header whose value was never made is not asked for.

    Args:
        scheme: as declared.
        stored: the owner's secrets by field.
        with_before: whether those of before are taken, too.
    """

    def in_force(field: str) -> tuple[str, ...]:
        fields = (field, before(field)) if with_before else (field,)
        return tuple(stored[one] for one in fields if one in stored)

    pairs = {name: in_force(field) for name, field in scheme.pairs.items() if stored.get(field)}
    return Proof(scheme, tuple(key for key in in_force(scheme.key_field) if key), pairs)
