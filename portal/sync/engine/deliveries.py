"""Deliveries: a webhook's body is kept and what it speaks of is marked, in one statement.

This is the one busy door of the product: behind it stands whoever may call a webhook as fast as they like.
So it goes past the ORM: one statement, one round trip, one commit.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy.engine import make_url

from portal.extensions import APP_ROLE, CONNECTION_OPTIONS
from portal.models import new_id
from portal.queries import search
from portal.sync.domain import Hint
from portal.sync.engine.marks import PRIORITY, noted_link
from portal.sync.mapping.keys import sku_key
from portal.sync.redaction import without_people

_KEPT_HEADERS = ("Content-Type", "User-Agent", "Content-Length")

# A platform's order: its link is marked, and made when it is new.
_MARK_BY_NUMBER = """
known AS (
    INSERT INTO link (id, tenant_id, connection_id, hub_id, kind, foreign_id, label, priority)
    VALUES (%(link)s, %(tenant)s, %(source)s, %(hub)s, %(kind)s, %(ref)s, %(label)s, %(priority)s)
    ON CONFLICT (connection_id, kind, foreign_id) DO UPDATE
    SET dirty_seq = link.dirty_seq + 1, due_at = LEAST(COALESCE(link.due_at, now()), now())
    RETURNING id, connection_id, false AS stale, xmax = 0 AS is_new
), findable AS (
    INSERT INTO search_term (link_id, tenant_id, kind, term, is_number)
    SELECT known.id, %(tenant)s, %(kind)s, number, true FROM known, unnest(%(numbers)s::text[]) AS number
    WHERE known.is_new
    ON CONFLICT DO NOTHING
)"""

# A Flourish order: the link that has it, or that its note names, unless it was read at this version already.
# An order with the note of a link that has another one, or none yet, lays claim to it.
_MARK_BY_FLOURISH_ID = """
known AS (
    SELECT id, connection_id, flourish_id = %(ref)s AND flourish_version = %(version)s AS stale,
           flourish_id IS DISTINCT FROM %(ref)s AND NOT claimants ? %(ref)s AS claims
    FROM link
    WHERE hub_id = %(hub)s AND kind = %(kind)s
      AND (flourish_id = %(ref)s OR connection_id = %(noted_connection)s AND foreign_id = %(noted_number)s)
    ORDER BY flourish_id = %(ref)s DESC NULLS LAST
    LIMIT 1
), marked AS (
    UPDATE link
    SET dirty_seq = link.dirty_seq + 1, due_at = LEAST(COALESCE(link.due_at, now()), now()),
        claimants = CASE WHEN known.claims THEN claimants || to_jsonb(%(ref)s::text) ELSE claimants END
    FROM known WHERE link.id = known.id AND NOT COALESCE(known.stale, false)
)"""

# Links are locked before anything else is, by what the statement answers with; other updates run last. A look
# has its link first, too, and the connection's row at its end.
# A product: it is to be read, unless the mirror has it as the delivery tells, and its SKU's link is marked.
# One that is not known yet is found by its list, which is due at once.
_MARK_PRODUCT = """
mirrored AS (
    SELECT id, sku_key, version = %(version)s AND %(figures)s <> ''
        AND concat_ws(' ', facts ->> 'quantity', facts ->> 'reserved') = %(figures)s AS stale
    FROM product
    WHERE connection_id = %(source)s AND gone_at IS NULL
      AND (sku_key = %(sku)s OR foreign_id = %(ref)s OR sku_key = (
          SELECT right_key FROM alias
          WHERE connection_id = %(source)s AND key = 'sku' AND left_key = %(sku)s AND undone_at IS NULL
      ))
), told AS (
    UPDATE product SET told = COALESCE(NULLIF(%(version)s, ''), '?')
    FROM mirrored WHERE product.id = mirrored.id AND NOT mirrored.stale
), asked AS (
    UPDATE stream SET due_at = LEAST(due_at, now())
    WHERE source_id = %(source)s AND name = 'products' AND NOT EXISTS (SELECT FROM mirrored)
), locked AS (
    SELECT link.id, link.connection_id, mirrored.stale FROM link JOIN mirrored
      ON link.connection_id = %(source)s AND link.kind = 'item' AND link.foreign_id = mirrored.sku_key
    ORDER BY mirrored.stale, link.id FOR NO KEY UPDATE OF link
), marked AS (
    UPDATE link SET dirty_seq = link.dirty_seq + 1, due_at = LEAST(COALESCE(link.due_at, now()), now()),
        priority = 20
    FROM locked WHERE link.id = locked.id AND NOT locked.stale
), known AS (SELECT * FROM locked LIMIT 1)"""

# A Flourish item or what there is of it: to be read, for every connection of the hub.
_MARK_ITEM = """
mirrored AS (
    SELECT id, flourish_id, NOT %(is_stock)s AND %(version)s <> '' AND version = %(version)s AS stale
    FROM item WHERE hub_id = %(hub)s AND flourish_id = %(ref)s AND gone_at IS NULL
), told AS (
    UPDATE item SET
        told = CASE WHEN %(is_stock)s THEN told ELSE COALESCE(NULLIF(%(version)s, ''), '?') END,
        stock_told = CASE WHEN %(is_stock)s
            THEN COALESCE(NULLIF(%(version)s, ''), '? ' || clock_timestamp()) ELSE stock_told END
    FROM mirrored WHERE item.id = mirrored.id AND NOT mirrored.stale
), asked AS (
    UPDATE stream SET due_at = LEAST(due_at, now())
    WHERE source_id = %(hub)s AND name = 'flourish.items' AND NOT EXISTS (SELECT FROM mirrored)
), locked AS (
    SELECT link.id, link.connection_id, mirrored.stale FROM link JOIN mirrored
      ON link.hub_id = %(hub)s AND link.kind = 'item' AND link.flourish_id = mirrored.flourish_id
    ORDER BY link.id FOR NO KEY UPDATE OF link
), marked AS (
    UPDATE link SET dirty_seq = link.dirty_seq + 1, due_at = LEAST(COALESCE(link.due_at, now()), now()),
        priority = 20
    FROM locked WHERE link.id = locked.id AND NOT locked.stale
), known AS (SELECT * FROM locked LIMIT 1)"""

_MARK_NOTHING = "known AS (SELECT NULL::uuid AS id, NULL::uuid AS connection_id, false AS stale LIMIT 0)"

_KEEP = """
WITH {mark}, kept AS (
    INSERT INTO delivery (id, tenant_id, source_id, platform, dedupe_key, topic, foreign_ref, headers,
                          body, version, link_id, outcome, outcome_text, outcome_at)
    SELECT %(id)s, %(tenant)s, %(source)s, %(platform)s, %(digest)s, %(topic)s, %(ref)s, %(headers)s,
           %(body)s, %(told_at)s, known.id, told.outcome, told.why,
           CASE WHEN told.outcome IS NOT NULL THEN now() END
    FROM (SELECT) AS one
    LEFT JOIN known ON true
    CROSS JOIN LATERAL (
        SELECT CASE WHEN known.id IS NULL THEN 'ignored' WHEN known.stale THEN 'stale' END AS outcome,
               CASE WHEN known.id IS NULL THEN %(ignored)s
                    WHEN known.stale THEN 'It was read at this very version already.' END AS why
    ) AS told
    ON CONFLICT (source_id, dedupe_key) DO UPDATE SET
        repeats = delivery.repeats + CASE WHEN %(arrives)s THEN 1 ELSE 0 END,
        -- One that a person has taken in again gets another outcome.
        link_id = CASE WHEN %(arrives)s THEN delivery.link_id
            ELSE COALESCE(EXCLUDED.link_id, delivery.link_id) END,
        outcome = CASE WHEN %(arrives)s THEN delivery.outcome ELSE EXCLUDED.outcome END,
        outcome_text = CASE WHEN %(arrives)s THEN delivery.outcome_text ELSE EXCLUDED.outcome_text END,
        outcome_at = CASE WHEN %(arrives)s THEN delivery.outcome_at ELSE EXCLUDED.outcome_at END
), noted AS (
    -- To a few seconds: exact, every delivery would queue for this one row.
    UPDATE {source} SET last_delivery_at = now(){shown}
    WHERE id = %(source)s AND %(arrives)s
      AND (last_delivery_at IS NULL OR last_delivery_at < now() - interval '3 seconds'{shows_more})
)
SELECT connection_id FROM known WHERE NOT COALESCE(stale, false)
"""

_CONNECTION = {"source": "connection", "shown": "", "shows_more": ""}
# A hub also notes when the newest was made that a delivery has shown; what was before changes nothing.
_HUB = {
    "source": "hub",
    "shown": ", shown_made_at = GREATEST(shown_made_at, %(shown)s::timestamptz)",
    "shows_more": " OR shown_made_at IS DISTINCT FROM GREATEST(shown_made_at, %(shown)s::timestamptz)",
}
_FROM_PLATFORM = _KEEP.format(mark=_MARK_BY_NUMBER, **_CONNECTION)
_OF_PRODUCT = _KEEP.format(mark=_MARK_PRODUCT, **_CONNECTION)
_OF_ITEM = _KEEP.format(mark=_MARK_ITEM, **_HUB)
_FROM_FLOURISH = _KEEP.format(mark=_MARK_BY_FLOURISH_ID, **_HUB)
_OF_NO_LINK = {
    False: _KEEP.format(mark=_MARK_NOTHING, **_CONNECTION),
    True: _KEEP.format(mark=_MARK_NOTHING, **_HUB),
}
_COUNT_REFUSED = """
UPDATE {source} SET refused_deliveries = refused_deliveries + 1, last_refused_at = now(),
    last_refusal = %(fault)s
