"""Operations: one write each. Intent before the call, one call, and the outcome under the fence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.models import Link, Operation, TimelineEvent
from portal.sync import journal
from portal.sync.domain import Json
from portal.sync.engine import crash
from portal.sync.engine.accounts import Account
from portal.sync.engine.claim import Claim, hold
from portal.sync.engine.desk import Desk
from portal.sync.engine.outlook import ForAPerson, loop
from portal.sync.engine.retail_writes import refuse_while_made
from portal.sync.engine.writes import Outcome, Write
from portal.sync.errors import ConnectionBroken, Rejected, Retryable, Unsettled
from portal.sync.http import Exchange

# Another link is making the same thing: soon it will be there.
_ELSEWHERE_SECONDS = 2.0
# The same kind of write on one link too often within this time is a loop, and loops stop.
LOOP_SECONDS = 600.0


# Built once, as each write needs them: to build a statement costs more than to run it.
_ALIKE = select(func.count()).where(
    Operation.link_id == bindparam("of_link"),
    Operation.kind == bindparam("of_kind"),
    Operation.status.in_(("ok", "unknown")),
    Operation.intent_at > func.now() - timedelta(seconds=LOOP_SECONDS),
)
# What somebody else did to it last, before this transaction.
_PROMPT = (
    select(func.concat(TimelineEvent.actor, ": ", TimelineEvent.title))
    .where(TimelineEvent.link_id == bindparam("of_link"), TimelineEvent.actor.not_in(journal.OURSELVES))
    .order_by(TimelineEvent.seq.desc())
    .limit(1)
    .scalar_subquery()
)
_OPERATION = Operation.metadata.tables["operation"]
_INTEND = (
    insert(_OPERATION)
    .values(sent_at=func.now(), prompted_by=func.coalesce(bindparam("told"), _PROMPT, ""))
    .returning(_ALIKE.scalar_subquery())
)
_WORKED = (
    update(_OPERATION)
    .where(Operation.id == bindparam("operation"))
    .values(status="ok", finished_at=func.now())
)


def intend(session: Session, link: Link, claim: Claim, account: Account, write: Write, why: str) -> UUID:
    """Write down what is about to be done; once this is committed it counts as sent.

    Args:
        session: the transaction in which it is decided.
        link: the link, locked by `hold`.
        claim: the claim, whose fence the intent carries.
        account: both sides, open.
        write: the write.
        why: the decision that it carries out, as a sentence.

    Returns:
        The operation's id, which is the write's own.

    Raises:
        ForAPerson: it was made again and again in the last minutes: somebody undoes it each time.
        Retryable: another link is making what may be the same.
    """
    intent = {
        "id": write.id,
        "tenant_id": link.tenant_id,
        "connection_id": link.connection_id,
        "hub_id": link.hub_id,
        "link_id": link.id,
        "kind": write.kind,
        "system": "flourish" if write.side == "flourish" else account.platform.key,
        "natural_key": write.natural_key,
        "once": write.once,
        "request": dict(write.request),
        "changes": [list(change) for change in write.changes],
        "why": why,
        "prompted_at": _changed_at(link, write),
        "base": dict(write.base) if write.base is not None else None,
        "fence": claim.fence,
    }
    if write.sole:
        refuse_while_made(session, link.hub_id, write.sole)
    around = {"of_link": link.id, "of_kind": write.kind, "told": journal.told_of_others(session, link)}
    made = session.execute(_INTEND, {**intent, **around}).scalar_one()
    if made >= write.most_alike:
        raise ForAPerson(loop(write.purpose, made + 1), again_in=LOOP_SECONDS)
    return write.id


def _changed_at(link: Link, write: Write) -> datetime | None:
    """When the other side last changed the order that is written, by its own clock."""
    version = link.foreign_version if write.side == "flourish" else link.flourish_version
    return datetime.fromisoformat(version) if version and link.kind == "order" else None


@contextmanager
def elsewhere(write: Write) -> Iterator[None]:
    """Around the commit of an intent: another link may be making the same thing now.

    Raises:
        Retryable: it is.
    """
    try:
        yield
    except IntegrityError as error:
        if "uq_operation_once" not in str(error.orig):
            raise
        reason = f"Another one is about to {write.purpose}"
        raise Retryable(reason, after=_ELSEWHERE_SECONDS, throttled=True) from error


def operate(desk: Desk, claim: Claim, account: Account, write: Write, operation_id: UUID) -> Outcome:
    """Make one write whose intent is committed, and record what came of it.

    Raises:
        Unsettled: nobody knows whether it took effect; the operation stays open as `unknown`.
        Retryable: it did not take effect.
        Rejected: it was refused, and recorded as such.
        ConnectionBroken: the credentials do not work.
        LostLease: the link is somebody else's by now; the outcome stays open for them to settle.
    """
    crash.point("after_intent")
    account.tape.take()
    try:
        outcome = write.call()
    except Unsettled as error:
        _leave_unknown(desk, claim, account, write, operation_id, error)
        raise
    except (Retryable, ConnectionBroken) as error:
        _abandon(desk, claim, operation_id, str(error))
        raise
    except Rejected as error:
        _refuse(desk, claim, account, write, operation_id, error)
        raise
    crash.point("after_call")
    record(desk, claim, account, write, operation_id, outcome)
    crash.point("after_record")
    return outcome


def record(
    desk: Desk, claim: Claim, account: Account, write: Write, operation_id: UUID, outcome: Outcome
) -> None:
    """Record a write that worked: the operation, the link, and the row of its story, in one commit."""
    exchanges = account.tape.take()
    last = exchanges[-1] if exchanges else None
    detail = _detail(write, exchanges)
    made: dict[str, Any] = {"operation": operation_id, "response_ref": outcome.ref}
    if last is not None:
        answer = {"answer": last.answer}
        made |= {"http_status": last.status, "duration_ms": last.duration_ms, "response": answer}
    how = f"{last.method} {last.path}, {last.duration_ms} ms" if last else ""
    entry = journal.Entry(write.side, "Trellis", outcome.title, outcome.text, how, "ok", detail, operation_id)
    system = account.platform.label if write.side == "platform" else "Flourish"
    with desk.tenant(claim.tenant_id) as session:
        link = hold(session, claim)
        session.execute(_WORKED, made)
        if write.side == "flourish" and link.flourish_version:
            # A read that shows this version from now on lags behind the write (sight.look).
            link.snapshot = {**link.snapshot, "behind": link.flourish_version}
        take_effect(link, outcome, write.base)
        outcome.effect(session, link)
        journal.tell(session, link, entry)
        journal.log(session, link, "done", f"{system}: {outcome.title}", run_id=claim.run_id, raw=detail)


def take_effect(link: Link, outcome: Outcome, base: Json | None) -> None:
    """Set on a link what a write that worked did to it, and what both sides agree on since."""
    for name, value in outcome.link.items():
        setattr(link, name, value)
    if base is not None:
        link.base = dict(base)
    # Its own webhook may have come before the answer of its create.
    if link.flourish_id in link.claimants:
        link.claimants = [one for one in link.claimants if one != link.flourish_id]


def _detail(write: Write, exchanges: list[Exchange]) -> dict[str, object]:
    """What a person may unfold: the call, what it sent and what came back, redacted."""
    last = exchanges[-1] if exchanges else None
    return {
        "call": f"{last.method} {last.path}" if last else "",
        "request": dict(write.request),
        "answer": last.answer if last else None,
        **({"changes": [list(change) for change in write.changes]} if write.changes else {}),
    }


def _finish(operation: Operation, status: str, error: str | None = None) -> None:
    operation.status = status
    operation.finished_at = func.now()
    operation.error = error


def _leave_unknown(
    desk: Desk, claim: Claim, account: Account, write: Write, operation_id: UUID, error: Unsettled
) -> None:
    """The call may have taken effect: keep it open, and say until when nothing more is sent."""
    with desk.tenant(claim.tenant_id) as session:
        link = hold(session, claim)
        operation = session.get_one(Operation, operation_id)
        # Asked for first: the row must not be flushed as unknown without it.
        operation.settle_at = settle_time(session, operation, account.settle_seconds)
        operation.status = "unknown"
        operation.error = error.reason
        operation.http_status = error.http_status
        seconds = round(account.settle_seconds)
        text = (
            f"{error.reason}. Nobody knows yet whether it took effect; Trellis sends nothing more and looks"
            f" again {seconds} s after it was sent."
        )
        detail = _detail(write, account.tape.take())
        entry = journal.Entry(
            write.side,
            "Trellis",
            f"Tried to {write.purpose}",
            text,
            tone="warn",
            detail=detail,
            operation_id=operation.id,
        )
        journal.tell(session, link, entry)
        journal.log(session, link, "wait", f"Unknown outcome: {error.reason}", run_id=claim.run_id)


def settle_time(session: Session, operation: Operation, settle_seconds: float) -> datetime:
    """When the other system must have finished what was sent, by the database's clock."""
    sent = func.coalesce(Operation.sent_at, Operation.intent_at)
    query = select(sent + timedelta(seconds=settle_seconds)).where(Operation.id == operation.id)
    settles: datetime = session.execute(query).scalar_one()
    return settles


def _abandon(desk: Desk, claim: Claim, operation_id: UUID, reason: str) -> None:
    """It certainly did not take effect."""
    with desk.tenant(claim.tenant_id) as session:
        hold(session, claim)
        _finish(session.get_one(Operation, operation_id), "abandoned", reason)


def _refuse(
    desk: Desk, claim: Claim, account: Account, write: Write, operation_id: UUID, error: Rejected
) -> None:
    exchanges = account.tape.take()
    with desk.tenant(claim.tenant_id) as session:
        link = hold(session, claim)
        operation = session.get_one(Operation, operation_id)
        _finish(operation, "refused", str(error))
        operation.http_status = error.http_status
        detail = _detail(write, exchanges)
        entry = journal.Entry(
            write.side,
            "Trellis",
            f"Refused: could not {write.purpose}",
            str(error),
            tone="bad",
            detail=detail,
            operation_id=operation.id,
        )
        journal.tell(session, link, entry)
        journal.log(session, link, "stuck", f"Refused: {error}", run_id=claim.run_id, raw=detail)
