"""Accounts: people, their passwords, and what they may do in which tenant."""

from __future__ import annotations

from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.identity import passwords
from portal.models import STAFF_ROLES, TENANT_ROLES, Membership, SignIn, User, new_id


class NotAccepted(ValueError):
    """A value for an account cannot be taken; the message says which one and why."""


def create_user(
    session: Session, email: str, name: str, password: str, staff_role: str | None = None
) -> User:
    """Make an account.

    Args:
        session: an identity session.
        email: the address to sign in with.
        name: what people read beside everything that this person does.
        password: the first password.
        staff_role: for Trellis's own people: support or operator.

    Raises:
        NotAccepted: the address, the name, the password or the role cannot be taken.
    """
    address = address_of(email)
    if not name.strip():
        raise NotAccepted("Give a name: it is shown beside everything that this person does.")
    if staff_role is not None and staff_role not in STAFF_ROLES:
        raise NotAccepted(f"{staff_role!r} is not a staff role: choose one of {', '.join(STAFF_ROLES)}.")
    if session.scalar(select(User.id).where(User.email == address)) is not None:
        raise NotAccepted(f"There is an account with the address {address} already.")
    if wrong := passwords.objection(password, address):
        raise NotAccepted(wrong)
    user = User(id=new_id(), email=address, name=name.strip(), staff_role=staff_role)
    proof = SignIn(user_id=user.id, password_hash=passwords.hashed(password))
    session.add(user)
    session.flush()
    session.add(proof)
    session.flush()
    return user


def add_member(session: Session, tenant_id: UUID, user_id: UUID, role: str) -> None:
    """Let a person into a tenant; somebody who is in already gets the new role.

    Raises:
        NotAccepted: there is no such role, or the tenant would be left without an owner.
    """
    _check_role(role)
    if role != "owner":
        keep_an_owner(session, tenant_id, user_id)
    statement = insert(Membership).values(tenant_id=tenant_id, user_id=user_id, role=role)
    session.execute(
        statement.on_conflict_do_update(index_elements=["tenant_id", "user_id"], set_={"role": role})
    )


def set_role(session: Session, tenant_id: UUID, user_id: UUID, role: str) -> None:
    """Change what a member may do.

    Raises:
        NotAccepted: this person is no member, there is no such role, or no owner would be left.
    """
    _check_role(role)
    member = session.get(Membership, (tenant_id, user_id))
    if member is None:
        raise NotAccepted("This person is not a member of the tenant.")
    if role != "owner":
        keep_an_owner(session, tenant_id, user_id)
    member.role = role
    session.flush()


def verify(session: Session, email: str, password: str) -> User | None:
    """Find the account that an address and a password belong to.

    An unknown address takes as long as a wrong password, so that time does not tell which it was.

    Args:
        session: an identity session.
        email: as typed.
        password: as typed.
    """
    found = session.execute(
        select(User, SignIn)
        .join(SignIn, SignIn.user_id == User.id)
        .where(User.email == email.strip().lower(), User.disabled_at.is_(None))
    ).first()
    if not passwords.matches(found.SignIn.password_hash if found else None, password) or not found:
        return None
    if passwords.is_outdated(found.SignIn.password_hash):
        found.SignIn.password_hash = passwords.hashed(password)
        session.flush()
    user: User = found.User
    return user


def known(session: Session, email: str) -> User | None:
    """Find the open account of an address, as typed."""
    return session.scalar(select(User).where(User.email == email.strip().lower(), User.disabled_at.is_(None)))


def proves(session: Session, user_id: UUID, password: str) -> bool:
    """Say whether this is a person's password."""
    stored = session.scalar(select(SignIn.password_hash).where(SignIn.user_id == user_id))
    return passwords.matches(stored, password)


def disable(session: Session, user_id: UUID) -> None:
    """Close an account: nobody signs in with it any more, and what it did keeps its name."""
    session.execute(
        update(User).where(User.id == user_id, User.disabled_at.is_(None)).values(disabled_at=func.now())
    )


def address_of(email: str) -> str:
    """Write an e-mail address as accounts keep it.

    Raises:
        NotAccepted: it is none.
    """
    try:
        checked = validate_email(email.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise NotAccepted(f"{email!r} is not an e-mail address: {error}") from error
    return checked.normalized.lower()


def _check_role(role: str) -> None:
    if role not in TENANT_ROLES:
        raise NotAccepted(f"{role!r} is not a role: choose one of {', '.join(TENANT_ROLES)}.")


def keep_an_owner(session: Session, tenant_id: UUID, user_id: UUID) -> None:
    """Make sure that a company has another owner than this person, when they are one.

    Raises:
        NotAccepted: they are the last one.
    """
    # Locked, so that two owners who take each other's role away at once do not both succeed.
    owners = session.scalars(
        select(Membership.user_id)
        .where(Membership.tenant_id == tenant_id, Membership.role == "owner")
        .order_by(Membership.user_id)
        .with_for_update()
    ).all()
    if list(owners) == [user_id]:
        raise NotAccepted("This person is the last owner: make somebody else an owner first.")
