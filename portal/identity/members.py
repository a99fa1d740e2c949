"""Members: who is in a company, what they may do there, and who may change that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, select
from sqlalchemy.orm import Session

from portal.identity import accounts, tokens
from portal.identity.accounts import NotAccepted
from portal.models import Membership, SignIn, User

# Who comes first in a list of people.
_ORDER = {"owner": 0, "admin": 1, "viewer": 2}


def addresses_of_owners(identity: Session, tenant_id: UUID) -> list[str]:
    """Read where a company's owners get their mail.

    Args:
        identity: an identity session.
        tenant_id: the company.
    """
    query = (
        select(User.email)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.tenant_id == tenant_id, Membership.role == "owner", User.disabled_at.is_(None))
    )
    return list(identity.scalars(query.order_by(User.email)))


def second_factors(identity: Session, people: Collection[UUID]) -> Mapping[UUID, bool]:
    """Say of each person whether they have a second factor.

    Args:
        identity: an identity session.
        people: of whom.
    """
    rows = identity.execute(
        select(SignIn.user_id, SignIn.totp_confirmed_at.is_not(None)).where(SignIn.user_id.in_(people))
    )
    return {row[0]: row[1] for row in rows}


_NAMES = (
    select(Membership.role, User.id, User.name)
    .join(User, User.id == Membership.user_id)
    .where(Membership.tenant_id == bindparam("tenant_id"))
)


def names(session: Session, tenant_id: UUID) -> Mapping[UUID, str]:
    """Name who is in a company, in the order of `roster`, and read nothing else of them."""
    rows = session.execute(_NAMES, {"tenant_id": tenant_id}).all()
    return {row.id: row.name for row in sorted(rows, key=lambda row: _place(row.role, row.name))}


def roster(session: Session, tenant_id: UUID) -> Sequence[Row[Membership, User]]:
    """Read who is in a company: owners first, then by name."""
    rows = session.execute(
        select(Membership, User)
        .join(User, User.id == Membership.user_id)
        .where(Membership.tenant_id == tenant_id)
    ).all()
    return sorted(rows, key=lambda row: _place(row[0].role, row[1].name))


def _place(role: str, name: str) -> tuple[int, str]:
    """Where somebody stands in a list: owners first, then by name."""
    return _ORDER[role], name.casefold()


def change_role(session: Session, member: Membership, role: str, *, by_owner: bool) -> None:
    """Change what a member may do.

    Args:
        session: inside the tenant.
        member: whose role.
        role: the new one.
        by_owner: whether an owner changes it: admins neither make nor unmake owners.

    Raises:
        NotAccepted: whoever changes it may not, there is no such role, or no owner would be left.
    """
    _keep_off_owners(member, by_owner)
    if role == "owner" and not by_owner:
        raise NotAccepted("Only an owner makes somebody an owner.")
    accounts.set_role(session, member.tenant_id, member.user_id, role)


def remove(session: Session, member: Membership, *, by_owner: bool, by: str) -> None:
    """Take a member out of the company, and back what tokens they made.

    Args:
        session: inside the tenant.
        member: whom.
        by_owner: whether an owner does it, or the member themselves.
        by: who does it.

    Raises:
        NotAccepted: whoever does it may not, or no owner would be left.
    """
    _keep_off_owners(member, by_owner)
    accounts.keep_an_owner(session, member.tenant_id, member.user_id)
    tokens.revoke_all_of(session, member.tenant_id, member.user_id, by=by)
    session.execute(
        delete(Membership).where(
            Membership.tenant_id == member.tenant_id, Membership.user_id == member.user_id
        )
    )


def hand_over(session: Session, tenant_id: UUID, owner_id: UUID, successor_id: UUID) -> None:
    """Make somebody else an owner, and the owner who does it an admin.

    Raises:
        NotAccepted: the successor is no member, or the owner themselves.
    """
    if owner_id == successor_id:
        raise NotAccepted("Choose somebody else: you are an owner already.")
    accounts.set_role(session, tenant_id, successor_id, "owner")
    accounts.set_role(session, tenant_id, owner_id, "admin")


def _keep_off_owners(member: Membership, by_owner: bool) -> None:
    if member.role == "owner" and not by_owner:
        raise NotAccepted("Only an owner changes or removes an owner.")
