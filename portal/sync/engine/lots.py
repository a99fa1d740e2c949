"""Lots: what a platform has of each batch of its products, kept beside them in the mirror.

Lists of batches belong to the list of products. They have no times of change to ask by: they are read whole,
after the products and less often.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from portal.models import Connection, MirroredProduct, Stream
from portal.sync.batches import Batch
from portal.sync.decisions import CatalogueRules
from portal.sync.engine import mirror
from portal.sync.engine.accounts import catalogue_rules_of
from portal.sync.engine.bulk import copy_in
from portal.sync.mapping.facts import batch_facts
from portal.sync.registry import platform as platform_by_key

# How often all batches are read; in between, a look reads those of its product.
_EVERY = timedelta(hours=1)
# The part of a pull of products in which those are noted whose batches changed.
_PART = "batches"

_COLUMNS = {"ref": "text", "batches": "jsonb"}
_STORE = """
UPDATE product SET batches = incoming.batches, revision = revision + 1
FROM incoming_batches AS incoming
WHERE product.connection_id = %(connection)s AND product.foreign_id = incoming.ref
  AND product.batches IS DISTINCT FROM incoming.batches
RETURNING product.foreign_id
"""


def kept_by(connection: Connection) -> bool:
    """Whether a connection keeps the stock of single lots."""
    platform = platform_by_key(connection.platform)
    has_rules = platform.catalogue is not None and connection.facility is not None
    return has_rules and catalogue_rules_of(connection, platform).by_lot


def are_read(rules: CatalogueRules) -> bool:
    """Whether stock is read lot by lot: to be written so, or as labs are of lots."""
    return rules.by_lot or rules.is_shop


def are_due(session: Session, stream: Stream) -> bool:
    """Whether all batches are to be read with a list of products."""
    if stream.connection_id is None or not kept_by(session.get_one(Connection, stream.connection_id)):
        return False
    recent = select(Stream.batches_at > func.now() - _EVERY).where(Stream.id == stream.id)
    return not session.execute(recent).scalar_one()


def store(session: Session, connection_id: UUID, found: Mapping[str, tuple[Batch, ...]]) -> list[str]:
    """Take in the batches of products, as just read.

    Args:
        session: a session inside the connection's tenant.
        connection_id: whose they are.
        found: by the product's id.

    Returns:
        The products of which something changed.
    """
    rows = ((ref, [batch_facts(one) for one in batches]) for ref, batches in found.items())
    driver = copy_in(session, "incoming_batches", _COLUMNS, rows)
    return [ref for (ref,) in driver.execute(_STORE, {"connection": connection_id}).fetchall()]


def store_all(session: Session, stream: Stream, found: Mapping[str, tuple[Batch, ...]]) -> None:
    """Take in all batches of an account: a product that is not among them has none. Those of which something
    changed count as seen by the pull of products, so that they are compared."""
    connection = session.get_one(Connection, stream.connection_id)
    others = session.scalars(
        select(MirroredProduct.foreign_id).where(
            MirroredProduct.connection_id == connection.id,
            MirroredProduct.batches.is_(None) | (func.jsonb_array_length(MirroredProduct.batches) > 0),
        )
    )
    changed = store(session, connection.id, {**dict.fromkeys(others, ()), **found})
    mirror.note_seen(session, stream, _PART, 0, changed)
    session.execute(text("UPDATE stream SET batches_at = now() WHERE id = :stream"), {"stream": stream.id})


def store_one(session: Session, connection_id: UUID, ref: str, batch: Batch) -> None:
    """Take in one batch of a product, as a write answered with it."""
    row = session.scalar(
        select(MirroredProduct).where(
            MirroredProduct.connection_id == connection_id, MirroredProduct.foreign_id == ref
        )
    )
    if row is None:
        return
    others = [one for one in row.batches or () if (one["ref"], one["stock_ref"]) not in _same(batch)]
    row.batches = sorted([*others, batch_facts(batch)], key=lambda one: (one["number"], one["stock_ref"]))
    row.revision += 1


def _same(batch: Batch) -> tuple[tuple[str, str], ...]:
    """What a batch is known by: its stock, or, before that was made, itself."""
    return ((batch.ref, batch.stock_ref), (batch.ref, ""))
