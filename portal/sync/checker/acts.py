"""The acts of a company: its audit is as it was written (I12)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy.orm import Session

from portal.sync.audit import anchors
from portal.sync.audit.verify import verify
from portal.sync.checker.place import Place
from portal.sync.checker.report import CounterExample, Seen


def acts_kept(session: Session, place: Place, *, keys: Mapping[str, bytes], path: Path) -> Seen:
    """I12: the chain fits from its first row to its head, and to what is known of it outside the database."""
    known = anchors.of_chain(path, place.tenant_id)
    verdict = verify(session, keys, place.tenant_id, known)
    where = f"/t/{place.slug}/audit"
    return Seen(
        verdict.rows,
        tuple(CounterExample("the audit", tamper.words, where) for tamper in verdict.tampers),
    )
