"""Whether the database can serve pages."""

from __future__ import annotations

from sqlalchemy import false, select
from sqlalchemy.orm import Session

from portal.models import Membership


def answers(session: Session) -> None:
    """Ask for nothing of one of our tables, with the role of pages: fails without server, schema or role."""
    session.execute(select(Membership.role).where(false())).all()
