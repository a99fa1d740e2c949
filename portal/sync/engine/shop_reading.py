"""What a shop asks of items beside the lists: labs of their lots, and prices of their variations.

It is read with the lists, in pieces, and only where it is due: a change of a few items costs a few calls.
Each piece is kept at once, so that a pull which is broken off goes on behind it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from portal.models import Connection, Stream
from portal.sync.engine import mirror
from portal.sync.engine.accounts import catalogue_rules_of, stock_facilities
from portal.sync.engine.bulk import copy_in
from portal.sync.engine.desk import Desk
from portal.sync.engine.readings import lists_begun
from portal.sync.flourish.retail_client import RetailClient
from portal.sync.mapping.facts import plain_value
from portal.sync.mapping.shop_facts import lab_facts
from portal.sync.mapping.shop_stock import TOO_OLD
from portal.sync.registry import platform as platform_by_key

# What is asked for between two commits: lots are asked for by fifty, variations one item after the other.
_LOTS, _ITEMS = 200, 25
# The part of a pull of items in which those are noted whose variations have another price now.
_PART = "variations"

IsOver = Callable[[], bool]


def is_asked_by(connection: Connection) -> bool:
    """Whether a connection is of a shop, and knows of which facility."""
    platform = platform_by_key(connection.platform)
    if platform.catalogue is None or connection.facility is None:
        return False
    return catalogue_rules_of(connection, platform).is_shop


def is_behind(session: Session, connection: Connection) -> bool:
    """Whether the lists of a shop's stock are so old that it may hide what they say."""
    if not is_asked_by(connection):
        return False
    begun = lists_begun(session, connection.hub_id)
    now: datetime = session.execute(select(func.now())).scalar_one()
    moments = [begun.get(facility) for facility in stock_facilities(connection)]
    return any(moment is None or now - moment > TOO_OLD for moment in moments)


# Lots of which there is something. A test that is missing may come any hour; a known one changes rarely.
_DUE_LABS = text(
    """
    SELECT item.id, lot.key AS lot
    FROM item, jsonb_each(item.lots) AS place, jsonb_each_text(place.value) AS lot
    WHERE item.hub_id = :hub AND item.gone_at IS NULL AND item.active AND item.ecommerce
      AND item.shop ->> 'is_sellable' = 'true' AND place.key = ANY(:facilities)
      AND lot.key <> '' AND lot.value::numeric > 0
      AND COALESCE((item.labs -> lot.key ->> 'read_at')::timestamptz < now() - CASE
          WHEN item.labs -> lot.key -> 'results' = '[]' THEN interval '1 hour' ELSE interval '1 day'
      END, true)
    ORDER BY item.id, lot.key LIMIT :most
    """
).bindparams(bindparam("facilities", type_=ARRAY(Text)))
# What is known of lots of which nothing is left goes.
_STORE_LABS = """
UPDATE item SET
    labs = COALESCE((
        SELECT jsonb_object_agg(old.key, old.value) FROM jsonb_each(item.labs) AS old
        WHERE EXISTS (SELECT FROM jsonb_each(item.lots) AS place WHERE place.value ? old.key)
    ), '{}') || incoming.labs,
    revision = item.revision + EXISTS (
        SELECT FROM jsonb_each(incoming.labs) AS new
        WHERE item.labs -> new.key -> 'results' IS DISTINCT FROM new.value -> 'results'
    )::int
FROM incoming_labs AS incoming WHERE item.id = incoming.id
"""


@dataclass(frozen=True)
class Labs:
    """Reads what labs found in the lots that there is something of.

    Args:
        client: Flourish's retail side.
        facilities: those whose lots count.
    """

    client: RetailClient
    facilities: Sequence[str]

    def read(self, desk: Desk, stream: Stream, is_over: IsOver) -> bool:
        """Read those that are due; False when the time was over before all were."""
        values = {"hub": stream.hub_id, "facilities": list(self.facilities), "most": _LOTS}
        while True:
            with desk.tenant(stream.tenant_id) as session:
                due = session.execute(_DUE_LABS, values).all()
                now: datetime = session.execute(select(func.now())).scalar_one()
            if not due:
                return True
            found: dict[str, list[dict[str, Any]]] = defaultdict(list)
            for result in self.client.labs(sorted({row.lot for row in due})):
                found[result.lot].append(lab_facts(result))
            kept: dict[UUID, dict[str, Any]] = defaultdict(dict)
            for row in due:
                kept[row.id][row.lot] = {"read_at": now.isoformat(), "results": found.get(row.lot, [])}
            with desk.tenant(stream.tenant_id) as session:
                copy_in(session, "incoming_labs", {"id": "uuid", "labs": "jsonb"}, kept.items()).execute(
                    _STORE_LABS
                )
            if is_over():
                return False


_DUE_PRICES = text(
    """
    SELECT id, flourish_id, version FROM item
    WHERE hub_id = :hub AND gone_at IS NULL AND active AND ecommerce AND shop ->> 'is_sellable' = 'true'
      AND facts ->> 'price' IS NULL
      AND (variation IS NULL OR variation ->> 'of' <> version
           OR (variation ->> 'read_at')::timestamptz < now() - interval '1 day')
    ORDER BY id LIMIT :most
    """
)
_STORE_PRICES = """
UPDATE item SET variation = incoming.variation, revision = item.revision + 1
FROM incoming_variations AS incoming
WHERE item.id = incoming.id
RETURNING item.flourish_id
"""


@dataclass(frozen=True)
class Variations:
    """Reads the cheapest variation of items that have no price of their own.

    Args:
        client: Flourish's retail side.
    """

    client: RetailClient

    def read(self, desk: Desk, stream: Stream, is_over: IsOver) -> bool:
        """Read those that are due; False when the time was over before all were."""
        while True:
            with desk.tenant(stream.tenant_id) as session:
                due = session.execute(_DUE_PRICES, {"hub": stream.hub_id, "most": _ITEMS}).all()
                now: datetime = session.execute(select(func.now())).scalar_one()
            if not due:
                return True
            rows = [
                (
                    row.id,
                    {"price": self._cheapest(row.flourish_id), "of": row.version, "read_at": now.isoformat()},
                )
                for row in due
            ]
            with desk.tenant(stream.tenant_id) as session:
                columns: Mapping[str, Any] = {"id": "uuid", "variation": "jsonb"}
                driver = copy_in(session, "incoming_variations", columns, rows)
                changed = [ref for (ref,) in driver.execute(_STORE_PRICES).fetchall()]
                # They are compared with those that the list showed.
                mirror.note_seen(session, session.get_one(Stream, stream.id), _PART, 0, changed)
            if is_over():
                return False

    def _cheapest(self, item_id: str) -> Any:
        prices: list[Decimal] = [
            one.price
            for one in self.client.variations(item_id)
            if one.price is not None and one.is_active and one.ecommerce
        ]
        return plain_value(min(prices, default=None))