WHERE id = %(source)s
"""
_REFUSE = {False: _COUNT_REFUSED.format(source="connection"), True: _COUNT_REFUSED.format(source="hub")}
_ENTER = "SELECT set_config('app.tenant', %s, false)"
_OPTIONS = f"{CONNECTION_OPTIONS} -c role={APP_ROLE}"


@dataclass(frozen=True)
class Source:
    """Whose delivery it is: a connection's, or a hub's."""

    id: UUID
    tenant_id: UUID
    hub_id: UUID
    platform: str
    is_hub: bool


class Deliveries:
    """Keeps deliveries, over one connection for each thread."""

    def __init__(self, database_url: str) -> None:
        self._url = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._mine = threading.local()
        self._open: list[psycopg.Connection] = []

    def close(self) -> None:
        """End the connections of all threads."""
        while self._open:
            self._open.pop().close()

    def keep(
        self,
        source: Source,
        raw: bytes,
        headers: Mapping[str, str],
        hint: Hint,
        *,
        digest: bytes = b"",
        arrives: bool = True,
        shown: datetime | None = None,
    ) -> set[UUID]:
        """Keep a delivery, once per body, and mark the links that its hint concerns. Of a body that is of a
        person, what says who it is is not kept.

        Args:
            source: whose it is.
            raw: the body.
            headers: the request's; a few harmless ones are kept.
            hint: what it tells of.
            digest: by what it is known, where that is not its body's as it is now.
            arrives: a webhook brought it; else a person has it taken in again, which proves nothing of the
                webhook and gives it a new outcome.
            shown: when what it showed was made, where that is the newest of its kind; else None.

        Returns:
            The connections that have something to look at.

        Raises:
            psycopg.OperationalError: the database is away; nothing was kept.
        """
        parameters = _parameters(source, raw, headers, hint) | {"arrives": arrives, "shown": shown}
        if digest:
            parameters["digest"] = digest
        return {row[0] for row in self._run(source, _statement(source, hint), parameters)}

    def refuse(self, source: Source, fault: str) -> None:
        """Count a delivery that is not believed.

        Args:
            source: where it came in.
            fault: what it should have shown, as a clause for people.

        Raises:
            psycopg.OperationalError: the database is away.
        """
        self._run(source, _REFUSE[source.is_hub], {"source": source.id, "fault": fault})

    def _run(self, source: Source, statement: str, parameters: Mapping[str, object]) -> psycopg.Cursor:
        connection = self._connection()
        try:
            self._enter(connection, source.tenant_id)
            return connection.execute(statement, parameters)
        except psycopg.OperationalError:
            connection.close()
            self._open.remove(connection)
            raise

    def _enter(self, connection: psycopg.Connection, tenant_id: UUID) -> None:
        """Set the tenant for what follows on this connection, which nobody else uses."""
        if self._mine.tenant_id != tenant_id:
            connection.execute(_ENTER, (str(tenant_id),))
            self._mine.tenant_id = tenant_id

    def _connection(self) -> psycopg.Connection:
        connection: psycopg.Connection | None = getattr(self._mine, "connection", None)
        if connection is None or connection.closed:
            connection = psycopg.connect(self._url, autocommit=True, connect_timeout=5, options=_OPTIONS)
            self._open.append(connection)
            self._mine.connection, self._mine.tenant_id = connection, None
        return connection


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Those headers of a request that are harmless to keep."""
    # No server lets a NUL through, and no database takes one.
    return {name: headers[name][:200].replace("\x00", "") for name in _KEPT_HEADERS if name in headers}


