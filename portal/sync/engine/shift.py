"""Shifts: one worker takes up due links of all connections, in turns, several at once, for a bounded time."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import replace
from uuid import UUID

from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from portal import logs
from portal.models import Connection
from portal.sync import journal, queues
from portal.sync.decisions import Finding
from portal.sync.engine import turns
from portal.sync.engine.accounts import Account, open_account
from portal.sync.engine.claim import Claim, LostLease, claim_alone, hand_back, hold, in_seconds, renew
from portal.sync.engine.desk import Desk
from portal.sync.engine.outlook import backoff, died
from portal.sync.engine.reconcile import reconcile
from portal.sync.engine.tally import Tally

_log = logging.getLogger(__name__)
_AGAIN_SECONDS = 1.0
# How long a shift with free places waits before it asks again whether anything is due.
_GLANCE_SECONDS = 0.1
# Links that are done within this time of each other make room together: a claim costs as much as a commit.
_TOGETHER_SECONDS = 0.02
# So often at the most it is asked whether more is due than fits.
_HELP_SECONDS = 1.0
# So many workers may die on one link that they had alone; then a person looks at it.
_MOST_CRASHES = 3


def work(desk: Desk) -> bool:
    """Work on due links until none is due, the time slice ends, or this process is asked to stop.

    Returns:
        Whether links are still due, so that another shift should be rung for.
    """
    shift = Shift(desk)
    ends = time.monotonic() + desk.settings.drain_seconds
    working: set[Future[None]] = set()
    with (
        shift.kept(),
        ThreadPoolExecutor(desk.settings.links_per_worker, thread_name_prefix="link") as pool,
    ):
        over = desk.stopping.is_set()
        while True:
            try:
                claims = [] if over else shift.claim()
            except OperationalError as error:
                _log.warning("the database interrupted a claim: %s", type(error.orig).__name__)
                claims, over = [], True
            working |= {pool.submit(shift.work_on, claim) for claim in claims}
            if not working:
                break
            working = _some_done(working, None if over else _GLANCE_SECONDS)
            over = over or desk.stopping.is_set() or time.monotonic() > ends
    shift.close()
    with desk.sessions.system() as session:
        return bool(turns.ready(session))


def work_alone(desk: Desk, link_id: UUID) -> None:
    """Work on one link that was in flight when a worker died, and on nothing beside it. After the third
    worker that died on it alone, nobody touches it until a person says so."""
    with desk.sessions.system() as session:
        claim = claim_alone(session, link_id, worker=desk.worker, lease_seconds=desk.settings.lease_seconds)
    if claim is None:
        return
    shift = Shift(desk)
    with shift.kept():
        (claim,) = shift.begin([claim])
        if claim.crashes >= _MOST_CRASHES:
            shift.quarantine(claim)
        else:
            shift.work_on(claim)
    shift.close()


def _some_done(working: set[Future[None]], seconds: float | None) -> set[Future[None]]:
    """Wait until links are done, or so long; return those that are not."""
    done, still = wait(working, timeout=seconds, return_when=FIRST_COMPLETED)
    if done and still:
        more, still = wait(still, timeout=_TOGETHER_SECONDS)
        done |= more
    for future in done:
        future.result()
    return still


class Shift:
    """What one worker has in hand: its links, the accounts they need, and the runs that tell of them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        # By connection and kind: calls for products let those for orders go first.
        self._accounts: dict[tuple[UUID, str], Account] = {}
        self._tallies: dict[UUID, Tally] = {}
        self._working: dict[UUID, Claim] = {}
        self._lock = threading.Lock()
        self._asked_at = -_HELP_SECONDS

    def claim(self) -> list[Claim]:
        """Claim due links for the places that are free, in turns; when more is due, ring for help."""
        with self._lock:
            busy = Counter(claim.connection_id for claim in self._working.values())
        settings = self._desk.settings
        with self._desk.sessions.system() as session:
            waiting = turns.ready(session)
            free = settings.links_per_worker - busy.total()
            shares = turns.dealt(waiting, free=free, most=settings.links_at_once, busy=busy)
            claims = turns.claim_in_turn(
                session, shares, worker=self._desk.worker, lease_seconds=settings.lease_seconds
            )
            too_much = bool(waiting) and len(claims) == shares.total() and self._is_more_due(session)
        if too_much:
            queues.ring(self._desk.redis)
        return self.begin(claims)

    def _is_more_due(self, session: Session) -> bool:
        if time.monotonic() < self._asked_at + _HELP_SECONDS:
            return False
        self._asked_at = time.monotonic()
        return bool(turns.ready(session))

    def begin(self, claims: list[Claim]) -> list[Claim]:
        """Open what the claims need, and give them the run that their log lines belong to."""
        for claim in claims:
            if claim.connection_id not in self._tallies:
                self._tallies[claim.connection_id] = Tally(self._desk, claim)
        claims = [replace(claim, run_id=self._tallies[claim.connection_id].run_id) for claim in claims]
        with self._lock:
            self._working |= {claim.link_id: claim for claim in claims}
        return claims

    def work_on(self, claim: Claim) -> None:
        """Reconcile one link; a bug in it is shown on the link, and the others go on."""
        with logs.about(run=claim.run_id, link=claim.link_id, connection=claim.connection_id):
            self._work_on(claim)

    def _work_on(self, claim: Claim) -> None:
        left = "interrupted"
        try:
            left = reconcile(self._desk, claim, self._account(claim))
        except OperationalError as error:
            _log.warning("the database interrupted a look: %s", type(error.orig).__name__)
            self._put_back(claim)
        except Exception as bug:  # noqa: BLE001 - the one place where a bug is turned into a visible problem
            _log.exception("bug while reconciling")
            self._show(claim, bug)
            left = "stuck"
        finally:
            self._done(claim, left)

    def quarantine(self, claim: Claim) -> None:
        """Leave a link to a person: workers die on it. Once it is asked for, it is tried alone again."""
        self._stick(claim, died(claim.crashes), level="stuck", again_in=None, alone=True)
        self._done(claim, "stuck")

    def _account(self, claim: Claim) -> Account:
        whose = claim.connection_id, claim.kind
        with self._lock:
            account = self._accounts.get(whose)
            if account is None:
                with self._desk.tenant(claim.tenant_id) as session:
                    connection = session.get_one(Connection, claim.connection_id)
                    account = open_account(self._desk, session, connection, claim.kind == "item")
                self._accounts[whose] = account
        return account

    def _done(self, claim: Claim, left: str) -> None:
        with self._lock:
            self._working.pop(claim.link_id, None)
        self._tallies[claim.connection_id].count(left)

    def _put_back(self, claim: Claim) -> None:
        """Have the link looked at again in a moment: a deadlock or a lost connection is nobody's bug."""
        with suppress(LostLease, SQLAlchemyError), self._desk.tenant(claim.tenant_id) as session:
            link = hold(session, claim)
            hand_back(link, claim, due_at=in_seconds(_AGAIN_SECONDS))

    def _show(self, claim: Claim, bug: Exception) -> None:
        finding = Finding(
            "bug",
            f"Trellis failed on this: {type(bug).__name__}",
            "Trellis tries again with growing pauses; an operator looks at the log of the worker.",
            who="operator",
        )
        cap = self._desk.settings.backoff_cap_seconds
        self._stick(claim, finding, level="bug", again_in=cap)

    def _stick(
        self, claim: Claim, finding: Finding, *, level: str, again_in: float | None, alone: bool = False
    ) -> None:
        """Say on the link what is wrong, and hand it back; due again with a pause that grows up to
        `again_in` seconds, or with None not before somebody asks."""
        try:
            with self._desk.tenant(claim.tenant_id) as session:
                link = hold(session, claim)
                link.attempts += 1
                link.state = "stuck"
                link.decision_code, link.decision_text = finding.code, f"{finding.title}."
                link.next_step = finding.next_step
                journal.report(session, link, (finding,), code=finding.code)
                journal.log(session, link, level, finding.title, run_id=claim.run_id)
                pause = None if again_in is None else in_seconds(backoff(link.attempts, again_in))
                hand_back(link, claim, due_at=pause)
                link.alone = alone
        except (LostLease, SQLAlchemyError):
            _log.warning(
                "what is wrong could not be shown on its link; its lease runs out, and it is tried again"
            )

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Renew the leases while the work goes on. A worker that dies stops renewing: that is the point."""
        done = threading.Event()
        keeper = threading.Thread(target=self._keep, args=(done,), name="leases", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            done.set()
            keeper.join()

    def _keep(self, done: threading.Event) -> None:
        while not done.wait(self._desk.settings.lease_seconds / 3):
            with self._lock:
                claims = sorted(self._working.values(), key=lambda claim: claim.link_id)
                tallies = list(self._tallies.values())
            try:
                with self._desk.sessions.system() as session:
                    renew(session, claims, self._desk.settings.lease_seconds)
                for tally in tallies:
                    tally.beat()
            except SQLAlchemyError:
                _log.warning("leases could not be renewed; the fence decides")

    def close(self) -> None:
        """End the runs."""
        for tally in self._tallies.values():
            tally.close()
