"""The inbox: webhooks as they come in. Verified, kept and marked in one commit; only then answered."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.models import Connection, Delivery, new_id
from portal.sync import journal, queues
from portal.sync.decisions import Finding
from portal.sync.engine import crash, endpoints
from portal.sync.engine.deliveries import Deliveries, Source, kept_headers
from portal.sync.engine.desk import Desk
from portal.sync.engine.endpoints import Endpoint
from portal.sync.errors import Unreadable
from portal.sync.flourish import FLOURISH
from portal.sync.redaction import without_people
from portal.sync.signing import parse_body

# How long a process may use a token's key without asking again; a new key is in force after this at most.
_REMEMBER_SECONDS = 3.0


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
        found = endpoints.find(self._desk, platform, digest)
        if len(self._known) > 1000:
            self._known.clear()
        self._known[platform, digest] = (time.monotonic() + _REMEMBER_SECONDS, found)
        return found

    def refuse(self, endpoint: Endpoint, fault: str) -> None:
        """Count a delivery that does not show what it has to, and keep nothing of it but what is wrong."""
        self._deliveries.refuse(endpoint.source, fault)

    def take(
        self,
        endpoint: Endpoint,
        raw: bytes,
        payload: Mapping[str, Any],
        headers: Mapping[str, str],
        *,
        is_newest: bool = True,
    ) -> None:
        """Keep a verified delivery and mark what it speaks of, in one commit; then ring.

        Args:
            endpoint: where it came in.
            raw: the body as received.
            payload: the body, parsed.
            headers: the request's headers; a few harmless ones are kept.
            is_newest: whether it showed the newest of what it has to show.
        """
        try:
            hint = endpoint.scheme.read(payload)
        except Unreadable as error:
            self.keep_unreadable(endpoint, raw, headers, str(error))
            return
        shown = endpoint.made_at if is_newest else None
        concerned = self._deliveries.keep(endpoint.source, raw, headers, hint, shown=shown)
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
    raw, scheme = delivery.body or b"", endpoints.scheme_of(delivery.platform)
    if scheme is None:
        raise Unreadable("", f"{delivery.platform} sends no webhooks")
    is_hub = delivery.platform == FLOURISH.key
    source = Source(delivery.source_id, delivery.tenant_id, hub_id, delivery.platform, is_hub)
    hint = scheme.read(parse_body(raw))
    with closing(Deliveries(desk.settings.database_url)) as door:
        door.keep(source, raw, delivery.headers, hint, digest=delivery.dedupe_key, arrives=False)


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
            body=without_people(raw),
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
