"""Reconcile: one step per link. Settle what is open, look at both sides, decide, write at most what is
needed, and say why. Duplicates, reordering, loss and crashes all lead here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, case, exists, func, select
from sqlalchemy.orm import Session

from portal.models import Connection, Delivery, Link, Operation, Problem
from portal.sync import journal
from portal.sync.decisions import Decision, Finding
from portal.sync.engine import breaker, combining, crash, outlook
from portal.sync.engine.accounts import Account
from portal.sync.engine.claim import Claim, LostLease, hand_back, hold, in_seconds
from portal.sync.engine.claimants import hear
from portal.sync.engine.desk import Desk
from portal.sync.engine.gate import on_hold, why_no_writes
from portal.sync.engine.items import ItemMatter
from portal.sync.engine.matter import Matter
from portal.sync.engine.operate import LOOP_SECONDS, elsewhere, intend, operate
from portal.sync.engine.orders import Known, OrderMatter
from portal.sync.engine.outlook import ForAPerson, Outlook, due_at
from portal.sync.engine.said import said_of
from portal.sync.engine.settle import StillUnknown, settle, there_after_all
from portal.sync.engine.sight import close_deliveries
from portal.sync.engine.writes import Write
from portal.sync.errors import ConnectionBroken, Rejected, Retryable, SyncError, Unreadable, Unsettled
from portal.sync.questions import Question, TermNamed

# A link needs at most a handful of writes in a row; more is a loop, and loops stop.
_MOST_STEPS = 8
_MOST_INQUIRIES = 6


def reconcile(desk: Desk, claim: Claim, account: Account) -> str:
    """Work on one claimed link until it needs nothing, or must wait.

    Returns:
        The state in which the link was left; "lost" when somebody else has it by now, "handed back" when this
        process is to end.
    """
    crash.point("claimed")
    try:
        return _Look(desk, claim, account, _begin(desk, claim)).run()
    except _Stopping:
        _put_back(desk, claim)
        return "handed back"
    except LostLease:
        return "lost"  # whoever has it now goes on from what is committed


class _Stopping(Exception):
    """This process is asked to end: the rest of the look is another worker's."""


class _HeldBack(Exception):
    """Nothing may be written now."""


def _put_back(desk: Desk, claim: Claim) -> None:
    """Hand a link back as it is, due at once."""
    with desk.tenant(claim.tenant_id) as session:
        hand_back(hold(session, claim), claim, due_at=in_seconds(0))


@dataclass(frozen=True)
class _Start:
    """What our rows say of a link as a look at it begins."""

    number: str
    flourish_id: str | None
    hub_id: UUID
    base: Mapping[str, Any] | None
    unsettled: bool
    announced: bool
    has_problem: bool
    failures: int
    claimants: Sequence[str] = ()
    former_ids: Sequence[str] = ()
    kind: str = "order"
    choices: Mapping[str, Any] = field(default_factory=dict)
    decision_code: str | None = None
    # The version of Flourish's order that a write of ours went over a moment ago.
    behind: str | None = None
    said_revision: int = 0


# For so long a read that shows what was there before our write is taken for one that lags.
_LAG = timedelta(seconds=30)
_WROTE_LATELY = exists().where(
    Operation.link_id == Link.id,
    Operation.system == "flourish",
    Operation.status == "ok",
    Operation.finished_at > func.now() - _LAG,
)

_BEGIN = (
    select(
        Link.foreign_id,
        Link.flourish_id,
        Link.hub_id,
        Link.base,
        exists().where(Operation.link_id == Link.id, Operation.status.in_(("intent", "unknown"))),
        exists().where(Delivery.link_id == Link.id, Delivery.outcome.is_(None)),
        exists().where(Problem.subject_id == Link.id, Problem.closed_at.is_(None)),
        Connection.failures,
        Link.claimants,
        Link.former_ids,
        Link.kind,
        Link.choices,
        Link.decision_code,
        case((_WROTE_LATELY, Link.snapshot["behind"].astext)),
        Connection.said_revision,
    )
    .join(Connection, Connection.id == Link.connection_id)
    .where(Link.id == bindparam("link"), Link.fence == bindparam("fence"), Link.lease_until.is_not(None))
)


def _begin(desk: Desk, claim: Claim) -> _Start:
    """Read all that a look needs to begin, in one query.

    Raises:
        LostLease: the fence has moved on.
    """
    with desk.tenant(claim.tenant_id) as session:
        row = session.execute(_BEGIN, {"link": claim.link_id, "fence": claim.fence}).first()
    if row is None:
        raise LostLease(str(claim.link_id))
    return _Start(*row)


