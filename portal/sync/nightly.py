"""What is done by the calendar: every night, in each company's own time, the check and retention, or the
deletion of a company whose grace is over; in the demo the check every few minutes too. The schedule process
asks at each sweep; jobs do the work.

When something is due stands in a row that is moved on by one conditional update, so that of several schedule
processes one takes it, and runs that were missed are one run.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from time import sleep
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.models import Installation, Tenant, utc_now
from portal.sync import deletion, installation, proofs, queues, retention, switches
from portal.sync.checker import Check, Report, one_place
from portal.sync.daily import next_time
from portal.sync.engine.accounts import open_account
from portal.sync.engine.desk import Desk
from portal.sync.mail import delivery
from portal.sync.notices import collecting, sending

# When a company sleeps, in its own time.
_NIGHT = time(3)
# A company that was just made, or a demo that just began, is left alone for this long.
_FIRST = timedelta(minutes=1)
# A check that gave no sign for this long died with its worker. One batch of orders takes minutes at the most.
_SILENT = timedelta(minutes=10)
# A check that the other side asks to wait holds its worker up for no longer, all its calls together, and is
# tried again then: workers are there for orders.
_PATIENCE_SECONDS = 30.0
_GIVEN_WAY = timedelta(minutes=10)


def run_due(desk: Desk) -> None:
    """Pass the operator's switch on, sort news into messages, and ring for the checks, the retention, the
    mail and the messages that are due.

    Called by the schedule process at each sweep.
    """
    switches.pass_on(desk)
    collecting.collect(desk)
    with desk.sessions.system() as session:
        _plan_new(session)
        checked = _take_check(session)
        purged = _take_purges(session)
        mail_waits = delivery.is_due(session)
        notices_wait = sending.is_due(session)
    if mail_waits:
        queues.ring_mail(desk.redis)
    if notices_wait:
        queues.ring_notices(desk.redis)
    for tenant_id in purged:
        queues.ring_purge(desk.redis, tenant_id)
    if checked is not None and not queues.ring_check(desk.redis, checked):
        with desk.sessions.system() as session:
            _put_check_back(session, checked)


def next_night(now: datetime, zone: ZoneInfo, at: time = _NIGHT) -> datetime:
    """When it is next night: once a day, also where the clock shows that time twice, or not at all."""
    return next_time(now, zone, at)


def _plan_new(session: Session) -> None:
    """Give companies that were made since the last sweep their first times."""
    rows = session.execute(
        select(Tenant.id, Tenant.timezone).where(Tenant.proof_due_at.is_(None), Tenant.retired_at.is_(None))
    )
    for tenant_id, timezone in rows.all():
        session.execute(
            update(Tenant)
            .where(Tenant.id == tenant_id, Tenant.proof_due_at.is_(None))
            .values(proof_due_at=func.now() + _FIRST, purge_due_at=next_night(utc_now(), ZoneInfo(timezone)))
            .execution_options(synchronize_session=False)
        )


def _due(session: Session, column: InstrumentedAttribute[datetime | None]) -> list[Row[UUID, str]]:
    query = select(Tenant.id, Tenant.timezone).where(column <= func.now(), Tenant.retired_at.is_(None))
    return list(session.execute(query.order_by(column)).all())


def _take_check(session: Session) -> UUID | None:
    """Take up the check that is due for longest, unless a worker is at one: they are there for orders."""
    due = _due(session, Tenant.proof_due_at)
    if not due or not _take_turn(session):
        return None
    for row in due:
        if _moved(session, Tenant.proof_due_at, row[0], func.now() + _SILENT):
            return row[0]
    _end_turn(session)
    return None


def _take_purges(session: Session) -> list[UUID]:
    taken = []
    for tenant_id, timezone in _due(session, Tenant.purge_due_at):
        # A deletion whose worker died is gone on with soon, not in the next night.
        again = utc_now() + _SILENT if deletion.is_due(session, tenant_id) else None
        until = again or next_night(utc_now(), ZoneInfo(timezone))
        if _moved(session, Tenant.purge_due_at, tenant_id, until):
            taken.append(tenant_id)
    return taken


def _moved(
    session: Session, column: InstrumentedAttribute[datetime | None], tenant_id: UUID, until: object
) -> bool:
    """Move something that is due on; False when somebody else has."""
    moved = session.execute(
        update(Tenant)
        .where(Tenant.id == tenant_id, column <= func.now())
        .values({column: until})
        .returning(Tenant.id)
        .execution_options(synchronize_session=False)
    )
    return moved.first() is not None


def _take_turn(session: Session) -> bool:
    """Take the installation's one turn to check, if it is free."""
    values = {"checking_until": func.now() + _SILENT}
    taken = session.execute(
        insert(Installation)
        .values(id=True, **values)
        .on_conflict_do_update(
            index_elements=[Installation.id],
            set_=values,
            where=func.coalesce(Installation.checking_until, func.now()) <= func.now(),
        )
        .returning(Installation.id)
    )
    return taken.first() is not None


