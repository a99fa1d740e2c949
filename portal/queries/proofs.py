"""Proofs for pages: what the last checks of a tenant found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, defer

from portal.models import Proof


@dataclass(frozen=True)
class Standing:
    """The last proof, and the last one for which everything was read: often the same."""

    last: Proof | None
    whole: Proof | None


def standing(session: Session, tenant_id: UUID) -> Standing:
    """Read how a tenant stands, without the reports."""
    query = _newest(tenant_id).limit(1)
    last = session.scalar(query)
    whole = (
        last
        if last and last.outcome != "partial"
        else session.scalar(query.where(Proof.outcome != "partial"))
    )
    return Standing(last, whole)


def recent(session: Session, tenant_id: UUID, *, size: int = 50) -> Sequence[Proof]:
    """Read the last proofs, newest first, without the reports."""
    return session.scalars(_newest(tenant_id).limit(size)).all()


def one(session: Session, tenant_id: UUID, proof_id: UUID) -> Proof | None:
    """Read one proof with its report."""
    return session.scalar(select(Proof).where(Proof.tenant_id == tenant_id, Proof.id == proof_id))


def _newest(tenant_id: UUID) -> Select[Proof]:
    return (
        select(Proof)
        .where(Proof.tenant_id == tenant_id)
        .options(defer(Proof.report, raiseload=True))
        .order_by(Proof.at.desc(), Proof.id.desc())
    )
