"""Collecting: problems that were not told yet are sorted into messages, and marked in the same transaction.

So none is lost and none is told twice, whatever ends a sweep. What was solved before it could be told
needs nobody, and is not.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, func, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from portal.models import Notice, NoticeRule, Problem, Tenant
from portal.sync.engine.desk import Desk
from portal.sync.notices.grouping import Batch, News, Rule, Standing, Told, gather

_log = logging.getLogger(__name__)

_AT_ONCE = 500
# As the index of the same name has it.
_UNTOLD = or_(
    Problem.opened_told_at.is_(None), and_(Problem.closed_at.is_not(None), Problem.closed_told_at.is_(None))
)


def collect(desk: Desk) -> int:
    """Sort what is news into messages; return how many problems were looked at."""
    with desk.sessions.system() as session:
        tenants = session.scalars(waiting()).all()
    return sum(_collect_all(desk, tenant_id) for tenant_id in tenants)


def waiting() -> Select[UUID]:
    """The companies in which something is news."""
    return select(Problem.tenant_id).where(_UNTOLD).distinct()


def _collect_all(desk: Desk, tenant_id: UUID) -> int:
    looked = 0
    try:
        while number := _collect(desk, tenant_id):
            looked += number
            if number < _AT_ONCE or desk.stopping.is_set():
                break
    except OperationalError as error:
        if error.connection_invalidated:
            raise
        # Somebody holds a lock for long: it is no other company's matter, and tried at the next sweep.
        _log.warning("news of %s wait for the next sweep: %s", tenant_id, type(error.orig).__name__)
    return looked


def _collect(desk: Desk, tenant_id: UUID) -> int:
    with desk.sessions.tenant(tenant_id) as session:
        rows = _untold(session)
        _take_in(session, tenant_id, [one for row in rows for one in _news_of(row)])
        _mark(session, rows)
        return len(rows)


def tell_stop(session: Session, tenant_id: UUID, words: str, *, stopped: bool) -> None:
    """Tell that all writing was stopped, or goes on, in the transaction that does it.

    Args:
        session: a session inside the tenant.
        tenant_id: the company.
        words: who did it, and why.
        stopped: False when it goes on.
    """
    now = session.scalars(select(func.now())).one()
    news = News(
        "opened" if stopped else "resolved",
        at=now,
        opened_at=now,
        code="writes_stopped",
        title=words,
        next_step="Orders are still taken in. What waits goes on by itself once writing is let go on.",
        who="tenant",
        connection_id=None,
        of_link=False,
    )
    _take_in(session, tenant_id, [news])


def _take_in(session: Session, tenant_id: UUID, news: Sequence[News]) -> None:
    """Sort news into what each rule that is on asks for."""
    if not news:
        return
    # Locked, so that of two who collect at once the second sees the first one's messages.
    rules = session.scalars(
        select(NoticeRule)
        .where(NoticeRule.ended_at.is_(None), NoticeRule.off_at.is_(None))
        .order_by(NoticeRule.id)
        .with_for_update(key_share=True)
    ).all()
    if not rules:
        return
    timezone = session.scalars(select(Tenant.timezone).where(Tenant.id == tenant_id)).one()
    now = session.scalars(select(func.now())).one()
    for rule in rules:
        _sort(session, rule, news, now, ZoneInfo(timezone))


def _untold(session: Session) -> Sequence[Any]:
    """Problems that are news, oldest first. One that somebody works on is taken next time."""
    return session.execute(
        select(
            Problem.id,
            Problem.opened_at,
            Problem.closed_at,
            Problem.opened_told_at,
            Problem.code,
            Problem.title,
            Problem.next_step,
            Problem.who,
            Problem.connection_id,
            Problem.link_id,
        )
        .where(_UNTOLD)
        .order_by(Problem.opened_at, Problem.id)
        .limit(_AT_ONCE)
        .with_for_update(key_share=True, skip_locked=True)
    ).all()


def _news_of(row: Any) -> list[News]:
    if row.opened_told_at is None:
        happening, at = "opened", row.opened_at
        if row.closed_at is not None:
            return []
    else:
        happening, at = "resolved", row.closed_at
    return [
        News(
            happening,
            at=at,
            opened_at=row.opened_at,
            code=row.code,
            title=row.title,
            next_step=row.next_step,
            who=row.who,
            connection_id=row.connection_id,
            of_link=row.link_id is not None,
        )
    ]


def _mark(session: Session, rows: Sequence[Any]) -> None:
    told = {
        "opened_told_at": func.coalesce(Problem.opened_told_at, func.now()),
        # Only of what was closed when it was read: it is locked since.
        "closed_told_at": Problem.closed_at,
    }
    session.execute(
        update(Problem)
        .where(Problem.id.in_([row.id for row in rows]))
        .values(told)
        .execution_options(synchronize_session=False)
    )


def plain(row: NoticeRule) -> Rule:
    """What a rule asks for, without its row."""
    return Rule(row.connection_id, frozenset(row.kinds), row.resolved, row.pace, row.since)


def _sort(session: Session, row: NoticeRule, news: Sequence[News], now: datetime, zone: ZoneInfo) -> None:
    rule = plain(row)
    groups = {rule.group_of(one) for one in news if rule.wants(one)}
    if not groups:
        return
    # Those that still take news in, first: who sends one of them has let go of it by then, or waits.
    collecting = {
        one.group_key: one
        for one in session.scalars(
            select(Notice)
            .where(
                Notice.rule_id == row.id,
                Notice.group_key.in_(groups),
                Notice.body.is_(None),
                Notice.due_at.is_not(None),
            )
            .order_by(Notice.id)
            .with_for_update()
        )
    }
    standing = _standing(session, row.id, groups, collecting)
    for batch in gather(rule, news, standing, now, zone):
        _put(session, row, batch, collecting.get(batch.group))


def _standing(
    session: Session, rule_id: UUID, groups: set[str], collecting: Mapping[str, Notice]
) -> dict[str, Standing]:
    last = session.execute(
        select(Notice.group_key, func.max(Notice.leaves_at))
        .where(Notice.rule_id == rule_id, Notice.group_key.in_(groups))
        .group_by(Notice.group_key)
    )
    return {
        group: Standing(collecting[group].leaves_at if group in collecting else at, group in collecting)
        for group, at in last
    }


def _put(session: Session, row: NoticeRule, batch: Batch, collecting: Notice | None) -> None:
    notice = collecting
    if notice is None:
        notice = Notice(
            tenant_id=row.tenant_id,
            rule_id=row.id,
            group_key=batch.group,
            leaves_at=batch.leaves_at,
            due_at=batch.leaves_at,
            told={},
        )
        session.add(notice)
    told = Told.of(notice.told).with_news(batch.news)
    notice.told, notice.count = told.kept(), told.count
