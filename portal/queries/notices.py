"""Notifications for pages: the rules, what they sent, and each try."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from portal.models import Membership, Notice, NoticeAttempt, NoticeRule, User


def rules(session: Session, tenant_id: UUID, connection_id: UUID | None = None) -> Sequence[NoticeRule]:
    """Read the rules that stand, oldest first; of one connection also those of the whole company."""
    query = select(NoticeRule).where(NoticeRule.tenant_id == tenant_id, NoticeRule.ended_at.is_(None))
    if connection_id is not None:
        query = query.where(func.coalesce(NoticeRule.connection_id, connection_id) == connection_id)
    return session.scalars(query.order_by(NoticeRule.created_at, NoticeRule.id)).all()


def rule(session: Session, tenant_id: UUID, rule_id: UUID) -> NoticeRule | None:
    """Read one rule that stands."""
    return session.scalar(
        select(NoticeRule).where(
            NoticeRule.tenant_id == tenant_id, NoticeRule.id == rule_id, NoticeRule.ended_at.is_(None)
        )
    )


def page(
    session: Session,
    tenant_id: UUID,
    rule_id: UUID,
    *,
    after: tuple[datetime, UUID] | None = None,
    size: int = 50,
) -> tuple[Sequence[Notice], bool]:
    """Read one page of a rule's messages, newest first, and whether there is more."""
    query = (
        select(Notice)
        .where(Notice.tenant_id == tenant_id, Notice.rule_id == rule_id)
        .order_by(Notice.created_at.desc(), Notice.id.desc())
        .limit(size + 1)
    )
    if after is not None:
        query = query.where(tuple_(Notice.created_at, Notice.id) < after)
    rows = session.scalars(query).all()
    return rows[:size], len(rows) > size


def one(session: Session, tenant_id: UUID, rule_id: UUID, notice_id: UUID) -> Notice | None:
    """Read one message of a rule."""
    return session.scalar(
        select(Notice).where(Notice.tenant_id == tenant_id, Notice.rule_id == rule_id, Notice.id == notice_id)
    )


def attempts(session: Session, tenant_id: UUID, notice_id: UUID) -> Sequence[NoticeAttempt]:
    """Read the tries to send a message, newest first."""
    return session.scalars(
        select(NoticeAttempt)
        .where(NoticeAttempt.tenant_id == tenant_id, NoticeAttempt.notice_id == notice_id)
        .order_by(NoticeAttempt.at.desc(), NoticeAttempt.id.desc())
    ).all()


def addresses_of_admins(session: Session, tenant_id: UUID) -> list[str]:
    """Read where a company's owners and admins get their mail."""
    return list(session.scalars(_members(tenant_id).where(Membership.role.in_(("owner", "admin")))))


def is_members(session: Session, tenant_id: UUID, address: str) -> bool:
    """Whether an address is that of somebody of the company."""
    return session.scalar(_members(tenant_id).where(User.email == address.strip().lower())) is not None


def _members(tenant_id: UUID) -> Select[str]:
    return (
        select(User.email)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.tenant_id == tenant_id, User.disabled_at.is_(None))
        .order_by(User.email)
    )
