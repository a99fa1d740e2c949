"""Reconcile: one step per link. Settle what is open, look at both sides, decide, write at most what is
needed, and say why. Duplicates, reordering, loss and crashes all lead here."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import Connection, Link, Tenant
from portal.sync import journal
from portal.sync.domain import (
    Decision,
    Destination,
    DestinationByLicense,
    Facts,
    Finding,
    Inquiry,
    Question,
    RepEmail,
    SourceOrder,
)
from portal.sync.engine import breaker, crash
from portal.sync.engine.accounts import Account
from portal.sync.engine.claim import Claim, LostLease, hand_back, hold
from portal.sync.engine.desk import Desk
from portal.sync.engine.gate import why_no_writes
from portal.sync.engine.once import made_already
from portal.sync.engine.operate import operate
from portal.sync.engine.settle import Ambiguous, StillUnknown, settle
from portal.sync.engine.sight import Sight, close_deliveries, how_we_know, look, note
from portal.sync.engine.writes import destination_key, write_of
from portal.sync.errors import ConnectionBroken, Rejected, Retryable, Unreadable, Unsettled
from portal.sync.mapping.plan import plan_order

# A link needs at most a handful of writes in a row; more is a loop, and loops stop.
_MOST_STEPS = 8
_MOST_INQUIRIES = 6
_FIRST_RETRY_SECONDS = 5.0


@dataclass(frozen=True)
class Outlook:
    """How a look at a link ended: what is decided, and when to look again."""

    decision: Decision
    again_in: float | None = None
    again_at: datetime | None = None
    failed: bool = False


def reconcile(desk: Desk, claim: Claim, account: Account) -> None:
    """Work on one claimed link until it needs nothing, or must wait."""
    try:
        outlook = _look_and_act(desk, claim, account)
        _conclude(desk, claim, outlook)
    except LostLease:
        return  # whoever has it now goes on from what is committed


def _look_and_act(desk: Desk, claim: Claim, account: Account) -> Outlook:
    """Turn every way in which a look can end into an outlook."""
    try:
        settle(desk, claim, account)
        return _steps(desk, claim, account)
    except StillUnknown as wait:
        return Outlook(_unknown("A write has no recorded outcome yet", account), again_at=wait.until)
    except Unsettled as error:
        return Outlook(_unknown(error.reason, account), again_in=account.settle_seconds)
    except Ambiguous as error:
        return Outlook(_stuck(error.finding))
    except Retryable as error:
        again = max(error.after or 0.0, 0.0)
        return Outlook(_retry(error), again_in=again or None, failed=not error.throttled)
    except Rejected as error:
        return Outlook(_stuck(_refused(error, account)))
    except Unreadable as error:
        return Outlook(_stuck(_unreadable(error)), again_in=desk.settings.backoff_cap_seconds)
    except ConnectionBroken as error:
        confirmed = breaker.credentials_refused(desk, claim, account, error)
        return Outlook(_broken(error), again_in=0.0) if confirmed else Outlook(_retry(error), failed=True)


def _steps(desk: Desk, claim: Claim, account: Account) -> Outlook:
    for _ in range(_MOST_STEPS):
        with desk.tenant(claim.tenant_id) as session:
            link = hold(session, claim)
            how = how_we_know(session, link)
        sight = look(account, link)
        with desk.tenant(claim.tenant_id) as session:
            link = hold(session, claim)
            note(session, link, sight, account, how=how)
        if sight.missing is not None or sight.order is None:
            return Outlook(
                _stuck(sight.missing or Finding("gone", "The order is gone", "Look on both sides."))
            )
        decision = _decide(desk, claim, account, link, sight, sight.order)
        _journal_decision(desk, claim, decision)
        if decision.action is None:
            return Outlook(decision)
        obstacle = _obstacle(desk, claim)
        if obstacle:
            return Outlook(
                replace(decision, sentence=f"{decision.sentence} Not now: {obstacle}.", action=None)
            )
        crash.point("before_intent")
        write = write_of(decision.action, account, number=link.foreign_id, outbound=sight.outbound)
        operate(desk, claim, account, write)
    return Outlook(_stuck(_loop()))


def _decide(
    desk: Desk, claim: Claim, account: Account, link: Link, sight: Sight, order: SourceOrder
) -> Decision:
    """Plan, answering the planner's questions until it can decide."""
    facts: dict[Question, object] = {}
    for _ in range(_MOST_INQUIRIES):
        answer = plan_order(
            order,
            sight.outbound,
            base=link.base,
            rules=account.rules,
            facts=facts,
            next_move=account.platform.next_move,
        )
        if isinstance(answer, Decision):
            return answer
        facts |= _answers(desk, claim, account, link, answer)
    raise RuntimeError("the planner keeps asking")


def _answers(desk: Desk, claim: Claim, account: Account, link: Link, inquiry: Inquiry) -> Facts:
    answers: dict[Question, object] = {}
    for question in inquiry.questions:
        if isinstance(question, RepEmail):
            answers[question] = account.client.rep_email(question)
            continue
        answers[question] = account.flourish.answer(question, facility_id=account.rules.facility.id)
        if isinstance(question, DestinationByLicense) and not answers[question]:
            answers[question] = _made_destination(desk, claim, link, question)
    return answers


