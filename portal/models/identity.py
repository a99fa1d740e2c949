"""People: users, what they may do in which tenant, and their sessions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.models.base import Base, Created, Identified
from portal.models.tenancy import Tenant

TENANT_ROLES = ("owner", "admin", "viewer")
STAFF_ROLES = ("support", "operator")


class User(Identified, Created, Base):
    """A person who signs in. `staff_role` is set for Trellis's own people only."""

    __tablename__ = "app_user"
    __table_args__ = (
        CheckConstraint("email = lower(email) AND position('@' in email) > 1", name="email"),
        CheckConstraint("staff_role IN ('support', 'operator')", name="staff_role"),
    )

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    staff_role: Mapped[str | None]
    last_sign_in_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]


class Membership(Created, Base):
    """What one person may do in one tenant."""

    __tablename__ = "membership"
    __table_args__ = (CheckConstraint("role IN ('owner', 'admin', 'viewer')", name="role"),)

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenant.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True, index=True)
    role: Mapped[str]

    tenant: Mapped[Tenant] = relationship(lazy="joined")