def _statement(source: Source, hint: Hint) -> str:
    if hint.kind == "item" and hint.ref:
        return _OF_ITEM if source.is_hub else _OF_PRODUCT
    if hint.kind != "order" or not hint.ref:
        return _OF_NO_LINK[source.is_hub]
    return _FROM_FLOURISH if source.is_hub else _FROM_PLATFORM


def _parameters(source: Source, raw: bytes, headers: Mapping[str, str], hint: Hint) -> dict[str, object]:
    noted_connection, noted_number = noted_link(hint)
    return {
        "id": new_id(),
        "link": new_id(),
        "tenant": source.tenant_id,
        "source": source.id,
        "hub": source.hub_id,
        "platform": source.platform,
        "kind": hint.kind,
        "ref": hint.ref[:200],
        "label": hint.label[:200],
        "numbers": sorted(search.keys((hint.ref[:200], hint.label[:200]))),
        "topic": hint.topic[:100],
        "priority": PRIORITY.get(hint.kind, 0),
        "version": hint.updated_at.isoformat() if hint.updated_at else "",
        "figures": hint.figures,
        "sku": sku_key(hint.ref),
        "is_stock": hint.is_stock,
        "told_at": hint.updated_at,
        "noted_connection": noted_connection,
        "noted_number": noted_number,
        "digest": hashlib.sha256(raw).digest(),
        "headers": Jsonb(kept_headers(headers)),
        "body": without_people(raw),
        "ignored": _why_ignored(hint),
    }


def _why_ignored(hint: Hint) -> str:
    """What becomes of a delivery that no link answers for."""
    if hint.kind == "order" and hint.ref:
        return "Not ours: no order of this company's connections has this id."
    if hint.kind == "item" and hint.ref:
        return "Nothing here is linked to it yet; where the catalogue is synced, its list is read now."
    return f"Trellis does not sync {hint.topic or 'this'} yet."
