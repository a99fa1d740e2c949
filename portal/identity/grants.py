"""Grants: access of Trellis's own people to a company: asked for, given for a time, and over.

Each act is in the company's audit, in the same transaction. Who asks or takes is outside of the company and
works through the system role; who gives is inside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from portal.models import INSTALLATION_CHAIN, Grant, Tenant, new_id
from portal.queries.grants import is_open, is_open_or_standing
from portal.sync import audit, mail

SHORTEST_MINUTES, LONGEST_MINUTES = 5, 60

Keys = Mapping[str, bytes]


class NotAccepted(ValueError):
    """A grant cannot be made or changed like this; the message says why."""


@dataclass(frozen=True)
class Wish:
    """What somebody asks for: how long, for what, and whether they want to act."""

    reason: str
    ticket: str
    minutes: int
    may_act: bool = False


def ask(system: Session, keys: Keys, tenant: Tenant, actor: audit.Actor, wish: Wish) -> UUID:
    """Ask a company for access.

    Args:
        system: a system session.
        keys: the installation's encryption keys.
        tenant: the company.
        actor: who asks.
        wish: for what.

    Raises:
        NotAccepted: an earlier request of theirs still waits there.
    """
    waits = select(Grant.id).where(Grant.tenant_id == tenant.id, Grant.agent_id == actor.id, is_open())
    if system.scalar(waits.limit(1)) is not None:
        raise NotAccepted("You have asked this company already, and it has not answered yet.")
    grant = _grant(tenant, actor, wish, kind="support")
    system.add(grant)
    audit.record(
        system, keys, tenant.id, "grant.asked", actor=actor, subject=_subject(grant), detail=_detail(wish)
    )
    return grant.id


def take(
    system: Session, keys: Keys, tenant: Tenant, actor: audit.Actor, wish: Wish, owners: list[str]
) -> None:
    """Break the glass: an operator lets themselves in, and everybody whom it concerns is told.

    Args:
        system: a system session.
        keys: the installation's encryption keys.
        tenant: the company.
        actor: the operator.
        wish: why and for how long.
        owners: the addresses of the company's owners.
    """
    grant = _grant(tenant, actor, wish, kind="break_glass")
    grant.given_by = actor.name
    grant.given_at = system.scalar(select(func.clock_timestamp()))
    assert grant.given_at is not None  # noqa: S101 - a clock always answers
    grant.ends_at = grant.given_at + timedelta(minutes=wish.minutes)
    system.add(grant)
    for owner in owners:
        mail.queue(system, keys, _told(owner, tenant, actor, wish), kind="break glass", tenant_id=tenant.id)
    company = audit.Subject("company", str(tenant.id), tenant.name)
    for chain in (tenant.id, INSTALLATION_CHAIN):
        audit.record(
            system, keys, chain, "break_glass.taken", actor=actor, subject=company, detail=_detail(wish)
        )


def give(session: Session, keys: Keys, grant: Grant, actor: audit.Actor, *, minutes: int, act: bool) -> None:
    """Give what was asked for, or less of it.

    Args:
        session: inside the tenant.
        keys: the installation's encryption keys.
        grant: the request.
        actor: who gives.
        minutes: for how long, from now.
        act: whether acting is allowed.

    Raises:
        NotAccepted: it is more than was asked for, or the request does not wait any more.
    """
    if minutes > grant.minutes:
        raise NotAccepted(f"{grant.minutes} minutes were asked for: give as many or fewer.")
    if minutes < SHORTEST_MINUTES:
        raise NotAccepted(f"Give at least {SHORTEST_MINUTES} minutes, or decline.")
    # One moment for both columns; the clock itself would tell two.
    now = func.statement_timestamp()
    _change(
        session,
        and_(Grant.id == grant.id, is_open()),
        given_at=now,
        ends_at=now + timedelta(minutes=minutes),
        given_by=actor.name,
        may_act=act,
    )
    detail = {"minutes": minutes, "act": act, "reason": grant.reason, "ticket": grant.ticket}
    audit.record(
        session, keys, grant.tenant_id, "grant.given", actor=actor, subject=_subject(grant), detail=detail
    )


def decline(session: Session, keys: Keys, grant: Grant, actor: audit.Actor) -> None:
    """Answer a request with no.

    Raises:
        NotAccepted: the request does not wait any more.
    """
    _change(
        session,
        and_(Grant.id == grant.id, is_open()),
        revoked_at=func.clock_timestamp(),
        revoked_by=actor.name,
    )
    audit.record(session, keys, grant.tenant_id, "grant.declined", actor=actor, subject=_subject(grant))


def end(session: Session, keys: Keys, grant: Grant, actor: audit.Actor) -> None:
    """End access at once, or take back a request: by the company, or by who has it.

    Args:
        session: inside the tenant, or of the system role.
        keys: the installation's encryption keys.
        grant: a grant that stands, or a request.
        actor: who ends it.

    Raises:
        NotAccepted: it is over already.
    """
    asked = grant.given_at is None
    _change(
        session,
        and_(Grant.id == grant.id, is_open_or_standing()),
        revoked_at=func.clock_timestamp(),
        revoked_by=actor.name,
    )
    action = "grant.withdrawn" if asked else "grant.revoked"
    audit.record(session, keys, grant.tenant_id, action, actor=actor, subject=_subject(grant))


def _change(session: Session, which: ColumnElement[bool], **values: object) -> None:
    changed = session.execute(
        update(Grant)
        .where(which)
        .values(**values)
        .returning(Grant.id)
        .execution_options(synchronize_session=False)
    )
    if changed.first() is None:
        raise NotAccepted("This request or access is over already.")


def _grant(tenant: Tenant, actor: audit.Actor, wish: Wish, *, kind: str) -> Grant:
    return Grant(
        id=new_id(),
        tenant_id=tenant.id,
        agent_id=actor.id,
        agent_name=actor.name,
        kind=kind,
        reason=wish.reason.strip(),
        ticket=wish.ticket.strip(),
        minutes=wish.minutes,
        may_act=wish.may_act,
    )


def _subject(grant: Grant) -> audit.Subject:
    return audit.Subject("grant", str(grant.id), grant.agent_name)


def _detail(wish: Wish) -> dict[str, object]:
    return {"reason": wish.reason, "ticket": wish.ticket, "minutes": wish.minutes, "act": wish.may_act}


def _told(owner: str, tenant: Tenant, actor: audit.Actor, wish: Wish) -> mail.Message:
    return mail.Message(
        to=owner,
        subject=f"Trellis: an operator has taken access to {tenant.name}",
        text=(
            f"{actor.name}, an operator of Trellis, has taken access to {tenant.name} without having been"
            f" asked in, for {wish.minutes} minutes at most.\n\n"
            f"The reason given: {wish.reason}\n"
            f"Ticket: {wish.ticket or 'none'}\n\n"
            "It lets them look, and stop or pause writing; personal data is hidden from them. Under Support"
            " access in Trellis you can see what they look at, and end it at once.\n"
        ),
    )
