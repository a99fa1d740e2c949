"""Drains: work through the due links of one connection, several at once, for a bounded time."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from portal.models import Connection, Link, Run
from portal.sync import journal
from portal.sync.decisions import Finding
from portal.sync.engine.accounts import Account, open_account
from portal.sync.engine.breaker import OPENS_AFTER
from portal.sync.engine.claim import Claim, LostLease, claim_due, hand_back, hold, renew
from portal.sync.engine.desk import Desk
from portal.sync.engine.gate import is_open, may_work
from portal.sync.engine.outlook import backoff
from portal.sync.engine.reconcile import reconcile

_log = logging.getLogger(__name__)
_AGAIN_SECONDS = 1.0


def drain(desk: Desk, tenant_id: UUID, connection_id: UUID) -> bool:
    """Work on a connection's due links until none is due or the time slice ends.

    Returns:
        Whether links are still due, so that another drain should be rung for.
    """
    account, at_once = _open(desk, tenant_id, connection_id)
    if account is None:
        return False
    ends = time.monotonic() + desk.settings.drain_seconds
    shift = Shift(desk, account, tenant_id, connection_id)
    with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="link") as pool:
        while at_once and (claims := _claim(desk, tenant_id, connection_id, at_once)):
            claims = shift.begin(claims)
            with _kept(desk, tenant_id, claims):
                futures = [pool.submit(shift.work_on, claim) for claim in claims]
                _wait_for_all(futures)
            if time.monotonic() > ends:
                break
            at_once = _still_at_once(desk, tenant_id, connection_id)
    shift.end()
    return at_once > 0 and _due_now(desk, tenant_id, connection_id)


def _open(desk: Desk, tenant_id: UUID, connection_id: UUID) -> tuple[Account | None, int]:
    """Open the account if its connection may work now, and say how many links at once."""
    with desk.tenant(tenant_id) as session:
        connection = session.get(Connection, connection_id)
        at_once = _links_at_once(desk, session, connection)
        if connection is None or not at_once:
            return None, 0
        return open_account(desk, session, connection), at_once


def _still_at_once(desk: Desk, tenant_id: UUID, connection_id: UUID) -> int:
    """Ask anew between two batches: a key may have been refused, or the breaker opened."""
    with desk.tenant(tenant_id) as session:
        return _links_at_once(desk, session, session.get(Connection, connection_id))


def _links_at_once(desk: Desk, session: Session, connection: Connection | None) -> int:
    now: datetime = session.execute(select(func.now())).scalar_one()
    if connection is None or not may_work(connection) or is_open(connection.open_until, now):
        return 0
    # Half open: one link tries whether the account answers again.
    return 1 if connection.failures >= OPENS_AFTER else desk.settings.links_at_once


def _claim(desk: Desk, tenant_id: UUID, connection_id: UUID, most: int) -> list[Claim]:
    with desk.tenant(tenant_id) as session:
        return claim_due(
            session, connection_id, worker=desk.worker, most=most, lease_seconds=desk.settings.lease_seconds
        )


def _wait_for_all(futures: list[Future[None]]) -> None:
    wait(futures)
    for future in futures:
        future.result()


def _due_now(desk: Desk, tenant_id: UUID, connection_id: UUID) -> bool:
    with desk.tenant(tenant_id) as session:
        due = select(Link.id).where(
            Link.connection_id == connection_id, Link.due_at <= func.now(), Link.lease_until.is_(None)
        )
        return session.execute(due.limit(1)).first() is not None


def _in(session: Session, seconds: float) -> datetime:
    due: datetime = session.execute(select(func.now() + timedelta(seconds=seconds))).scalar_one()
    return due


@contextmanager
def _kept(desk: Desk, tenant_id: UUID, claims: list[Claim]) -> Iterator[None]:
    """Renew the leases while the work goes on. A worker that dies stops renewing, and that is the point."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(desk.settings.lease_seconds / 3):
            try:
                with desk.tenant(tenant_id) as session:
                    renew(session, claims, desk.settings.lease_seconds)
            except SQLAlchemyError:
                _log.warning("leases could not be renewed; the fence decides")

    keeper = threading.Thread(target=beat, name="leases", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


class Shift:
    """One drain's work on links, and the run that tells of it. A drain that finds nothing leaves no run."""

    def __init__(self, desk: Desk, account: Account, tenant_id: UUID, connection_id: UUID) -> None:
        self._desk = desk
        self._account = account
        self._tenant_id = tenant_id
        self._connection_id = connection_id
        self._run_id: UUID | None = None
        self._counts: Counter[str] = Counter()

    def begin(self, claims: list[Claim]) -> list[Claim]:
        """Give the claims the run that their log lines belong to."""
        with self._desk.tenant(self._tenant_id) as session:
            if self._run_id is None:
                run = Run(
                    tenant_id=self._tenant_id,
                    connection_id=self._connection_id,
                    kind="drain",
                    worker=self._desk.worker,
                )
                session.add(run)
                session.flush()
                self._run_id = run.id
            else:
                session.get_one(Run, self._run_id).heartbeat_at = func.now()
        return [replace(claim, run_id=self._run_id) for claim in claims]

    def work_on(self, claim: Claim) -> None:
        """Reconcile one link; a bug in it is shown on the link, and the others go on."""
        try:
            reconcile(self._desk, claim, self._account)
        except OperationalError as error:
            _log.warning("the database interrupted a look: %s", type(error.orig).__name__)
            self._put_back(claim)
        except Exception as bug:  # noqa: BLE001 - the one place where a bug is turned into a visible problem
            _log.exception("bug while reconciling", extra={"link": str(claim.link_id)})
            self._show(claim, bug)
        with self._desk.tenant(self._tenant_id) as session:
            state = session.scalar(select(Link.state).where(Link.id == claim.link_id))
        self._counts["looked"] += 1
        self._counts[str(state)] += 1

    def _put_back(self, claim: Claim) -> None:
        """Have the link looked at again in a moment: a deadlock or a lost connection is nobody's bug."""
        with suppress(LostLease, SQLAlchemyError), self._desk.tenant(claim.tenant_id) as session:
            link = hold(session, claim)
            hand_back(link, claim, due_at=_in(session, _AGAIN_SECONDS))

    def _show(self, claim: Claim, bug: Exception) -> None:
        finding = Finding(
            "bug",
            f"Trellis failed on this: {type(bug).__name__}",
            "Trellis tries again with growing pauses; an operator looks at the log of the worker.",
            who="operator",
        )
        try:
            with self._desk.tenant(claim.tenant_id) as session:
                link = hold(session, claim)
                link.attempts += 1
                link.state = "stuck"
                link.decision_code, link.decision_text = finding.code, f"{finding.title}."
                link.next_step = finding.next_step
                journal.report(session, link, (finding,), code=finding.code)
                journal.log(session, link, "bug", finding.title, run_id=claim.run_id)
                again = backoff(link.attempts, self._desk.settings.backoff_cap_seconds)
                hand_back(link, claim, due_at=_in(session, again))
        except (LostLease, SQLAlchemyError):
            _log.warning("the bug could not be shown on its link; its lease runs out and it is tried again")

    def end(self) -> None:
        """Close the run with its counts."""
        if self._run_id is None:
            return
        with self._desk.tenant(self._tenant_id) as session:
            run = session.get_one(Run, self._run_id)
            run.state = "done"
            run.finished_at = func.now()
            run.counts = dict(self._counts)
