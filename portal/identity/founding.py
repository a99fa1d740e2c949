"""Founding: a company is made with its time zone, and its first owner is invited by mail (ON-10). Pages and
the command line both come here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from portal.extensions import enter
from portal.identity import accounts, invitations, tenants
from portal.identity.tenants import NotAccepted
from portal.models import INSTALLATION_CHAIN, Membership, Tenant
from portal.sync import audit, mail
from portal.sync.engine.desk import Desk


@dataclass(frozen=True)
class Plan:
    """What is asked about a new company. `owner` is an address; empty for a company without anybody yet."""

    slug: str
    name: str
    timezone: str
    owner: str = ""


def found(desk: Desk, plan: Plan, *, actor: audit.Actor, link: Callable[[str], str]) -> Tenant:
    """Make a company and invite its first owner, both or neither.

    Args:
        desk: what to work with.
        plan: the company.
        actor: who makes it.
        link: makes the address that an invitation's token is put into.

    Raises:
        NotAccepted: a value cannot be taken.
    """

    def record(session: Session, tenant: Tenant) -> None:
        keys = desk.settings.master_keys
        subject = audit.Subject("company", str(tenant.id), tenant.name)
        detail = {"slug": tenant.slug, "time_zone": tenant.timezone}
        audit.record(
            session, keys, INSTALLATION_CHAIN, "company.added", actor=actor, subject=subject, detail=detail
        )
        if plan.owner:
            # From here on inside the company.
            enter(session, tenant=tenant.id)
            _invite(desk, session, tenant, plan.owner, actor, link)

    return tenants.create(
        desk.sessions, slug=plan.slug, name=plan.name, timezone=plan.timezone, record=record
    )


def invite_again(
    desk: Desk, tenant: Tenant, owner: str, *, actor: audit.Actor, link: Callable[[str], str]
) -> None:
    """Invite the first owner of a company again: the first one's time ran out. Earlier links are void.

    Args:
        desk: what to work with.
        tenant: the company.
        owner: the address, which may be another one by now.
        actor: who invites.
        link: makes the address that an invitation's token is put into.

    Raises:
        NotAccepted: somebody has joined the company, or the address cannot be taken.
    """
    with desk.sessions.system() as session:
        # Whoever is in a company invites others themselves.
        if session.scalar(select(exists().where(Membership.tenant_id == tenant.id))):
            raise NotAccepted("Somebody has joined this company: they invite others.", field="owner")
        enter(session, tenant=tenant.id)
        for earlier in invitations.open_of(session, tenant.id):
            invitations.revoke(session, earlier)
        _invite(desk, session, tenant, owner, actor, link)


def _invite(
    desk: Desk, session: Session, tenant: Tenant, owner: str, actor: audit.Actor, link: Callable[[str], str]
) -> None:
    try:
        row, token = invitations.invite(
            session, tenant.id, email=owner, role="owner", by=actor.name, by_owner=True
        )
    except accounts.NotAccepted as refusal:
        raise NotAccepted(str(refusal), field="owner") from refusal
    keys = desk.settings.master_keys
    message = invitations.letter(row, tenant.name, link(token))
    mail.queue(session, keys, message, kind="invitation", tenant_id=tenant.id)
    subject = audit.Subject("invitation", str(row.id), row.email)
    audit.record(
        session, keys, tenant.id, "member.invited", actor=actor, subject=subject, detail={"role": "owner"}
    )
