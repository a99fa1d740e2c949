"""What open orders hold: units that are promised on the platform and that Flourish does not know of yet.

Each order's link says what it holds, from its own look; Flourish takes off its sellable stock itself what
its live orders have.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from portal.models import Link
from portal.sync.domain import CANCELLED, SourceOrder, Stage
from portal.sync.engine.marks import STOCK_FIRST
from portal.sync.mapping.facts import plain_value
from portal.sync.mapping.keys import sku_key
from portal.sync.retail import HubOrder

# Between a SKU and the number of a lot, in the key of what is held of that lot: a control character, which
# neither has.
OF_LOT = "\x1f"
_PROMISED = text(
    """
    SELECT split_part(held.key, :of_lot, 1), split_part(held.key, :of_lot, 2), sum(held.value::numeric)
    FROM link, jsonb_each_text(link.holds) AS held
    WHERE link.connection_id = :connection AND link.holds IS NOT NULL
      AND split_part(held.key, :of_lot, 1) = ANY(:skus)
    GROUP BY 1, 2
    """
).bindparams(bindparam("skus", type_=ARRAY(Text)), of_lot=OF_LOT)

# Units by SKU and lot; under no lot all of the SKU, those that name a lot among them.
Promises = Mapping[str, Mapping[str, Decimal]]


def promised(session: Session, connection_id: UUID, skus: Sequence[str]) -> Promises:
    """Units of these SKUs in orders of a connection that are open there and not live in Flourish."""
    return gathered(session.execute(_PROMISED, {"connection": connection_id, "skus": list(skus)}).all())


def gathered(rows: Iterable[Any]) -> Promises:
    """Put rows of SKU, lot and units together."""
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for sku, lot, units in rows:
        found[sku][lot] = units
    return found


def holds_of(order: SourceOrder, outbound: HubOrder | None) -> dict[str, str] | None:
    """What an order holds: SKU -> eaches as text, and what of that names a lot under both; None when Flourish
    has it, or it is not open any more."""
    live = outbound is not None and outbound.status != CANCELLED
    if order.stage is not Stage.OPEN or live:
        return None
    units: Counter[str] = Counter()
    for line in order.lines:
        sku, lot = sku_key(line.sku), sku_key(line.lot)
        for key in filter(None, (sku, sku and lot and f"{sku}{OF_LOT}{lot}")):
            units[key] += line.eaches  # type: ignore[assignment] # exact, not whole
    return {key: plain_value(Decimal(eaches)) for key, eaches in units.items()} or None


def note_held(session: Session, link: Link, holds: Mapping[str, str] | None) -> None:
    """Put down what an order holds now, and mark the items of which that changed.

    Args:
        session: a session in which the order's link is locked.
        link: the order's link.
        holds: what it holds, from `holds_of`.
    """
    before: Mapping[str, Any] = link.holds or {}
    now: Mapping[str, Any] = holds or {}
    if before == now:
        return
    link.holds = dict(now) or None
    changed = {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
    skus = sorted({key.partition(OF_LOT)[0] for key in changed})
    mark_items(session, link, skus, read_anew=[sku for sku in skus if sku not in now])


# Links before items, as webhooks do it (deliveries.py), and each in one order: two orders with the same items
# must not wait for each other. The items wait for the links as they ask how many there were.
_MARK = text(
    """
    WITH marked AS (
        UPDATE link
        SET dirty_seq = dirty_seq + 1, due_at = least(coalesce(due_at, now()), now()), priority = :priority
        WHERE id IN (
            SELECT id FROM link
            WHERE connection_id = :connection AND kind = 'item' AND foreign_id = ANY(:skus)
            ORDER BY foreign_id FOR NO KEY UPDATE
        )
        RETURNING id
    )
    UPDATE item SET stock_told = '? ' || clock_timestamp()
    WHERE id IN (
        SELECT id FROM item
        WHERE hub_id = :hub AND sku_key = ANY(:released) AND gone_at IS NULL
          AND (SELECT count(*) FROM marked) >= 0
        ORDER BY id FOR NO KEY UPDATE
    )
    """
).bindparams(bindparam("skus", type_=ARRAY(Text)), bindparam("released", type_=ARRAY(Text)))


def mark_items(session: Session, link: Link, skus: Sequence[str], *, read_anew: Sequence[str]) -> None:
    """Mark items for a look. Of those that an order holds no more Flourish's stock is read anew: it fell, as
    the order is live now, and the old figure with nothing held would sell the same units twice. Each such
    mark is one of its own: a read that began before it does not answer it.

    Args:
        session: a session in which the order's link is locked.
        link: the order's link.
        skus: the items that are marked.
        read_anew: those of them whose stock is read.
    """
    where = {"connection": link.connection_id, "hub": link.hub_id, "priority": STOCK_FIRST}
    session.execute(_MARK, {**where, "skus": list(skus), "released": list(read_anew)})
