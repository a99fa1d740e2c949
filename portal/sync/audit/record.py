"""Recording an act, in the transaction that carries it out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from portal.models import AuditEvent, AuditHead, Connection, Hub
from portal.sync import secrets
from portal.sync.audit.acts import ACTS, Actor, Subject
from portal.sync.audit.chain import link_hash
from portal.sync.redaction import redact

# To what a chain's key is bound when it is sealed.
KEY_OWNER, KEY_FIELD = "audit", "chain key"
_LONGEST = 500


def account(owner: Connection | Hub) -> Subject:
    """A connection or hub, as the audit names it."""
    kind = "hub" if isinstance(owner, Hub) else "connection"
    return Subject(kind, str(owner.id), owner.name)


def record(
    session: Session,
    keys: Mapping[str, bytes],
    chain: UUID,
    action: str,
    *,
    actor: Actor,
    subject: Subject | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Append an act to a chain. To be called last in a transaction: it locks the end of the chain.

    Args:
        session: a session that may write to this chain: inside the tenant, or of the system or identity role.
        keys: the installation's encryption keys, by which the chain's own key is opened.
        chain: the tenant's id, or INSTALLATION_CHAIN.
        action: a key of `acts.ACTS`.
        actor: who does it.
        subject: what it is done to.
        detail: what else is worth knowing; secrets and personal data are masked.

    Raises:
        KeyError: there is no such action.
        secrets.CannotOpen: the chain's key was sealed with a key that is not configured.
    """
    _ = ACTS[action]
    head = _next(session, keys, chain)
    key = chain_key(keys, chain, head.sealed_key)
    about = subject or Subject()
    row: dict[str, Any] = {
        "chain": chain,
        "seq": head.seq,
        "at": head.at,
        "actor_id": actor.id,
        "actor": _text(actor.name) or "Nobody",
        "role": _text(actor.role),
        "address": _text(actor.address),
        "reference": _text(actor.reference),
        "action": action,
        "subject_kind": about.kind,
        "subject_id": _text(about.id),
        "subject": _text(about.name),
        "detail": _storable(redact(dict(detail or {}))),
    }
    row["hash"] = link_hash(key, head.hash, row)
    session.execute(insert(AuditEvent).values(**row))
    session.execute(
        update(AuditHead)
        .where(AuditHead.chain == chain)
        .values(hash=row["hash"])
        .execution_options(synchronize_session=False)
    )


def chain_key(keys: Mapping[str, bytes], chain: UUID, sealed: bytes) -> bytes:
    """Open the key of a chain.

    Raises:
        secrets.CannotOpen: it was sealed with a key that is not configured, or for another chain.
    """
    plain = secrets.open_sealed(keys, sealed, tenant_id=str(chain), owner_id=KEY_OWNER, field=KEY_FIELD)
    return bytes.fromhex(plain)


def _next(session: Session, keys: Mapping[str, bytes], chain: UUID) -> Any:
    """Take the next number of a chain, which locks its end; a chain begins with its first act."""
    session.flush()
    take = (
        update(AuditHead)
        .where(AuditHead.chain == chain)
        .values(seq=AuditHead.seq + 1)
        .returning(AuditHead.seq, AuditHead.hash, AuditHead.sealed_key, func.clock_timestamp().label("at"))
        .execution_options(synchronize_session=False)
    )
    taken = session.execute(take).first()
    if taken is None:
        _begin(session, keys, chain)
        taken = session.execute(take).one()
    return taken


def _begin(session: Session, keys: Mapping[str, bytes], chain: UUID) -> None:
    sealed = secrets.seal(
        keys, os.urandom(32).hex(), tenant_id=str(chain), owner_id=KEY_OWNER, field=KEY_FIELD
    )
    # Of two first acts at once, the second waits here for the first one's commit.
    row = upsert(AuditHead).values(chain=chain, sealed_key=sealed.ciphertext)
    session.execute(row.on_conflict_do_nothing())


def length(session: Session, chain: UUID) -> int:
    """How many acts a chain has."""
    return session.scalar(select(AuditHead.seq).where(AuditHead.chain == chain)) or 0


def _text(text: str) -> str:
    return _clean(text)[:_LONGEST]


def _clean(text: str) -> str:
    # PostgreSQL stores no NUL, and UTF-8 no half of a character.
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _storable(value: Any) -> Any:
    """Make a value read back as it was hashed: the database writes some numbers in its own way."""
    if isinstance(value, Mapping):
        return {_clean(str(key)): _storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    if value is None or isinstance(value, bool | int):
        return value
    return _clean(str(value))
