"""The installation's own row: what belongs to no tenant."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.models import Installation


def swept(session: Session) -> None:
    """Note that a schedule process sweeps: the trace by which `trellis doctor` knows that one lives.

    Args:
        session: a system session.
    """
    note(session, last_swept_at=func.clock_timestamp())


def note(session: Session, **values: Any) -> None:
    """Set columns of the row, and make it when this is the first time.

    Args:
        session: a system session.
        values: by column of `Installation`.
    """
    statement = insert(Installation).values(id=True, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[Installation.id], set_=values))
