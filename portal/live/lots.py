"""The lots of a product as its page shows them: what each side has of each, and why one is left alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.models import Link
from portal.sync import registry
from portal.sync.engine import lots
from portal.sync.engine.accounts import catalogue_rules_of
from portal.sync.engine.said import said_of
from portal.sync.engine.shelves import known
from portal.sync.mapping.facts import plain_value
from portal.sync.mapping.keys import sku_key
from portal.sync.mapping.lots import NOTES, Lot, is_by_lot, lots_of


@dataclass(frozen=True)
class LotRow:
    """One lot: texts, empty where a side has nothing to say."""

    number: str
    here: str
    held: str
    target: str
    offered: str
    reserved: str
    # How it stands: "ok", "warn" or "idle" with its word, and what more there is to say.
    tone: str
    word: str
    note: str = ""


def view(session: Session, link: Link) -> Sequence[LotRow] | None:
    """Read the lots of an item's product; None where its connection keeps no stock of single lots, and none
    where the product has no batches.

    Args:
        session: a session inside the tenant.
        link: the item's.
    """
    connection = link.connection
    if not lots.kept_by(connection):
        return None
    platform = registry.platform(connection.platform)
    rules = catalogue_rules_of(connection, platform, said_of(session, connection))
    shelf = known(session, connection, rules, [link.foreign_id])[link.foreign_id].shelf()
    items = [one for one in shelf.items if sku_key(one.sku) == shelf.sku and one.active]
    products = [one for one in shelf.products if sku_key(one.sku) == shelf.sku and not one.archived]
    if len(items) != 1 or len(products) != 1 or not is_by_lot(products[0], rules):
        return ()
    found = lots_of(shelf, items[0], products[0], rules) or []
    return [_row(lot, platform.label) for lot in found]


def _row(lot: Lot, where: str) -> LotRow:
    return LotRow(
        number=lot.number or "in no lot",
        here="" if lot.here is None else str(plain_value(lot.here)),
        held=str(plain_value(lot.held)) if lot.held else "",
        target="" if lot.why_not else str(plain_value(lot.target)),
        offered=str(plain_value(lot.offered)) if lot.batch else "",
        reserved=str(plain_value(lot.batch.reserved)) if lot.batch and lot.batch.reserved else "",
        **_told(lot, where),
    )


def _told(lot: Lot, where: str) -> dict[str, str]:
    if lot.why_not:
        return {"tone": "warn", "word": "Left alone", "note": f"In {where} {NOTES[lot.why_not]}."}
    if lot.target != lot.offered:
        return {"tone": "warn", "word": "Differs", "note": "It is written at the next look."}
    if lot.here is None:
        return {"tone": "idle", "word": "Gone", "note": "Flourish has no lot with this number."}
    return {"tone": "ok", "word": "Agrees"}
