"""Once: what was made under a natural key that may succeed only once."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Operation


def made_already(session: Session, hub_id: UUID, natural_key: str) -> str:
    """The Flourish id of what was made under this key; empty when nothing was."""
    made = session.scalar(
        select(Operation.response_ref).where(
            Operation.hub_id == hub_id,
            Operation.natural_key == natural_key,
            Operation.once,
            Operation.status == "ok",
        )
    )
    return made or ""
