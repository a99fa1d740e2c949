"""Invitations: a mailed link that lets one address into a company, once.

The link holds a random token; the row holds its hash. Looking at a link uses nothing up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from portal.extensions import IDENTITY_ROLE, enter
from portal.identity import accounts, random_tokens
from portal.identity.accounts import NotAccepted
from portal.models import TENANT_ROLES, Invitation, Membership, Tenant, User, new_id
from portal.sync.mail import Message

LASTS = timedelta(hours=72)


_TEXT = """{by} invites you to {company} on Trellis, as {role}.

Open this link within 72 hours to accept; it works once, for {email} only:

{link}

If you do not know {by}, do nothing: the link lets nobody in without your account.
"""


@dataclass(frozen=True)
class Found:
    """An invitation that is good, as who holds its link may see it."""

    id: UUID
    tenant_id: UUID
    slug: str
    company: str
    email: str
    role: str
    invited_by: str
    # Whether somebody with this address has an account.
    known: bool


class Gone(Exception):
    """The invitation was used, taken back, or ran out a moment ago."""


def _is_good() -> ColumnElement[bool]:
    return and_(
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > func.clock_timestamp(),
    )


def open_of(session: Session, tenant_id: UUID) -> list[Invitation]:
    """List a company's invitations that nobody has used, the newest first; some have run out."""
    query = select(Invitation).where(
        Invitation.tenant_id == tenant_id, Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None)
    )
    return list(session.scalars(query.order_by(Invitation.created_at.desc())))


def invite(
    session: Session, tenant_id: UUID, *, email: str, role: str, by: str, by_owner: bool
) -> tuple[Invitation, str]:
    """Invite an address; an earlier invitation of it is void. Returns the row and the token for the link.

    Args:
        session: inside the tenant.
        tenant_id: into which company.
        email: as typed.
        role: what they will be.
        by: who invites.
        by_owner: whether that is an owner: nobody else invites owners.

    Raises:
        NotAccepted: the address or the role cannot be taken, or its person is in the company already.
    """
    address = accounts.address_of(email)
    if role not in TENANT_ROLES:
        raise NotAccepted(f"Choose one of {', '.join(TENANT_ROLES)}.")
    if role == "owner" and not by_owner:
        raise NotAccepted("Only an owner makes somebody an owner.")
    member = select(User.id).join(Membership, Membership.user_id == User.id)
    if session.scalar(member.where(User.email == address, Membership.tenant_id == tenant_id)) is not None:
        raise NotAccepted("This person is in the company already.")
    _void(session, Invitation.tenant_id == tenant_id, Invitation.email == address)
    token = random_tokens.make()
    row = Invitation(
        id=new_id(),
        tenant_id=tenant_id,
        email=address,
        role=role,
        token_hash=random_tokens.digest(token),
        invited_by=by,
        expires_at=func.now() + LASTS,
    )
    session.add(row)
    session.flush()
    return row, token


def letter(invitation: Invitation, company: str, link: str) -> Message:
    """Write what an invited person is sent.

    Args:
        invitation: the row.
        company: its name.
        link: with the token.
    """
    by = invitation.invited_by
    text = _TEXT.format(by=by, company=company, role=invitation.role, email=invitation.email, link=link)
    return Message(invitation.email, f"{by} invites you to {company} on Trellis", text)


def revoke(session: Session, invitation: Invitation) -> None:
    """Take an invitation back.

    Raises:
        NotAccepted: it was used or taken back already.
    """
    if not _void(session, Invitation.id == invitation.id):
        raise NotAccepted("This invitation was used or taken back already.")


def find(identity: Session, token: str) -> Found | None:
    """Find the good invitation behind a link; None when it is unknown, used, taken back, or too old.

    Args:
        identity: an identity session.
        token: from the link.
    """
    known = select(User.id).where(User.email == Invitation.email).exists()
    row = identity.execute(
        select(Invitation, Tenant, known.label("known"))
        .join(Tenant, Tenant.id == Invitation.tenant_id)
        .where(Invitation.token_hash == random_tokens.digest(token), _is_good(), Tenant.retired_at.is_(None))
    ).first()
    if row is None:
        return None
    invitation, tenant, has_account = row
    return Found(
        id=invitation.id,
        tenant_id=tenant.id,
        slug=tenant.slug,
        company=tenant.name,
        email=invitation.email,
        role=invitation.role,
        invited_by=invitation.invited_by,
        known=has_account,
    )


def accept(session: Session, found: Found, user_id: UUID) -> None:
    """Let somebody in whose account has the invited address; what they are in the company is not lowered.

    Args:
        session: inside the tenant.
        found: the invitation.
        user_id: whose account.

    Raises:
        Gone: the invitation is not good any more.
    """
    used = session.execute(
        update(Invitation)
        .where(Invitation.id == found.id, _is_good())
        .values(accepted_at=func.now())
        .returning(Invitation.id)
        .execution_options(synchronize_session=False)
    )
    if used.first() is None:
        raise Gone
    if session.get(Membership, (found.tenant_id, user_id)) is None:
        accounts.add_member(session, found.tenant_id, user_id, found.role)


def join(session: Session, found: Found, *, name: str, password: str) -> User:
    """Make an account for the invited address and let it in, in one transaction.

    Args:
        session: inside the tenant.
        found: the invitation.
        name: of the person.
        password: that they chose.

    Raises:
        Gone: the invitation is not good any more.
        NotAccepted: the name or the password cannot be taken, or there is such an account by now.
    """
    enter(session, role=IDENTITY_ROLE)
    user = accounts.create_user(session, found.email, name, password)
    enter(session, tenant=found.tenant_id)
    accept(session, found, user.id)
    return user


def _void(session: Session, *which: ColumnElement[bool]) -> bool:
    voided = session.execute(
        update(Invitation)
        .where(*which, Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))
        .values(revoked_at=func.now())
        .returning(Invitation.id)
        .execution_options(synchronize_session=False)
    )
    return voided.first() is not None