class _Look:
    """One look at one link. What it saw is written down with what it does next: a look at a settled order is
    two commits, a write two more."""

    def __init__(self, desk: Desk, claim: Claim, account: Account, start: _Start) -> None:
        self._desk = desk
        self._claim = claim
        self._account = _by_what_was_said(desk, claim, account, start)
        self._start = start
        self._flourish_id = start.flourish_id
        self._base = start.base
        self._matter = _matter_of(desk, claim, self._account, start)
        self._unnoted = False
        self._twins: tuple[Finding, ...] = ()
        self._terms_found: set[str] = set()
        self._originals: tuple[str, ...] = ()

    def run(self) -> str:
        """Work until the link needs nothing, or must wait; returns the state in which it is left."""
        view = self._act()
        crash.point("before_conclusion")
        with self._desk.tenant(self._claim.tenant_id) as session, session.no_autoflush:
            self._conclude(session, hold(session, self._claim), view)
        crash.point("after_conclusion")
        self._look_at_originals()
        return view.decision.state

    def _act(self) -> Outlook:
        try:
            if self._start.unsettled:
                settle(self._desk, self._claim, self._account)
                self._begin_again()
            if self._start.claimants:
                start, account = self._start, self._account
                own, ids = start.flourish_id, start.claimants
                self._twins = hear(
                    self._desk, self._claim, account, number=start.number, flourish_id=own, ids=ids
                )
                self._begin_again()
            return self._steps()
        except (SyncError, StillUnknown, ForAPerson) as ending:
            return self._outlook_after(ending)

    def _look_at_originals(self) -> None:
        """Apart from the look, which must not lock what wakes it. If it is lost, their pages still say it."""
        if self._originals:
            with self._desk.tenant(self._claim.tenant_id) as session:
                combining.look_at(session, [UUID(one) for one in self._originals])

    def _begin_again(self) -> None:
        self._start = _begin(self._desk, self._claim)
        self._flourish_id, self._base = self._start.flourish_id, self._start.base
        self._matter = _matter_of(self._desk, self._claim, self._account, self._start)

    def _outlook_after(self, ending: Exception) -> Outlook:
        """Each way in which a look can break off, and how it goes on."""
        desk, account = self._desk, self._account
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
            case ConnectionBroken() if breaker.credentials_refused(desk, self._claim, account, ending):
                return outlook.broken(ending)
            case Retryable() | ConnectionBroken():
                return outlook.retry(ending)
            case _:
                raise ending

    def _steps(self) -> Outlook:
        wrote, steps = "", 0
        while steps < _MOST_STEPS:
            if self._desk.stopping.is_set():
                raise _Stopping
            self._matter.see(self._flourish_id, wrote=wrote)
            self._unnoted = True
            crash.point("looked")
            decision = self._decide()
            crash.point("decided")
            if decision.action is None:
                return Outlook(decision, again_in=decision.again_in)
            write = self._matter.write(decision.action)
            try:
                self._write(decision, write)
            except _HeldBack as obstacle:
                return Outlook(outlook.held_back(decision, str(obstacle)))
            wrote = write.side
            steps += not write.is_one_of_many
        finding = outlook.loop("write to this", _MOST_STEPS)
        return outlook.stuck(finding, again_in=LOOP_SECONDS)

    def _write(self, decision: Decision, write: Write) -> None:
        # First, as it may take seconds: from the intent's commit on, the call may be on its way.
        self._account.turn(write.side)
        crash.point("before_intent")
        with elsewhere(write), self._desk.tenant(self._claim.tenant_id) as session, session.no_autoflush:
            link = hold(session, self._claim)
            # Asked anew before each write: a person may have paused it.
            obstacle = why_no_writes(session, link.connection_id, is_tried=link.is_tried)
            if obstacle := obstacle or on_hold(link):
                raise _HeldBack(obstacle)
            self._note(session, link)
            if not combining.keep(session, link, decision.originals):
                raise Retryable("Another order was combined of the same ones", after=1.0, throttled=True)
            self._tell_decision(session, link, decision)
            operation_id = intend(session, link, self._claim, self._account, write, decision.sentence)
        self._unnoted = False
        self._originals += decision.originals
        try:
            outcome = operate(self._desk, self._claim, self._account, write, operation_id)
        except Rejected:
            if not there_after_all(self._desk, self._claim, self._account, operation_id):
                raise
            self._begin_again()
            return
        self._flourish_id = outcome.link.get("flourish_id", self._flourish_id)
        self._base = write.base if write.base is not None else self._base
        if "former_ids" in outcome.link:
            self._begin_again()

    def _decide(self) -> Decision:
        """Plan, answering the planner's questions until it can decide."""
        facts: dict[Question, object] = {}
        for _ in range(_MOST_INQUIRIES):
            answer = self._matter.plan(self._base, facts)
            if isinstance(answer, Decision):
                return replace(answer, findings=(*answer.findings, *self._twins))
            facts |= {question: self._matter.answer(question) for question in answer.questions}
            self._terms_found |= {
                one.name for one in answer.questions if isinstance(one, TermNamed) and facts[one]
            }
        raise RuntimeError("the planner keeps asking")

    def _note(self, session: Session, link: Link) -> None:
        if self._unnoted:
            self._matter.note(session, link, how="webhook" if self._start.announced else "look")

    def _tell_decision(self, session: Session, link: Link, decision: Decision) -> None:
        """A decision is told once, not each time that it is found again."""
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
        journal.log(session, link, level, decision.sentence, run_id=self._claim.run_id, raw=evidence)

    def _conclude(self, session: Session, link: Link, view: Outlook) -> None:
        """Hand the link back with its decision, its problems and its next due time, in one commit."""
        decision, claim = view.decision, self._claim
        if view.is_wait:
            journal.log(session, link, "wait", decision.sentence, run_id=claim.run_id)
            decision = outlook.after_wait(link, decision)
        self._note(session, link)
        combining.keep(session, link, decision.originals)
        self._originals += decision.originals
        if link.merged_at is not None:
            combining.wake(session, link)
        self._tell_decision(session, link, decision)
        _set_decision(link, decision)
        if decision.base is not None:
            link.base = dict(decision.base)
        link.attempts = link.attempts + 1 if view.failed else 0
        if view.conclusive:
            self._report(session, link, decision)
            _note_drift(session, link, decision)
        if self._start.announced:
            close_deliveries(session, link, decision.sentence, until=claim.at)
        echoes = self._close_echoes(session, link)
        hand_back(
            link, claim, echoes=echoes, due_at=due_at(link, view, self._desk.settings.backoff_cap_seconds)
        )
        if view.failed:
            breaker.note_failure(session, claim.connection_id, decision.sentence)
        elif view.conclusive and self._start.failures:
            breaker.note_answer(session, claim.connection_id)

    def _report(self, session: Session, link: Link, decision: Decision) -> None:
        own = [finding for finding in decision.findings if not finding.is_of_connection]
        self._matter.report(session, link, own, known_problem=self._start.has_problem)
        asked = [finding for finding in decision.findings if finding.is_of_connection]
        if not asked and not self._terms_found:
            return
        connection = session.get_one(Connection, link.connection_id)
        for finding in asked:
            journal.report(session, connection, (finding,), code=finding.code, cause=finding.cause)
        for term in self._terms_found:
            solved = "Flourish has the term now."
            journal.report(session, connection, (), code="term_missing", cause=term, solved=solved)

    def _close_echoes(self, session: Session, link: Link) -> int:
        if link.dirty_seq == self._claim.dirty_seq:
            return 0
        return self._matter.close_echoes(session, link, since=self._claim.at)


