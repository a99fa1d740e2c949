"""Verifying a chain: whether it is as it was written, and if not, what was done to it and where.

A row's hash covers the row and the hash before it, so whatever was edited, deleted, inserted or moved does
not fit its neighbours. What was cut off the end fits; that is known by the head, and where the head was
edited too, by the anchors outside the database (anchors.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import AuditEvent, AuditHead
from portal.sync.audit.anchors import Anchor
from portal.sync.audit.chain import FIELDS
from portal.sync.audit.record import chain_key
from portal.sync.audit.tracing import Row, Trace
from portal.sync.secrets import CannotOpen

_PAGE = 1000
_COLUMNS = (*FIELDS, "hash")


@dataclass(frozen=True)
class Head:
    """What the head of a chain says: the number and the hash of its last row."""

    seq: int
    hash: bytes


@dataclass(frozen=True)
class Tamper:
    """One thing that was done to a chain: of which kind, at which row, and in words."""

    kind: str
    seq: int
    words: str


@dataclass(frozen=True)
class Verdict:
    """What a look at a chain found: how many rows there are, and what is wrong, in their order."""

    rows: int
    tampers: tuple[Tamper, ...]


def verify(
    session: Session, keys: Mapping[str, bytes], chain: UUID, anchors: Sequence[Anchor] = ()
) -> Verdict:
    """Read a chain through, a page at a time.

    Args:
        session: a session that sees this chain and has read nothing yet: rows that are added meanwhile are
            not seen. Anchors are read before it begins.
        keys: the installation's encryption keys.
        chain: a tenant's id, or INSTALLATION_CHAIN.
        anchors: what is known of this chain outside the database.
    """
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    head = session.execute(select(AuditHead).where(AuditHead.chain == chain)).scalar_one_or_none()
    wrong: list[Tamper] = []
    key: bytes | None = None
    if head is not None:
        try:
            key = chain_key(keys, chain, head.sealed_key)
        except CannotOpen as error:
            wrong.append(Tamper("key", 0, f"the key of the chain cannot be opened: {error}"))
    known = Head(head.seq, head.hash) if head is not None else None
    verdict = examine(_rows(session, chain), key, known, anchors)
    return Verdict(verdict.rows, (*wrong, *verdict.tampers))


def _rows(session: Session, chain: UUID) -> Iterator[Row]:
    columns = [getattr(AuditEvent, name) for name in _COLUMNS]
    last: int | None = None
    while True:
        page = select(*columns).where(AuditEvent.chain == chain).order_by(AuditEvent.seq).limit(_PAGE)
        rows = session.execute(page if last is None else page.where(AuditEvent.seq > last)).mappings().all()
        yield from ({name: row[name] for name in _COLUMNS} for row in rows)
        if len(rows) < _PAGE:
            return
        last = rows[-1]["seq"]


def examine(
    rows: Iterable[Row], key: bytes | None, head: Head | None, anchors: Sequence[Anchor] = ()
) -> Verdict:
    """Say what was done to a chain. Pure; rows are looked at one by one.

    Args:
        rows: in the order of their numbers.
        key: of the chain; without it only gaps, the end and the anchors are looked at.
        head: None when it is missing.
        anchors: of this chain.
    """
    trace = Trace(key)
    against = _Anchored(anchors)
    for row in rows:
        trace.take(row)
        against.take(trace.place, row["hash"], sound=trace.sound)
    end = max(head.seq if head else 0, *(anchor.seq for anchor in anchors), 0)
    found = trace.close((head.seq, head.hash) if head else None, end if head or anchors else trace.place)
    tampers = [Tamper(*one) for one in found]
    if head is None and (trace.rows or anchors):
        tampers.append(
            Tamper("head", 0, "the head of the chain is missing, and with it the key: no row can be proven")
        )
    tampers += _end(trace, head, anchors)
    tampers += against.tampers
    return Verdict(trace.rows, tuple(sorted(tampers, key=lambda tamper: tamper.seq)))


def _end(trace: Trace, head: Head | None, anchors: Sequence[Anchor]) -> list[Tamper]:
    """Compare where the rows end with where the head and the anchors say that they do."""
    last = trace.place
    furthest = max(anchors, key=lambda anchor: anchor.seq, default=None)
    knows = ""
    if head is not None and head.seq > last:
        knows = f"the head of the chain knows row {head.seq:,}"
    if furthest is not None and furthest.seq > max(last, head.seq if head else 0):
        knows = f"the anchor of {furthest.at:%Y-%m-%d %H:%M} UTC knows row {furthest.seq:,}"
    if knows:
        what = f"everything after row {last:,} is missing" if last else "all rows are missing"
        return [Tamper("tail", last + 1, f"{what}: {knows}")]
    if head is None or not trace.sound:
        return []
    if head.seq < last:
        says = f"it says that row {head.seq:,} is the last, and row {last:,} is there"
        return [Tamper("head", last, f"the head of the chain was changed: {says}")]
    if head.hash != trace.last_hash:
        return [Tamper("head", last, f"the head of the chain was changed: it does not fit row {last:,}")]
    return []


class _Anchored:
    """Compares rows with their anchors: what was written anew with the right key fits in itself."""

    def __init__(self, anchors: Sequence[Anchor]) -> None:
        self._by_seq = {anchor.seq: anchor for anchor in anchors}
        self._agreed = 0
        self.tampers: list[Tamper] = []

    def take(self, seq: int, found: bytes, *, sound: bool) -> None:
        anchor = self._by_seq.get(seq)
        if anchor is None or self.tampers:
            return
        if anchor.hash == found:
            self._agreed = seq
        elif sound:
            first = self._agreed + 1
            which = f"row {seq:,} was" if first == seq else f"rows {first:,} to {seq:,} were"
            told = f"the anchor of {anchor.at:%Y-%m-%d %H:%M} UTC knows another row {seq:,}"
            self.tampers.append(Tamper("rewritten", seq, f"{which} written anew: {told}"))
