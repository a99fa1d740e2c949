"""The inbox: webhooks as they come in. Verified, kept and marked in one commit; only then answered."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.models import Connection, Delivery, Hub, new_id
from portal.sync import journal, queues
from portal.sync.contract import WebhookScheme
from portal.sync.domain import Finding, Hint
from portal.sync.engine import marks
from portal.sync.engine.accounts import credentials
from portal.sync.engine.desk import Desk
from portal.sync.engine.gate import may_take_deliveries
from portal.sync.errors import Unreadable
from portal.sync.flourish import FLOURISH
from portal.sync.registry import UnknownPlatform
from portal.sync.registry import platform as platform_by_key

FLOURISH_KEY = "flourish"
# How long a process may use a token's key without asking again; a new key is in force after this at most.
_REMEMBER_SECONDS = 3.0
_KEPT_HEADERS = ("Content-Type", "User-Agent", "Content-Length")


@dataclass(frozen=True)
class Endpoint:
    """What stands behind a webhook's token: whose it is, and how its signature is checked."""

    source_id: UUID
    tenant_id: UUID
    hub_id: UUID
    platform: str
    scheme: WebhookScheme
    signing_key: str
    open: bool

    @property
    def is_hub(self) -> bool:
        """Whether it is a hub's endpoint, which serves every connection on it."""
        return self.platform == FLOURISH_KEY


class Inbox:
    """Takes webhooks in for one process."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[tuple[str, bytes], tuple[float, Endpoint | None]] = {}

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
        try:
            scheme = FLOURISH.webhook if platform == FLOURISH_KEY else platform_by_key(platform).webhook
        except UnknownPlatform:
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
            return Endpoint(
                source_id=owner.id,
                tenant_id=owner.tenant_id,
                hub_id=owner.hub_id if isinstance(owner, Connection) else owner.id,
                platform=platform,
                scheme=scheme,
                signing_key=credentials(self._desk, session, owner).get(scheme.key_field, ""),
                open=may_take_deliveries(owner.state),
            )

    def refuse(self, endpoint: Endpoint) -> None:
        """Count a delivery whose signature is wrong; nothing of it is kept."""
        table = Hub if endpoint.is_hub else Connection
        with self._desk.sessions.system() as session:
            session.execute(
                update(table)
                .where(table.id == endpoint.source_id)
                .values(refused_deliveries=table.refused_deliveries + 1, last_refused_at=func.now())
                .execution_options(synchronize_session=False)
            )

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
            hint = _hint(endpoint, payload)
        except Unreadable as error:
            self.keep_unreadable(endpoint, raw, headers, str(error))
            return
        with self._desk.tenant(endpoint.tenant_id) as session:
            concern = _mark(session, endpoint, hint)
            _keep(session, endpoint, raw, headers, hint, concern)
        for connection_id in {connection_id for _, connection_id in concern.marked}:
            queues.ring(self._desk.redis, connection_id)

    def keep_unreadable(
        self, endpoint: Endpoint, raw: bytes, headers: Mapping[str, str], reason: str
    ) -> None:
        """Keep a signed body that cannot be read, with a problem that says so."""
        with self._desk.tenant(endpoint.tenant_id) as session:
            delivery_id = _keep(session, endpoint, raw, headers, Hint("", "", "unreadable"), _Concern())
            if delivery_id is None:
                return
            connection = session.scalars(
                select(Connection).where(
                    (Connection.id == endpoint.source_id) | (Connection.hub_id == endpoint.source_id)
                )
            ).first()
            if connection is not None:
                finding = Finding(
                    "unreadable_webhook",
                    f"A signed webhook from {endpoint.platform} could not be read: {reason}",
                    "Nothing is lost: polling finds the change. If it goes on, send this to support.",
                    who="support",
                )
                journal.report(session, connection, (finding,), subject_id=delivery_id)
                journal.log(session, connection, "stuck", finding.title)


def _hint(endpoint: Endpoint, payload: Mapping[str, Any]) -> Hint:
    if endpoint.is_hub:
        return FLOURISH.read_webhook(payload)
    return platform_by_key(endpoint.platform).read_webhook(payload)


@dataclass(frozen=True)
class _Concern:
    """Whom a hint concerns: pairs of link id and connection id that were marked, or the link that was read
    at this very version already."""

    marked: Sequence[tuple[UUID, UUID]] = ()
    seen: UUID | None = None

    @property
    def link_id(self) -> UUID | None:
        return self.marked[0][0] if self.marked else self.seen


def _mark(session: Session, endpoint: Endpoint, hint: Hint) -> _Concern:
    """Mark the links that a hint concerns."""
    if hint.kind != "order" or not hint.ref:
        return _Concern()
    if not endpoint.is_hub:
        connection = session.get_one(Connection, endpoint.source_id)
        return _Concern([(marks.mark(session, connection, hint), connection.id)])
    marked = marks.mark_flourish(session, endpoint.hub_id, hint)
    seen = None if marked else marks.linked_to(session, endpoint.hub_id, hint)
    return _Concern(marked, seen) if marked or seen else _Concern(marks.mark_by_note(session, hint))


def _keep(
    session: Session,
    endpoint: Endpoint,
    raw: bytes,
    headers: Mapping[str, str],
    hint: Hint,
    concern: _Concern,
) -> UUID | None:
    """Insert the delivery, once per body; None when it was there already."""
    outcome = _immediate_outcome(hint, concern)
    row = session.execute(
        insert(Delivery)
        .values(
            id=new_id(),
            tenant_id=endpoint.tenant_id,
            source_id=endpoint.source_id,
            platform=endpoint.platform,
            dedupe_key=hashlib.sha256(raw).digest(),
            topic=hint.topic[:100],
            foreign_ref=hint.ref[:200],
            headers={name: headers[name][:200] for name in _KEPT_HEADERS if name in headers},
            body=raw,
            link_id=concern.link_id,
            outcome=outcome[0],
            outcome_text=outcome[1],
            outcome_at=func.now() if outcome[0] else None,
        )
        .on_conflict_do_update(
            index_elements=[Delivery.source_id, Delivery.dedupe_key],
            set_={"repeats": Delivery.repeats + 1},
        )
        .returning(Delivery.id, Delivery.repeats)
    ).one()
    _note_arrival(session, endpoint)
    return row.id if row.repeats == 0 else None


def _note_arrival(session: Session, endpoint: Endpoint) -> None:
    """Remember when the last delivery came, to a few seconds: exact, each would queue for one row."""
    table = Hub if endpoint.is_hub else Connection
    stale = func.now() - timedelta(seconds=_REMEMBER_SECONDS)
    session.execute(
        update(table)
        .where(
            table.id == endpoint.source_id,
            or_(table.last_delivery_at.is_(None), table.last_delivery_at < stale),
        )
        .values(last_delivery_at=func.now())
        .execution_options(synchronize_session=False)
    )


def _immediate_outcome(hint: Hint, concern: _Concern) -> tuple[str | None, str | None]:
    """What became of a delivery that no link will answer for."""
    if hint.topic == "unreadable":
        return "problem", "It could not be read."
    if concern.marked:
        return None, None
    if concern.seen:
        return "stale", "Nothing new: it was read at this very version already."
    if hint.kind == "order":
        return "ignored", "Not ours: no order of this company's connections has this id."
    return "ignored", f"Trellis does not sync {hint.topic or 'this'} yet."
