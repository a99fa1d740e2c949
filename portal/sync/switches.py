"""Stop switches: a company's own, and the operator's for everybody (features.md MO-11).

Each does what pause does: deliveries and reads go on, and nothing is written (engine/gate.py). What was held
back goes on by itself once the switch is off.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from portal.models import INSTALLATION_CHAIN, Connection, Installation, Link, Tenant
from portal.sync import audit, installation, journal
from portal.sync.engine.desk import Desk
from portal.sync.notices import collecting

# What was on its way when its connection was disconnected is decided so.
LEFT = "disconnected"

_EVERYBODY = audit.Subject("installation", "", "everybody")


class NoReason(Exception):
    """A stop has to say why: people read it on every page until it is over."""


def stop_company(
    session: Session, keys: Mapping[str, bytes], tenant_id: UUID, *, actor: audit.Actor, reason: str
) -> bool:
    """Stop all writing for one company.

    Args:
        session: a session inside the tenant.
        keys: the installation's encryption keys.
        tenant_id: the company.
        actor: who stops it.
        reason: why, as people will read it.

    Returns:
        False when it was stopped already: then who and why stay as they were.

    Raises:
        NoReason: the reason is empty.
    """
    why = _reason(reason)
    values = {"stopped_at": func.now(), "stopped_by": actor.name, "stop_reason": why}
    name = _turn(session, tenant_id, Tenant.stopped_at.is_(None), values)
    if name is None:
        return False
    _tell(session, tenant_id, "wait", f"{actor} stopped all writing of this company: {why}")
    company = audit.Subject("company", str(tenant_id), name)
    audit.record(
        session, keys, tenant_id, "writes.stopped", actor=actor, subject=company, detail={"reason": why}
    )
    return True


def resume_company(
    session: Session, keys: Mapping[str, bytes], tenant_id: UUID, *, actor: audit.Actor
) -> bool:
    """Let a company write again; whatever waited is looked at now.

    Args:
        session: a session inside the tenant.
        keys: the installation's encryption keys.
        tenant_id: the company.
        actor: who does it.

    Returns:
        False when it was not stopped.
    """
    release(session, Link.tenant_id == tenant_id)
    values = {"stopped_at": None, "stopped_by": None, "stop_reason": None}
    name = _turn(session, tenant_id, Tenant.stopped_at.is_not(None), values)
    if name is None:
        return False
    _tell(session, tenant_id, "info", f"{actor} let this company write again")
    company = audit.Subject("company", str(tenant_id), name)
    audit.record(session, keys, tenant_id, "writes.resumed", actor=actor, subject=company)
    return True


def _turn(
    session: Session, tenant_id: UUID, only_if: ColumnElement[bool], values: Mapping[str, object]
) -> str | None:
    """Change a company if it is as it should be; return its name then."""
    turned = session.execute(
        update(Tenant)
        .where(Tenant.id == tenant_id, only_if)
        .values(**values)
        .returning(Tenant.name)
        .execution_options(synchronize_session=False)
    )
    return turned.scalar()


def stop_everybody(session: Session, keys: Mapping[str, bytes], *, actor: audit.Actor, reason: str) -> bool:
    """Stop all writing of this installation, in force from the next write on.

    Args:
        session: a system session.
        keys: the installation's encryption keys.
        actor: who stops it.
        reason: why, as the people of every company will read it.

    Returns:
        False when it was stopped already: then who and why stay as they were.

    Raises:
        NoReason: the reason is empty.
    """
    if session.scalar(select(Installation.stopped_at)) is not None:
        return False
    now, why = func.clock_timestamp(), _reason(reason)
    installation.note(session, stopped_at=now, stopped_by=actor.name, stop_reason=why, switched_at=now)
    act = "writes.stopped"
    audit.record(
        session, keys, INSTALLATION_CHAIN, act, actor=actor, subject=_EVERYBODY, detail={"reason": why}
    )
    return True


def resume_everybody(session: Session, keys: Mapping[str, bytes], *, actor: audit.Actor) -> bool:
    """Let the installation write again; `pass_on` then has whatever waited looked at.

    Args:
        session: a system session.
        keys: the installation's encryption keys.
        actor: who does it.

    Returns:
        False when it was not stopped.
    """
    if session.scalar(select(Installation.stopped_at)) is None:
        return False
    now = func.clock_timestamp()
    installation.note(session, stopped_at=None, stopped_by=None, stop_reason=None, switched_at=now)
    audit.record(session, keys, INSTALLATION_CHAIN, "writes.resumed", actor=actor, subject=_EVERYBODY)
    return True


def pass_on(desk: Desk) -> int:
    """Tell every company's log of the last turn of the operator's switch, and after its end have whatever
    waited looked at. Each company in a transaction of its own: whatever ends this half-way, the next sweep
    goes on.

    Returns:
        How many companies were told.
    """
    with desk.sessions.system() as session:
        waiting = session.scalars(
            select(Tenant.id)
            .join(Installation, Installation.switched_at > Tenant.created_at)
            .where(
                Tenant.retired_at.is_(None),
                or_(Tenant.heard_at.is_(None), Tenant.heard_at < Installation.switched_at),
            )
        ).all()
    return sum(_pass_on_to(desk, tenant_id) for tenant_id in waiting)


def _pass_on_to(desk: Desk, tenant_id: UUID) -> bool:
    with desk.tenant(tenant_id) as session:
        switch = session.execute(select(Installation)).scalar_one()
        if switch.stopped_at is None:
            release(session, Link.tenant_id == tenant_id)
        unheard = or_(Tenant.heard_at.is_(None), Tenant.heard_at < switch.switched_at)
        if _turn(session, tenant_id, unheard, {"heard_at": switch.switched_at}) is None:
            return False
        if switch.stopped_at is None:
            _tell(session, tenant_id, "info", "The operator of Trellis lets everybody write again")
        else:
            why = f"The operator of Trellis stopped all writing: {switch.stop_reason}"
            _tell(session, tenant_id, "wait", why)
        return True


def release(session: Session, which: ColumnElement[bool]) -> None:
    """Have what was held back looked at now: to be called before anything else of the tenant is locked, for
    the engine locks links first.

    Args:
        session: a session inside the tenant.
        which: whose links.
    """
    session.execute(
        update(Link)
        .where(which, or_(Link.state == "waiting", Link.due_at.is_not(None)))
        .values(due_at=func.now(), dirty_seq=Link.dirty_seq + 1)
        .execution_options(synchronize_session=False)
    )


def take_up(session: Session, connection_id: UUID) -> None:
    """Have what was on its way when a connection was disconnected looked at anew, as it goes live again: to
    be called before anything else of the tenant is locked.

    Args:
        session: a session inside the tenant.
        connection_id: the connection.
    """
    session.execute(
        update(Link)
        .where(Link.connection_id == connection_id, Link.decision_code == LEFT)
        .values(state="waiting", state_since=func.now(), due_at=func.now(), dirty_seq=Link.dirty_seq + 1)
        .execution_options(synchronize_session=False)
    )


def _reason(text: str) -> str:
    if not text.strip():
        raise NoReason("Say why: people read it on every page until it is over.")
    return text.strip()[:500]


def _tell(session: Session, tenant_id: UUID, level: str, text: str) -> None:
    """Tell the logs, and whoever wants to be told."""
    for connection in session.scalars(
        select(Connection).where(Connection.live_since.is_not(None)).order_by(Connection.id)
    ):
        journal.log(session, connection, level, text)
    collecting.tell_stop(session, tenant_id, text, stopped=level == "wait")
