"""Writing: a message gets its body, from the rows that it tells of. From then on it stays the same."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import Connection, Notice, NoticeRule, Tenant, new_id, utc_now
from portal.sync.notices import wording
from portal.sync.notices.grouping import Told

# The group of messages that somebody asked for to see whether they arrive.
TEST = "test"


def write(session: Session, notice: Notice, public_url: str) -> str:
    """Write a message's body."""
    company = _company(session, notice.tenant_id, public_url)
    kind = wording.TEST if notice.group_key == TEST else wording.type_of(notice.group_key)
    return wording.body(kind, utc_now(), Told.of(notice.told), company)


def put_test_down(session: Session, rule: NoticeRule) -> UUID:
    """Put a test down, which is sent like any message and tried once."""
    notice_id = new_id()
    session.add(
        Notice(
            id=notice_id,
            tenant_id=rule.tenant_id,
            rule_id=rule.id,
            group_key=TEST,
            told=Told().kept(),
            leaves_at=func.now(),
            due_at=func.now(),
        )
    )
    session.flush()
    return notice_id


def _company(session: Session, tenant_id: UUID, public_url: str) -> wording.Company:
    tenant = session.scalars(select(Tenant).where(Tenant.id == tenant_id)).one()
    names = session.execute(select(Connection.id, Connection.name).where(Connection.tenant_id == tenant_id))
    return wording.Company(
        tenant.slug,
        tenant.name,
        connections={str(row[0]): row[1] for row in names},
        url=f"{public_url}/t/{tenant.slug}",
    )
