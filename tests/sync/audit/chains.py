"""Chains to tamper with, as somebody who owns the database could."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import Connection, Engine, insert, text, update

from portal.models import AuditEvent, AuditHead
from portal.sync import audit
from portal.sync.audit.chain import FIELDS, link_hash
from portal.sync.audit.record import chain_key
from portal.sync.engine.desk import Desk

DANA = audit.Actor("Dana Reyes", role="owner", address="203.0.113.7", reference="f00d")


def grow(desk: Desk, chain: UUID, acts: int) -> None:
    """Add acts to a company's chain."""
    with desk.sessions.tenant(chain) as session:
        for number in range(acts):
            subject = audit.Subject("connection", "7", f"LeafLink {number}")
            audit.record(
                session,
                desk.settings.master_keys,
                chain,
                "connection.paused",
                actor=DANA,
                subject=subject,
                detail={"reason": "stock count", "number": number},
            )


@contextmanager
def tampering(engine: Engine) -> Iterator[Connection]:
    """The database without the trigger that refuses."""
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_event DISABLE TRIGGER append_only"))
        yield connection
        connection.execute(text("ALTER TABLE audit_event ENABLE TRIGGER append_only"))


def grow_long(desk: Desk, engine: Engine, chain: UUID, length: int) -> None:
    """Make a chain of this length in one stroke, from its first act."""
    grow(desk, chain, 1)
    with desk.sessions.system() as session:
        head = session.get_one(AuditHead, chain)
        first = session.get_one(AuditEvent, (chain, 1))
        key, before = chain_key(desk.settings.master_keys, chain, head.sealed_key), head.hash
        row, rows = {name: getattr(first, name) for name in FIELDS}, []
        for seq in range(2, length + 1):
            row = {**row, "seq": seq}
            before = link_hash(key, before, row)
            rows.append({**row, "hash": before})
    with engine.begin() as connection:
        connection.execute(insert(AuditEvent), rows)
        connection.execute(update(AuditHead).values(seq=length, hash=before))
