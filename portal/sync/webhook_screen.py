"""What Flourish's screen for a webhook endpoint is to be given (OR-3): address, signing key, two headers, and
the events to tick. Key and headers are made anew here, and those of before are taken beside them for a while.
"""

from __future__ import annotations

import secrets as randomness
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from portal.models import Connection, Hub, Secret, utc_now
from portal.sync import audit, sealed
from portal.sync.engine.accounts import credentials
from portal.sync.engine.desk import Desk
from portal.sync.engine.endpoints import PROOF_FIELDS, TOKEN_FIELD, before, overlaps, webhook_url
from portal.sync.flourish import FLOURISH
from portal.sync.registry import PLATFORMS
from portal.sync.registry import platform as platform_by_key

# How long those of before are taken: somebody has to enter the new ones in Flourish, after a weekend too.
OVERLAP = timedelta(days=7)
_BEFORE_FIELDS = tuple(before(field) for field in PROOF_FIELDS)


@dataclass(frozen=True)
class Screen:
    """The fields of the screen, in its order. What is empty is not known here, or was never made."""

    url: str
    signing_key: str
    headers: Mapping[str, str]


def new_proof(key: str = "") -> dict[str, str]:
    """Make what a delivery has to show, by field: a signing key, unless there is one, and header values."""
    headers = {field: randomness.token_urlsafe(24) for field in FLOURISH.webhook.pairs.values()}
    return {FLOURISH.webhook.key_field: key or randomness.token_hex(32), **headers}


def as_headers(values: Mapping[str, str]) -> dict[str, str]:
    """The headers by name, of values by field; without those that were never made."""
    pairs = FLOURISH.webhook.pairs.items()
    return {name: values[field] for name, field in pairs if values.get(field)}


def screen(desk: Desk, session: Session, hub: Hub) -> Screen:
    """Read what a hub's screen is to be given, secrets and all: for somebody who just proved who they are.

    Raises:
        secrets.CannotOpen: a secret cannot be opened.
    """
    stored = credentials(desk, session, hub)
    token = stored.get(TOKEN_FIELD, "")
    return Screen(
        url=webhook_url(desk, FLOURISH.key, token) if token else "",
        signing_key=stored.get(FLOURISH.webhook.key_field, ""),
        headers=as_headers(stored),
    )


def events(platforms: Iterable[str]) -> tuple[str, ...]:
    """What is to be ticked for these platforms, in the screen's words; without any, what each might need.

    Args:
        platforms: the keys of those that the hub feeds.
    """
    fed = [platform_by_key(key) for key in platforms] or list(PLATFORMS.values())
    needed = {event for one in fed for event in one.flourish_events}
    return tuple(event for event in FLOURISH.events if event in needed)


def fed_by(session: Session, hub_id: UUID) -> tuple[str, ...]:
    """The keys of the platforms that a hub feeds or is about to."""
    query = select(Connection.platform).where(Connection.hub_id == hub_id, Connection.state != "disconnected")
    return tuple(session.scalars(query.distinct()))


def renew(desk: Desk, session: Session, hub: Hub, *, actor: audit.Actor) -> None:
    """Make a new signing key and new headers. Those of before, or their absence, are taken beside them for a
    while; while they are, only the new ones are replaced.

    Raises:
        secrets.CannotOpen: one of before cannot be opened, so it could not be taken beside the new one.
    """
    session.refresh(hub, with_for_update={"key_share": True})
    made = new_proof()
    if not overlaps(hub):
        stored = credentials(desk, session, hub)
        # A header that was never made is kept as an empty one: it may be missing while that is taken.
        made |= {before(field): stored.get(field, "") for field in PROOF_FIELDS}
    _forget(session, hub.id, made)
    keys = desk.settings.master_keys
    for field, plain in made.items():
        session.add(
            sealed.secret(
                keys, plain, tenant_id=hub.tenant_id, owner_id=hub.id, field=field, set_by=actor.name
            )
        )
    hub.overlap_until = utc_now() + OVERLAP
    _record(desk, session, "hub.webhook_renewed", hub, actor)


def end_overlap(desk: Desk, session: Session, hub: Hub, *, actor: audit.Actor) -> None:
    """Take those of before no longer."""
    hub.overlap_until = None
    _forget(session, hub.id, _BEFORE_FIELDS)
    _record(desk, session, "hub.overlap_ended", hub, actor)


def forget_overlaps(session: Session) -> int:
    """Forget what was shown before and is not taken any more; return how many secrets.

    Args:
        session: a session inside the tenant.
    """
    over = select(Hub.id).where(or_(Hub.overlap_until.is_(None), Hub.overlap_until < utc_now()))
    forgotten = session.execute(
        delete(Secret)
        .where(Secret.owner_id.in_(over), Secret.field.in_(_BEFORE_FIELDS))
        .returning(Secret.id)
        .execution_options(synchronize_session=False)
    )
    return len(forgotten.all())


def _forget(session: Session, hub_id: UUID, fields: Iterable[str]) -> None:
    session.execute(
        delete(Secret)
        .where(Secret.owner_id == hub_id, Secret.field.in_(tuple(fields)))
        .execution_options(synchronize_session=False)
    )


def _record(desk: Desk, session: Session, action: str, hub: Hub, actor: audit.Actor) -> None:
    keys = desk.settings.master_keys
    audit.record(session, keys, hub.tenant_id, action, actor=actor, subject=audit.account(hub))
