"""Anchors: the ends of all chains, written down outside the database, so that a chain whose tail and head
were both cut is seen to be cut.

One file that is only ever appended to; it may lie on another machine's mount. Each anchor is a line of the
log too, and so goes wherever logs are shipped.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from portal.extensions import Sessions
from portal.models import AuditEvent, AuditHead, utc_now

_log = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
# An act that is in no anchor after this long means that nobody writes them.
LATE = timedelta(hours=2)


@dataclass(frozen=True)
class Anchor:
    """Where a chain ended at a time."""

    chain: UUID
    seq: int
    hash: bytes
    at: datetime

    def line(self) -> str:
        """Write it as one line of the file."""
        values = {
            "at": self.at.isoformat(),
            "chain": str(self.chain),
            "seq": self.seq,
            "hash": self.hash.hex(),
        }
        return json.dumps(values) + "\n"


def read(path: Path, *, reach: int = 0) -> Iterator[Anchor]:
    """Read the anchors, oldest first; none when there is no file. A line that was torn is passed over.

    Args:
        path: the file.
        reach: read only so many bytes from its end; 0 for all of it.
    """
    try:
        with path.open("rb") as lines:
            if reach:
                lines.seek(max(0, lines.seek(0, os.SEEK_END) - reach))
            yield from filter(None, map(_anchor, lines))
    except FileNotFoundError:
        return
    except OSError as error:
        # Whoever asks goes on with what the database knows; the doctor and the operator's page tell of it.
        _log.warning("the audit's anchors in %s cannot be read: %s", path, error.strerror)


def of_chain(path: Path, chain: UUID) -> list[Anchor]:
    """Read the anchors of one chain."""
    return [anchor for anchor in read(path) if anchor.chain == chain]


def latest(anchors: Iterable[Anchor]) -> dict[UUID, Anchor]:
    """The furthest anchor of each chain."""
    found: dict[UUID, Anchor] = {}
    for anchor in anchors:
        if anchor.chain not in found or found[anchor.chain].seq <= anchor.seq:
            found[anchor.chain] = anchor
    return found


def write(sessions: Sessions, path: Path) -> list[Anchor]:
    """Write down the ends of the chains that have moved since they were last written down.

    Several processes may do this at once: an anchor that is there twice does no harm.

    Args:
        sessions: of the database.
        path: the file, which is made if it is missing.

    Returns:
        What was written.

    Raises:
        OSError: the file cannot be written to.
    """
    known, now = latest(read(path)), utc_now()
    with sessions.system() as session:
        heads = session.execute(select(AuditHead.chain, AuditHead.seq, AuditHead.hash)).all()
    moved = [
        Anchor(head.chain, head.seq, head.hash, now)
        for head in heads
        if head.seq and (head.chain not in known or known[head.chain].hash != head.hash)
    ]
    if moved:
        _append(path, "".join(anchor.line() for anchor in moved))
    for anchor in moved:
        _log.info("audit anchor: chain %s, row %d, %s", anchor.chain, anchor.seq, anchor.hash.hex())
    return moved


def unanchored_since(session: Session, path: Path) -> datetime | None:
    """When the oldest act was done that no anchor knows of; None when all are known.

    Args:
        session: a system session.
        path: the file.
    """
    known = {chain: anchor.seq for chain, anchor in latest(read(path)).items()}
    heads = session.execute(select(AuditHead.chain, AuditHead.seq)).all()
    first = [
        (head.chain, known.get(head.chain, 0) + 1) for head in heads if head.seq > known.get(head.chain, 0)
    ]
    return session.scalar(
        select(func.min(AuditEvent.at)).where(tuple_(AuditEvent.chain, AuditEvent.seq).in_(first))
    )


def _anchor(line: bytes) -> Anchor | None:
    try:
        values = json.loads(line)
        return Anchor(
            UUID(values["chain"]),
            int(values["seq"]),
            bytes.fromhex(values["hash"]),
            datetime.fromisoformat(values["at"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _append(path: Path, text: str) -> None:
    """Add lines, and return once they are on the disk."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        # A line that was torn by a crash is ended, so that it takes no other along.
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        rest = (("\n" if torn else "") + text).encode()
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
