"""Mail that waits to be sent, and that was."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Created, Identified


class Mail(Identified, Created, Base):
    """One message. It may hold a link that lets somebody in, so it is sealed, and dropped once it is sent."""

    __tablename__ = "mail"
    __table_args__ = (
        CheckConstraint(
            "(sealed IS NULL) = (sent_at IS NOT NULL OR given_up_at IS NOT NULL)", name="kept_until_sent"
        ),
        Index("ix_mail_due", "due_at", postgresql_where=text("sealed IS NOT NULL")),
    )

    tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("tenant.id"))
    # What it is about, such as "invitation"; nobody's name.
    kind: Mapped[str]
    # Recipient, subject and text as JSON, sealed (sync/secrets.py): bound to no tenant, this row, "mail".
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    due_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    attempts: Mapped[int] = mapped_column(server_default="0")
    failure: Mapped[str] = mapped_column(server_default="")
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
