"""Reconcile: one step per link. Settle what is open, look at both sides, decide, write at most what is
needed, and say why. Duplicates, reordering, loss and crashes all lead here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import Connection, Link
from portal.sync import journal
from portal.sync.decisions import Decision, DestinationByLicense, Facts, Inquiry, Question
from portal.sync.domain import Destination
from portal.sync.engine import breaker, crash, outlook
from portal.sync.engine.accounts import Account
from portal.sync.engine.claim import Claim, LostLease, hand_back, hold
from portal.sync.engine.desk import Desk
from portal.sync.engine.gate import why_no_writes
from portal.sync.engine.once import made_already
from portal.sync.engine.operate import LOOP_SECONDS, operate
from portal.sync.engine.outlook import ForAPerson, Outlook, due_at
from portal.sync.engine.settle import StillUnknown, settle
from portal.sync.engine.sight import Sight, close_deliveries, how_we_know, look, note
from portal.sync.engine.writes import destination_key, write_of
from portal.sync.errors import ConnectionBroken, Rejected, Retryable, SyncError, Unreadable, Unsettled
from portal.sync.mapping.plan import plan_order

# A link needs at most a handful of writes in a row; more is a loop, and loops stop.
_MOST_STEPS = 8
_MOST_INQUIRIES = 6


def reconcile(desk: Desk, claim: Claim, account: Account) -> None:
    """Work on one claimed link until it needs nothing, or must wait."""
    crash.point("claimed")
    try:
        _conclude(desk, claim, _look_and_act(desk, claim, account))
    except _Stopping:
        _put_back(desk, claim)
    except LostLease:
        return  # whoever has it now goes on from what is committed


class _Stopping(Exception):
    """This process is asked to end: the rest of the look is another worker's."""


def _put_back(desk: Desk, claim: Claim) -> None:
    """Hand a link back as it is, due at once."""
    with desk.tenant(claim.tenant_id) as session:
        hand_back(hold(session, claim), claim, due_at=_now(session))


def _now(session: Session) -> datetime:
    now: datetime = session.execute(select(func.now())).scalar_one()
    return now


def _look_and_act(desk: Desk, claim: Claim, account: Account) -> Outlook:
    try:
        settle(desk, claim, account)
        return _steps(desk, claim, account)
    except (SyncError, StillUnknown, ForAPerson) as ending:
        return _outlook_after(desk, claim, account, ending)


def _outlook_after(desk: Desk, claim: Claim, account: Account, ending: Exception) -> Outlook:
    """Each way in which a look can break off, and how it goes on."""
    match ending:
        case StillUnknown():
            return outlook.unknown("A write has no recorded outcome yet", account, until=ending.until)
        case Unsettled():
            return outlook.unknown(ending.reason, account)
        case ForAPerson():
            return outlook.stuck(ending.finding, again_in=ending.again_in)
        case Rejected():
            return outlook.stuck(outlook.refused(ending))
        case Unreadable():
            return outlook.stuck(outlook.unreadable(ending), again_in=desk.settings.backoff_cap_seconds)
        case ConnectionBroken() if breaker.credentials_refused(desk, claim, account, ending):
            return outlook.broken(ending)
        case Retryable() | ConnectionBroken():
            return outlook.retry(ending)
        case _:
            raise ending


def _steps(desk: Desk, claim: Claim, account: Account) -> Outlook:
    sight: Sight | None = None
    wrote = ""
    for _ in range(_MOST_STEPS):
        if desk.stopping.is_set():
            raise _Stopping
        with desk.tenant(claim.tenant_id) as session:
            link = hold(session, claim)
            how = how_we_know(session, link)
        sight = look(account, link, before=sight, wrote=wrote)
        crash.point("looked")
        with desk.tenant(claim.tenant_id) as session:
            link = hold(session, claim)
            note(session, link, sight, account, how=how)
        crash.point("noted")
        decision = _decide(desk, claim, account, link, sight)
        crash.point("decided")
        if decision.action is None:
            return Outlook(decision)
        obstacle = _obstacle(desk, claim)
        if obstacle:
            return Outlook(outlook.held_back(decision, obstacle))
        _journal_decision(desk, claim, decision)
        crash.point("before_intent")
        write = write_of(decision.action, account, number=link.foreign_id, outbound=sight.outbound)
        operate(desk, claim, account, write)
        wrote = write.side
    finding = outlook.loop("write to this order", _MOST_STEPS)
    return outlook.stuck(finding, again_in=LOOP_SECONDS)


def _decide(desk: Desk, claim: Claim, account: Account, link: Link, sight: Sight) -> Decision:
    """Plan, answering the planner's questions until it can decide."""
    facts: dict[Question, object] = {}
    for _ in range(_MOST_INQUIRIES):
        answer = plan_order(
            sight.order,
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
        answers[question] = account.answer(question)
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
        return why_no_writes(session, session.get_one(Connection, claim.connection_id))


def _journal_decision(desk: Desk, claim: Claim, decision: Decision) -> None:
    """A decision is told once, not each time that it is found again."""
    with desk.tenant(claim.tenant_id) as session:
        link = hold(session, claim)
        if (link.decision_code, link.decision_text) == (decision.code, decision.sentence):
            return
        _set_decision(link, decision)
        tone = "bad" if decision.state == "stuck" else "plain"
        evidence = {"findings": [finding.title for finding in decision.findings]}
        what, colon, why = decision.sentence.partition(": ")
        told = f"{why} {decision.next_step}".strip()
        entry = journal.Entry("trellis", "Trellis decided", f"{what}{colon.strip()}", told, tone=tone)
        journal.tell(session, link, entry)
        level = {"stuck": "stuck", "waiting": "info"}.get(decision.state, "done")
        journal.log(session, link, level, decision.sentence, run_id=claim.run_id, raw=evidence)


def _set_decision(link: Link, decision: Decision) -> None:
    if link.state != decision.state:
        link.state_since = func.now()
    link.state = decision.state
    link.decision_code = decision.code
    link.decision_text = decision.sentence
    link.next_step = decision.next_step


def _conclude(desk: Desk, claim: Claim, view: Outlook) -> None:
    """Hand the link back with its decision, its problems and its next due time, in one commit."""
    _journal_decision(desk, claim, view.decision)
    crash.point("before_conclusion")
    with desk.tenant(claim.tenant_id) as session:
        link = hold(session, claim)
        _set_decision(link, view.decision)
        if view.decision.base is not None:
            link.base = dict(view.decision.base)
        link.attempts = link.attempts + 1 if view.failed else 0
        if view.conclusive:
            _report(session, link, view.decision)
        close_deliveries(session, link, view.decision.sentence, until=claim.at)
        hand_back(link, claim, due_at=due_at(session, link, view, desk.settings.backoff_cap_seconds))
        if view.conclusive or view.failed:
            why = view.decision.sentence
            breaker.note_result(session, claim.connection_id, failed=view.failed, why=why)
    crash.point("after_conclusion")


def _report(session: Session, link: Link, decision: Decision) -> None:
    opened, closed = journal.report(session, link, decision.findings)
    if closed and not opened:
        entry = journal.Entry("trellis", "Trellis", "Problem solved", "The cause is gone.", tone="ok")
        journal.tell(session, link, entry)
