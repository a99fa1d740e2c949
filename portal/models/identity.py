"""People: accounts, how they sign in, their sessions, and what they may do in which tenant.

What proves who somebody is (passwords, second factors, sessions, tokens) is read and written by the identity
role alone: pages and workers cannot (extensions.Sessions.identity).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Created, Identified, Owned
from portal.models.tenancy import Tenant

TENANT_ROLES = ("owner", "admin", "viewer")
STAFF_ROLES = ("support", "operator")
_ROLE_CHECK = "role IN ('owner', 'admin', 'viewer')"


class User(Identified, Created, Base):
    """A person who signs in. `staff_role` is set for Trellis's own people only."""

    __tablename__ = "app_user"
    __table_args__ = (
        CheckConstraint("email = lower(email) AND position('@' in email) > 1", name="email"),
        CheckConstraint("staff_role IN ('support', 'operator')", name="staff_role"),
    )

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    staff_role: Mapped[str | None]
    last_sign_in_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]


class SignIn(Base):
    """How one person proves who they are: a password, and a second factor once it is confirmed."""

    __tablename__ = "sign_in"
    __table_args__ = (
        CheckConstraint("totp_confirmed_at IS NULL OR totp_sealed IS NOT NULL", name="confirmed"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    password_hash: Mapped[str]
    password_set_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    # The secret of an authenticator app, sealed (sync/secrets.py): bound to no tenant, this person, "totp".
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_confirmed_at: Mapped[datetime | None]
    # The last 30-second step whose code was taken, so that none is taken twice.
    totp_step: Mapped[int | None]


class RecoveryCode(Identified, Base):
    """One code that stands in for the second factor, once."""

    __tablename__ = "recovery_code"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), index=True)
    code_hash: Mapped[str]
    used_at: Mapped[datetime | None]


class UserSession(Identified, Created, Base):
    """One browser in which somebody is signed in. The cookie holds a token of which this is the hash."""

    __tablename__ = "user_session"
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (ended_because IS NULL)", name="ended"),
        Index("ix_user_session_open", "user_id", postgresql_where=text("ended_at IS NULL")),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    # When a person last did something in it; pages that update by themselves do not count.
    seen_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    # When the password or a code was last given: sensitive acts ask for a recent one.
    proven_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    # When the second factor was given; a person who has one is not signed in before that.
    second_factor_at: Mapped[datetime | None]
    # The network that it began in and the kind of browser, for people to recognise it by.
    address: Mapped[str] = mapped_column(server_default="")
    browser: Mapped[str] = mapped_column(server_default="")
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None]


class ResetToken(Identified, Created, Base):
    """A mailed link that lets somebody choose a new password, once. Only its hash is kept."""

    __tablename__ = "reset_token"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Membership(Created, Base):
    """What one person may do in one tenant."""

    __tablename__ = "membership"
    __table_args__ = (CheckConstraint(_ROLE_CHECK, name="role"),)

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenant.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True, index=True)
    role: Mapped[str]

    tenant: Mapped[Tenant] = relationship(lazy="joined")


class Invitation(Owned, Created, Base):
    """A mailed link that lets one address into a tenant, once. Only its hash is kept."""

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint(_ROLE_CHECK, name="role"),
        CheckConstraint("email = lower(email)", name="email"),
        # One open invitation for an address; a new one takes the place of the old one.
        Index(
            "uq_invitation_open",
            "tenant_id",
            "email",
            unique=True,
            postgresql_where=text("accepted_at IS NULL AND revoked_at IS NULL"),
        ),
    )

    email: Mapped[str]
    role: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    invited_by: Mapped[str]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ApiToken(Owned, Created, Base):
    """A token with which a program reads one company, as its maker does. Only its hash is kept."""

    __tablename__ = "api_token"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked"),
        CheckConstraint("expires_at > created_at", name="expires"),
        Index("ix_api_token_tenant", "tenant_id", text("created_at DESC")),
    )

    # What it is for, in the words of whoever made it.
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    # By which people tell it from others.
    last_four: Mapped[str]
    # It is worth what its maker is worth: nothing once they have left the company.
    maker_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    made_by: Mapped[str]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]


class Grant(Owned, Created, Base):
    """Access of one of Trellis's own people to one tenant: asked for, given for a time, over.

    Break-glass access (features.md MO-11) is given by itself, and its owners are told.
    """

    __tablename__ = "support_grant"
    __table_args__ = (
        CheckConstraint("kind IN ('support', 'break_glass')", name="kind"),
        CheckConstraint("reason <> ''", name="reason"),
        CheckConstraint("minutes BETWEEN 5 AND 60", name="minutes"),
        CheckConstraint("(given_at IS NULL) = (ends_at IS NULL)", name="given"),
        CheckConstraint("ends_at <= given_at + interval '60 minutes'", name="ends"),
        Index("ix_support_grant_tenant", "tenant_id", text("created_at DESC")),
        Index("ix_support_grant_agent", "agent_id", text("created_at DESC")),
    )

    agent_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))
    # As it was then: pages of the tenant cannot read Trellis's own people.
    agent_name: Mapped[str]
    kind: Mapped[str]
    reason: Mapped[str]
    ticket: Mapped[str] = mapped_column(server_default="")
    minutes: Mapped[int]
    # Whether retry, test and pause are allowed, beside looking.
    may_act: Mapped[bool] = mapped_column(server_default=text("false"))
    given_at: Mapped[datetime | None]
    given_by: Mapped[str | None]
    ends_at: Mapped[datetime | None]
    # Declined, given back or taken away: it counts no more, whenever it would have ended.
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]
