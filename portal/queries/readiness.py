"""What checks of a connection found, what was waived, and what runs, for pages and for going live."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import CheckChange, CheckResult, Run, Waiver


def results(session: Session, tenant_id: UUID, connection_id: UUID) -> Sequence[CheckResult]:
    """Read what each check last found."""
    query = select(CheckResult).where(
        CheckResult.tenant_id == tenant_id, CheckResult.connection_id == connection_id
    )
    return session.scalars(query).all()


def waivers(session: Session, tenant_id: UUID, connection_id: UUID) -> Sequence[Waiver]:
    """Read the waivers that hold."""
    query = select(Waiver).where(
        Waiver.tenant_id == tenant_id,
        Waiver.connection_id == connection_id,
        Waiver.ended_at.is_(None),
        Waiver.expires_at > func.now(),
    )
    return session.scalars(query).all()


def going(session: Session, tenant_id: UUID, connection_id: UUID) -> Run | None:
    """Read the assessment that goes on; None for none."""
    query = select(Run).where(
        Run.tenant_id == tenant_id,
        Run.connection_id == connection_id,
        Run.kind == "assessment",
        Run.state == "running",
    )
    return session.scalar(query)


def changes(
    session: Session, tenant_id: UUID, connection_id: UUID, name: str, *, size: int = 30
) -> Sequence[CheckChange]:
    """Read how a check changed, newest first."""
    query = (
        select(CheckChange)
        .where(
            CheckChange.tenant_id == tenant_id,
            CheckChange.connection_id == connection_id,
            CheckChange.name == name,
        )
        .order_by(CheckChange.at.desc(), CheckChange.id.desc())
        .limit(size)
    )
    return session.scalars(query).all()