def _by_what_was_said(desk: Desk, claim: Claim, account: Account, start: _Start) -> Account:
    """Accounts stay open for a while: what people said since then holds from the next look on."""
    if start.said_revision == account.rules.said.revision:
        return account
    with desk.tenant(claim.tenant_id) as session:
        return account.as_said(said_of(session, session.get_one(Connection, claim.connection_id)))


def _matter_of(desk: Desk, claim: Claim, account: Account, start: _Start) -> Matter:
    if start.kind == "item":
        return ItemMatter(desk, account, claim, sku=start.number)
    return OrderMatter(
        desk,
        account,
        claim.tenant_id,
        Known(
            hub_id=start.hub_id,
            number=start.number,
            former_ids=start.former_ids,
            choices=start.choices,
            was_gone=start.decision_code == "gone_in_flourish",
            behind=start.behind,
        ),
    )


def _set_decision(link: Link, decision: Decision) -> None:
    if link.state != decision.state:
        link.state_since = func.now()
    link.state = decision.state
    link.decision_code = decision.code
    link.decision_text = decision.sentence
    link.next_step = decision.next_step


def _note_drift(session: Session, link: Link, decision: Decision) -> None:
    """What Flourish changed by itself is told once, and shown while it stays (LL-18)."""
    if decision.drift is None:
        return
    drift = [list(row) for row in decision.drift]
    if drift == link.snapshot.get("drift", []):
        return
    if drift:
        title, text = "Changed in Flourish", "It stays: Flourish's own changes are never written over."
        entry = journal.Entry("flourish", "Flourish staff", title, text, detail={"changes": drift})
        journal.tell(session, link, entry)
    link.snapshot = {**link.snapshot, "drift": drift}
