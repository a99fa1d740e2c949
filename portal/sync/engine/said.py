"""What people said is the same or left out, as it stands now, for the planner."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Alias, Connection, Exclusion
from portal.sync.sameness import NOTHING_SAID, Sameness

_STRAIN = "strain"


def said_of(session: Session, connection: Connection) -> Sameness:
    """Read what holds for a connection.

    Args:
        session: a session inside its tenant.
        connection: the connection.
    """
    if not connection.said_revision:
        return NOTHING_SAID
    aliases: dict[str, dict[str, str]] = defaultdict(dict)
    strains: dict[str, str] = {}
    for row in session.scalars(
        select(Alias).where(Alias.connection_id == connection.id, Alias.undone_at.is_(None))
    ):
        aliases[row.key][row.left_key] = row.right_key
        if row.key == _STRAIN:
            strains[row.right_value.strip()] = row.left_value.strip()
    excluded: dict[str, set[str]] = defaultdict(set)
    for key, value in session.execute(
        select(Exclusion.key, Exclusion.value_key).where(
            Exclusion.connection_id == connection.id, Exclusion.undone_at.is_(None)
        )
    ):
        excluded[key].add(value)
    return Sameness(
        connection.said_revision,
        dict(aliases),
        {key: frozenset(values) for key, values in excluded.items()},
        strains,
    )
