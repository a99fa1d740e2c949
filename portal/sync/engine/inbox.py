"""The inbox: webhooks as they come in. Verified, kept and marked in one commit; only then answered."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.models import Connection, Delivery, Hub, new_id
from portal.sync import journal, queues
from portal.sync.contract import Webhook
from portal.sync.decisions import Finding
from portal.sync.engine import crash
from portal.sync.engine.accounts import credentials
from portal.sync.engine.deliveries import Deliveries, Source, kept_headers
from portal.sync.engine.desk import Desk
from portal.sync.engine.gate import may_take_deliveries
from portal.sync.errors import Unreadable
from portal.sync.flourish import FLOURISH
from portal.sync.registry import UnknownPlatform
from portal.sync.registry import platform as platform_by_key
from portal.sync.signing import parse_body

FLOURISH_KEY = "flourish"
# How long a process may use a token's key without asking again; a new key is in force after this at most.
_REMEMBER_SECONDS = 3.0


@dataclass(frozen=True)
class Endpoint:
    """What stands behind a webhook's token: whose it is, and how its signature is checked."""

    source: Source
    scheme: Webhook
    signing_key: str
    open: bool


class Inbox:
    """Takes webhooks in for one process."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._deliveries = Deliveries(desk.settings.database_url)
        self._ringer = queues.Ringer(desk.redis)
        self._known: dict[tuple[str, bytes], tuple[float, Endpoint | None]] = {}

    def close(self) -> None:
        """End this inbox's own connections and its thread."""
        self._ringer.close()
        self._deliveries.close()

    def endpoint(self, platform: str, token: str) -> Endpoint | None:
        """Find what a token stands for; None for an unknown one. The token itself is never stored."""
        digest = hashlib.sha256(token.encode()).digest()
        remembered = self._known.get((platform, digest))
        if remembered and remembered[0] > time.monotonic():
            return remembered[1]
        found = self._find(platform, digest)
        if len(self._known) > 1000:
            self._known.clear()
        self._known[platform, digest] = (time.monotonic() + _REMEMBER_SECONDS, found)
        return found

    def _find(self, platform: str, digest: bytes) -> Endpoint | None:
        scheme = _scheme(platform)
        if scheme is None:
            return None
        table: type[Hub] | type[Connection] = Hub if platform == FLOURISH_KEY else Connection
        with self._desk.sessions.system() as session:
            row = session.execute(
                select(table.id, table.tenant_id).where(table.webhook_token_hash == digest)
            ).first()
        if row is None:
            return None
        with self._desk.tenant(row.tenant_id) as session:
            owner: Hub | Connection = (
                session.get_one(Hub, row.id)
                if platform == FLOURISH_KEY
                else session.get_one(Connection, row.id)
            )
            if isinstance(owner, Connection) and owner.platform != platform:
                return None
            hub_id = owner.hub_id if isinstance(owner, Connection) else owner.id
            return Endpoint(
                source=Source(owner.id, owner.tenant_id, hub_id, platform, platform == FLOURISH_KEY),
                scheme=scheme,
                signing_key=credentials(self._desk, session, owner).get(scheme.key_field, ""),
                open=may_take_deliveries(owner.state),
            )

    def refuse(self, endpoint: Endpoint) -> None:
        """Count a delivery whose signature is wrong; nothing of it is kept."""
        self._deliveries.refuse(endpoint.source)

    def take(
        self, endpoint: Endpoint, raw: bytes, payload: Mapping[str, Any], headers: Mapping[str, str]
    ) -> None:
        """Keep a verified delivery and mark what it speaks of, in one commit; then ring.

        Args:
            endpoint: where it came in.
            raw: the body as received.
            payload: the body, parsed.
            headers: the request's headers; a few harmless ones are kept.
        """
        try:
            hint = endpoint.scheme.read(payload)
        except Unreadable as error:
            self.keep_unreadable(endpoint, raw, headers, str(error))
            return
        concerned = self._deliveries.keep(endpoint.source, raw, headers, hint)
        crash.point("kept")
        if concerned:
            self._ringer.ring()

    def keep_unreadable(
        self, endpoint: Endpoint, raw: bytes, headers: Mapping[str, str], reason: str
    ) -> None:
        """Keep a signed body that cannot be read, with a problem that says so."""
        source = endpoint.source
        with self._desk.tenant(source.tenant_id) as session:
            delivery_id = _keep_unreadable(session, source, raw, headers)
            connection = session.scalars(
                select(Connection).where((Connection.id == source.id) | (Connection.hub_id == source.id))
            ).first()
            if delivery_id is None or connection is None:
                return
            finding = Finding(
                "unreadable_webhook",
                f"A signed webhook from {source.platform} could not be read: {reason}",
                "Nothing is lost: polling finds the change. If it goes on, send this to support.",
                who="support",
            )
            journal.report(session, connection, (finding,), subject_id=delivery_id)
            journal.log(session, connection, "stuck", finding.title)


def take_again(desk: Desk, delivery: Delivery, hub_id: UUID) -> None:
    """Take a kept delivery in again, as a person asked: what it speaks of is marked, however often.

    Args:
        desk: what to work with.
        delivery: one whose body is kept.
        hub_id: the hub that it came to, or whose connection it came to.

    Raises:
        Unreadable, BadBody: it still cannot be read.
    """
    raw, scheme = delivery.body or b"", _scheme(delivery.platform)
    if scheme is None:
        raise Unreadable("", f"{delivery.platform} sends no webhooks")
    is_hub = delivery.platform == FLOURISH_KEY
    source = Source(delivery.source_id, delivery.tenant_id, hub_id, delivery.platform, is_hub)
    hint = scheme.read(parse_body(raw))
    with closing(Deliveries(desk.settings.database_url)) as door:
        door.keep(source, raw, delivery.headers, hint, arrives=False)


def _keep_unreadable(session: Session, source: Source, raw: bytes, headers: Mapping[str, str]) -> UUID | None:
    """Insert the delivery, once per body; None when it was there already."""
    statement = (
        insert(Delivery)
        .values(
            id=new_id(),
            tenant_id=source.tenant_id,
            source_id=source.id,
            platform=source.platform,
            dedupe_key=hashlib.sha256(raw).digest(),
            topic="unreadable",
            foreign_ref="",
            headers=kept_headers(headers),
            body=raw,
            outcome="problem",
            outcome_text="It could not be read.",
            outcome_at=func.now(),
        )
        .on_conflict_do_update(
            index_elements=[Delivery.source_id, Delivery.dedupe_key],
            set_={"repeats": Delivery.repeats + 1},
        )
        .returning(Delivery.id, Delivery.repeats)
    )
    row = session.execute(statement).one()
    return row.id if row.repeats == 0 else None


def _scheme(platform: str) -> Webhook | None:
    """How webhooks that come in under a platform's name are checked and read; None where none are sent."""
    try:
        return FLOURISH.webhook if platform == FLOURISH_KEY else platform_by_key(platform).webhook
    except UnknownPlatform:
        return None