def _end_turn(session: Session) -> None:
    installation.note(session, checking_until=None)


def _put_check_back(session: Session, tenant_id: UUID, *, after: timedelta = timedelta(0)) -> None:
    """Nobody does it: it is due as before, or after so long."""
    _set_proof_due(session, tenant_id, func.now() + after)
    _end_turn(session)


def _set_proof_due(session: Session, tenant_id: UUID, due_at: object) -> None:
    session.execute(
        update(Tenant)
        .where(Tenant.id == tenant_id)
        .values(proof_due_at=due_at)
        .execution_options(synchronize_session=False)
    )


class _GivesBack(Exception):
    """A check is not carried to its end now; it is due again after so long."""

    def __init__(self, after: timedelta) -> None:
        super().__init__()
        self.after = after


def check(desk: Desk, tenant_id: UUID) -> None:
    """Check a tenant and keep the proof. A worker that is told to stop gives the check back, and so does one
    that would wait for a rate limit while orders wait for it; one that dies has it done again once it has
    been silent for long enough."""
    place = one_place(desk, tenant_id)
    if place is None:
        return
    turn = _Turn(desk, tenant_id)
    checking = Check(desk, Report(), tell=turn.go_on, opener=open_account, pause=turn.wait)
    try:
        proofs.prove(checking, place, how="schedule")
    except _GivesBack as given:
        with desk.sessions.system() as session:
            _put_check_back(session, tenant_id, after=given.after)
        return
    with desk.sessions.system() as session:
        timezone = session.execute(select(Tenant.timezone).where(Tenant.id == tenant_id)).scalar_one()
        _set_proof_due(session, tenant_id, _next_check(desk, ZoneInfo(timezone)))
        _end_turn(session)


class _Turn:
    """A worker's turn at a check: kept for as long as the check goes on, and given back where it cannot."""

    def __init__(self, desk: Desk, tenant_id: UUID) -> None:
        self._desk = desk
        self._tenant_id = tenant_id
        self._waited_seconds = 0.0

    def go_on(self, _line: str) -> None:
        """Keep the turn: the check has come further.

        Raises:
            _GivesBack: the worker is told to stop.
        """
        if self._desk.stopping.is_set():
            raise _GivesBack(timedelta(0))
        self._waited_seconds = 0.0
        with self._desk.sessions.system() as session:
            installation.note(session, checking_until=func.now() + _SILENT)
            _set_proof_due(session, self._tenant_id, func.now() + _SILENT)

    def wait(self, seconds: float) -> None:
        """Wait for the rate budget; several threads may at once.

        Raises:
            _GivesBack: it has waited for long enough since it last came further.
        """
        self._waited_seconds += seconds
        if self._waited_seconds > _PATIENCE_SECONDS:
            raise _GivesBack(_GIVEN_WAY)
        sleep(seconds)


def _next_check(desk: Desk, zone: ZoneInfo) -> datetime:
    now = utc_now()
    soon = now + timedelta(seconds=desk.settings.proof_seconds) if desk.settings.proof_seconds else None
    night = next_night(now, zone)
    return min(soon, night) if soon else night


def purge(desk: Desk, tenant_id: UUID) -> bool:
    """Clear what a tenant need not keep any longer, or everything once its deletion is due,
    for one job's time.

    Returns:
        Whether there is more to do.
    """
    # What belongs to no company is cleared in everybody's night.
    retention.drop_old_proofs_of_identity(desk)
    delivery.drop_old(desk)
    with desk.sessions.system() as session:
        ends = deletion.is_due(session, tenant_id)
    if ends:
        return deletion.carry_out(desk, tenant_id)
    return retention.purge(desk, tenant_id)