def _made_destination(
    desk: Desk, claim: Claim, link: Link, question: DestinationByLicense
) -> tuple[Destination, ...]:
    """Flourish may not list yet what we made a moment ago: our own record of it counts."""
    with desk.tenant(claim.tenant_id) as session:
        made = made_already(session, link.hub_id, destination_key(question.license))
    return (Destination(made, "", question.license, True),) if made else ()


def _obstacle(desk: Desk, claim: Claim) -> str:
    """Why nothing may be written now; asked anew before each write, as a person may have paused it."""
    with desk.tenant(claim.tenant_id) as session:
        connection = session.get_one(Connection, claim.connection_id)
        return why_no_writes(connection, session.get_one(Tenant, claim.tenant_id))


def _journal_decision(desk: Desk, claim: Claim, decision: Decision) -> None:
    """A decision is told once, not each time that it is found again."""
    with desk.tenant(claim.tenant_id) as session:
        link = hold(session, claim)
        if (link.decision_code, link.decision_text) == (decision.code, decision.sentence):
            return
        _set_decision(link, decision)
        tone = "bad" if decision.state == "stuck" else "plain"
        evidence = {"findings": [finding.title for finding in decision.findings]}
        journal.tell(
            session,
            link,
            journal.Entry("trellis", "Trellis decided", decision.sentence, decision.next_step, tone=tone),
        )
        level = {"stuck": "stuck", "waiting": "info"}.get(decision.state, "done")
        journal.log(session, link, level, decision.sentence, run_id=claim.run_id, raw=evidence)


def _set_decision(link: Link, decision: Decision) -> None:
    if link.state != decision.state:
        link.state_since = func.now()
    link.state = decision.state
    link.decision_code = decision.code
    link.decision_text = decision.sentence
    link.next_step = decision.next_step


def _conclude(desk: Desk, claim: Claim, outlook: Outlook) -> None:
    """Hand the link back with its decision, its problems and its next due time, in one commit."""
    _journal_decision(desk, claim, outlook.decision)
    with desk.tenant(claim.tenant_id) as session:
        link = hold(session, claim)
        _set_decision(link, outlook.decision)
        link.attempts = link.attempts + 1 if outlook.failed else 0
        opened, closed = journal.report(session, link, outlook.decision.findings)
        if closed and not opened:
            entry = journal.Entry("trellis", "Trellis", "Problem solved", "The cause is gone.", tone="ok")
            journal.tell(session, link, entry)
        close_deliveries(session, link, outlook.decision.sentence)
        due_at = _due_at(session, link, outlook, desk.settings.backoff_cap_seconds)
        hand_back(link, claim, due_at=due_at)
        breaker.note_result(session, claim.connection_id, failed=outlook.failed)


def _due_at(session: Session, link: Link, outlook: Outlook, cap_seconds: float) -> datetime | None:
    if outlook.again_at is not None:
        return outlook.again_at
    seconds = outlook.again_in
    if outlook.failed:
        seconds = max(seconds or 0.0, backoff(link.attempts, cap_seconds))
    elif seconds is None and outlook.decision.code == "retry":
        seconds = 1.0
    if seconds is None:
        return None
    due: datetime = session.execute(select(func.now() + timedelta(seconds=seconds))).scalar_one()
    return due


def backoff(attempts: int, cap_seconds: float) -> float:
    """Seconds to wait after so many failures in a row: full jitter under a doubling ceiling."""
    ceiling = min(cap_seconds, _FIRST_RETRY_SECONDS * 2 ** min(attempts, 12))
    return random.uniform(min(1.0, ceiling), ceiling)  # noqa: S311 - spreads retries; nothing secret


def _unknown(reason: str, account: Account) -> Decision:
    return Decision(
        "unknown",
        f"{reason}: nobody knows yet whether the last write took effect.",
        f"Trellis looks {round(account.settle_seconds)} s after it was sent, before it sends anything more.",
        "waiting",
    )


def _retry(error: Retryable | ConnectionBroken) -> Decision:
    return Decision("retry", f"{error.reason}.", "Trellis tries again by itself.", "waiting")


def _stuck(finding: Finding) -> Decision:
    return Decision(finding.code, f"{finding.title}.", finding.next_step, "stuck", findings=(finding,))


def _refused(error: Rejected, account: Account) -> Finding:
    return Finding(
        "refused",
        f"It was refused: {error}",
        "Correct what is named, then press Retry; an order that changes is tried again by itself.",
        cause=error.field,
        evidence={"field": error.field, "reason": error.reason, "status": error.http_status},
    )


def _unreadable(error: Unreadable) -> Finding:
    return Finding(
        "unreadable",
        f"An answer could not be read: {error}",
        "Trellis tries again; if it stays, send this page to support.",
        cause=error.field,
        who="support",
        evidence={"field": error.field, "excerpt": error.excerpt},
    )


def _broken(error: ConnectionBroken) -> Decision:
    return Decision(
        "credentials",
        f"The connection's key was refused: {error.reason}.",
        "An admin replaces the key; everything waiting then goes on.",
        "waiting",
    )


def _loop() -> Finding:
    return Finding(
        "loop",
        f"The order needed more than {_MOST_STEPS} writes in a row",
        "Look at its story for two rules that undo each other, then press Retry.",
        who="support",
    )
