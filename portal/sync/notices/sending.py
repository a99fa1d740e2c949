"""Sending: what is due leaves, with growing pauses until it is taken, and is given up after a day.

A message is leased by moving its time on, so that of several workers one has it; its body is written then,
and stays. A worker that dies in the middle has it sent once more, under the same id. A rule that only fails
for days, or whose receiver answers that it is gone, is switched off, which a problem and a mail say.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import Notice, NoticeAttempt, NoticeRule, utc_now
from portal.sync import secrets
from portal.sync.engine.desk import Desk
from portal.sync.notices import channels, rules, writing
from portal.sync.notices.channels import Outcome

_AT_ONCE = 10
# Longer than a try may take.
_LEASE = timedelta(minutes=2)
# A job's time: workers are there for orders.
_SLICE_SECONDS = 20.0
# After each try that failed: a day in all.
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 60, 300, 1_800, 7_200, 18_000, 28_800, 28_800))
_DAYS = timedelta(days=3)


@dataclass(frozen=True)
class _Leased:
    """A message that this worker sends now."""

    notice_id: UUID
    tenant_id: UUID
    channel: str
    address: str
    body: str
    secrets: tuple[str, ...]


def is_due(session: Session) -> bool:
    """Say whether a message is to be sent now.

    Args:
        session: a system session.
    """
    return session.execute(select(Notice.id).where(Notice.due_at <= func.now()).limit(1)).first() is not None


def deliver_due(desk: Desk, *, seconds: float = _SLICE_SECONDS) -> int:
    """Send what is due, for one job's time at the most; return how many messages were taken."""
    ends, taken = time.monotonic() + seconds, 0
    while due := _due(desk):
        for notice_id, tenant_id in due:
            if desk.stopping.is_set() or time.monotonic() > ends:
                return taken
            outcome = deliver(desk, tenant_id, notice_id)
            taken += outcome is not None and outcome.taken
    return taken


def _due(desk: Desk) -> list[tuple[UUID, UUID]]:
    with desk.sessions.system() as session:
        rows = session.execute(
            select(Notice.id, Notice.tenant_id)
            .where(Notice.due_at <= func.now())
            .order_by(Notice.due_at)
            .limit(_AT_ONCE)
        )
        return [(row[0], row[1]) for row in rows]


def deliver(desk: Desk, tenant_id: UUID, notice_id: UUID) -> Outcome | None:
    """Send one message that is due; None when somebody else does, or there is nowhere to send it to."""
    try:
        leased = _lease(desk, tenant_id, notice_id)
    except secrets.CannotOpen as error:
        outcome = Outcome(taken=False, reason=f"its signing secret cannot be opened: {error}")
        _note(desk, tenant_id, notice_id, outcome)
        return outcome
    if leased is None:
        return None
    outcome = _try(desk, leased)
    _note(desk, tenant_id, notice_id, outcome)
    return outcome


def _try(desk: Desk, leased: _Leased) -> Outcome:
    if leased.channel == "email":
        return channels.post(desk.settings, leased.address, leased.notice_id, leased.body)
    return channels.call(
        desk.settings, leased.address, leased.notice_id, leased.body, leased.secrets, utc_now()
    )


def _lease(desk: Desk, tenant_id: UUID, notice_id: UUID) -> _Leased | None:
    with desk.sessions.tenant(tenant_id) as session:
        notice = session.scalar(
            select(Notice)
            .where(Notice.id == notice_id, Notice.due_at <= func.now())
            .with_for_update(skip_locked=True)
        )
        if notice is None:
            return None
        rule = session.get_one(NoticeRule, notice.rule_id)
        is_off = rule.off_at is not None and notice.group_key != writing.TEST
        if rule.ended_at is not None or is_off:
            notice.due_at, notice.given_up_at = None, func.now()
            return None
        notice.due_at = func.now() + _LEASE
        if notice.body is None:
            notice.body = writing.write(session, notice, desk.settings.public_url)
        body = notice.body
    # Opened after the lease is kept: what cannot be opened is tried again as late as what fails.
    keys = rules.signing_secrets(desk, rule)
    return _Leased(notice_id, tenant_id, rule.channel, rule.address, body, keys)


def _note(desk: Desk, tenant_id: UUID, notice_id: UUID, outcome: Outcome) -> None:
    """Put down what came of a try, and what follows from it."""
    with desk.tenant(tenant_id) as session:
        # The rule first, as who sorts news in has it.
        rule = session.scalars(
            select(NoticeRule)
            .join(Notice, Notice.rule_id == NoticeRule.id)
            .where(Notice.id == notice_id)
            .with_for_update(of=NoticeRule, key_share=True)
        ).one()
        notice = session.scalars(select(Notice).where(Notice.id == notice_id).with_for_update()).one()
        session.add(_attempt(notice, outcome))
        notice.attempts += 1
        now = session.scalars(select(func.now())).one()
        if outcome.taken:
            notice.due_at, notice.sent_at, notice.given_up_at = None, now, None
            rule.failing_since = None
            return
        _put_off(notice, outcome, now)
        if notice.group_key == writing.TEST:
            return
        rule.failing_since = rule.failing_since or now
        session.flush()
        if because := _hopeless(rule, notice, outcome, now):
            rules.switch_off(session, desk.settings.master_keys, rule, because)


def _attempt(notice: Notice, outcome: Outcome) -> NoticeAttempt:
    return NoticeAttempt(
        tenant_id=notice.tenant_id,
        notice_id=notice.id,
        taken=outcome.taken,
        status=outcome.status,
        reason=outcome.reason[:500],
        answer=outcome.answer,
        duration_ms=outcome.duration_ms,
    )


def _put_off(notice: Notice, outcome: Outcome, now: datetime) -> None:
    """Say when it is tried next; a test, and what nobody will ever take, not again."""
    if outcome.gone or notice.group_key == writing.TEST or notice.attempts > len(PAUSES):
        notice.due_at, notice.given_up_at = None, now
    else:
        pause = max(PAUSES[notice.attempts - 1], timedelta(seconds=outcome.after or 0))
        notice.due_at = now + pause


def _hopeless(rule: NoticeRule, notice: Notice, outcome: Outcome, now: datetime) -> str:
    """Why a rule is to be switched off; empty when it is not."""
    if outcome.gone:
        return "It answered 410: nothing is taken there any more."
    long = rule.failing_since is not None and rule.failing_since < now - _DAYS
    if notice.given_up_at is not None and long:
        return f"It has taken nothing for days, lastly because {outcome.reason}."
    return ""
