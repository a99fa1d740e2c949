"""Whether the database can serve pages."""

from __future__ import annotations

from sqlalchemy import column, false, select, table
from sqlalchemy.orm import Session

from portal.models import Membership

# Alembic's own table.
_VERSION = table("alembic_version", column("version_num"))


def answers(session: Session) -> None:
    """Ask for nothing of one of our tables, with the role of pages: fails without server, schema or role."""
    session.execute(select(Membership.role).where(false())).all()


def revisions(system: Session) -> set[str]:
    """Read at which migrations the schema is; mostly one.

    Args:
        system: a system session.
    """
    return set(system.execute(select(_VERSION.c.version_num)).scalars())
