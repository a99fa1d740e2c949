"""Amending: rows of a match key as they stand once somebody said something, until they are matched anew.

Everything is by value, set by set: a file may say a hundred thousand things at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, LiteralString
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import Connection, MatchedRow
from portal.sync.engine.bulk import copy_in
from portal.sync.readiness import rows

# The platform's value and Flourish's.
Pair = tuple[str, str]
_PAIRS = {"left_value": "text", "right_value": "text", "right_ref": "text", "right_name": "text"}
_VALUES = {"value": "text"}

_JOIN: tuple[LiteralString, ...] = (
    # Who is meant on the other side, wherever it stands now.
    """UPDATE incoming_pair AS pair SET right_ref = row.right_ref, right_name = row.right_name
    FROM match_row AS row
    WHERE row.connection_id = %(connection)s AND row.key = %(key)s
      AND row.right_value = pair.right_value AND row.state <> 'excluded'""",
    """DELETE FROM match_row AS row USING incoming_pair AS pair
    WHERE row.connection_id = %(connection)s AND row.key = %(key)s
      AND row.right_ref = pair.right_ref AND row.left_ref IS NULL
      AND row.state IN ('near', 'missing_left')""",
    """UPDATE match_row AS row SET right_ref = NULL, right_value = NULL, right_name = NULL
    FROM incoming_pair AS pair
    WHERE row.connection_id = %(connection)s AND row.key = %(key)s
      AND row.right_ref = pair.right_ref AND row.state = 'near'
      AND row.left_value IS DISTINCT FROM pair.left_value""",
    """UPDATE match_row AS row SET state = 'matched', by_alias = true, right_ref = pair.right_ref,
        right_value = pair.right_value, right_name = pair.right_name
    FROM incoming_pair AS pair
    WHERE row.connection_id = %(connection)s AND row.key = %(key)s
      AND row.left_value = pair.left_value AND pair.right_ref IS NOT NULL
      AND row.state IN ('near', 'missing_right')""",
)
# One that was near to what it was joined with is near to it again; else the right side stands alone again.
_APART: LiteralString = """
WITH parted AS (
    SELECT row.* FROM match_row AS row JOIN incoming_pair AS pair ON row.left_value = pair.left_value
    WHERE row.connection_id = %(connection)s AND row.key = %(key)s
      AND row.by_alias AND row.suggestions #>> '{0,ref}' IS DISTINCT FROM row.right_ref
), alone AS (
    INSERT INTO match_row (id, tenant_id, connection_id, key, state, sort, right_ref, right_value, right_name)
    SELECT gen_random_uuid(), tenant_id, connection_id, key, 'missing_left', lower(right_value), right_ref,
        right_value, right_name
    FROM parted
)
UPDATE match_row AS row SET right_ref = NULL, right_value = NULL, right_name = NULL
FROM parted WHERE row.id = parted.id
"""
_PART: LiteralString = """
UPDATE match_row AS row SET by_alias = false,
    state = CASE WHEN row.suggestions = '[]' THEN 'missing_right' ELSE 'near' END
FROM incoming_pair AS pair
WHERE row.connection_id = %(connection)s AND row.key = %(key)s
  AND row.by_alias AND row.left_value = pair.left_value
"""
_LEAVE_OUT: LiteralString = """
UPDATE match_row AS row SET state = 'excluded' FROM incoming_value AS said
WHERE row.connection_id = %(connection)s AND row.key = %(key)s
  AND said.value IN (row.left_value, row.right_value)
"""
_TAKE_IN: LiteralString = """
UPDATE match_row AS row SET state = CASE
    WHEN row.left_value = row.right_value OR row.by_alias THEN 'matched'
    WHEN row.suggestions <> '[]' THEN 'near'
    WHEN row.right_ref IS NULL THEN 'missing_right' ELSE 'missing_left' END
FROM incoming_value AS said
WHERE row.connection_id = %(connection)s AND row.key = %(key)s
  AND row.state = 'excluded' AND said.value IN (row.left_value, row.right_value)
"""


def join(session: Session, connection: Connection, key: str, pairs: Iterable[Pair]) -> None:
    """Show values as joined by an alias.

    Args:
        session: a session inside the connection's tenant.
        connection: whose rows they are.
        key: the name of the match key.
        pairs: the values.
    """
    _amend(
        session, connection, key, ("incoming_pair", _PAIRS), [(*pair, None, None) for pair in pairs], _JOIN
    )


def part(session: Session, connection: Connection, key: str, pairs: Iterable[Pair]) -> None:
    """Show values as they were before an alias joined them; the arguments are those of `join`."""
    copied = [(*pair, None, None) for pair in pairs]
    _amend(session, connection, key, ("incoming_pair", _PAIRS), copied, (_APART, _PART))


def leave_out(session: Session, connection: Connection, key: str, values: Iterable[str]) -> None:
    """Show values as left out, with what they stand on a row with.

    Args:
        session: a session inside the connection's tenant.
        connection: whose rows they are.
        key: the name of the match key.
        values: as they are shown, of either side.
    """
    _amend(session, connection, key, ("incoming_value", _VALUES), [(one,) for one in values], (_LEAVE_OUT,))


def take_in(session: Session, connection: Connection, key: str, values: Iterable[str]) -> None:
    """Show values as not left out any more; the arguments are those of `leave_out`."""
    _amend(session, connection, key, ("incoming_value", _VALUES), [(one,) for one in values], (_TAKE_IN,))


def _amend(
    session: Session,
    connection: Connection,
    key: str,
    table: tuple[str, dict[str, LiteralString]],
    copied: Sequence[tuple[Any, ...]],
    statements: Sequence[LiteralString],
) -> None:
    head = rows.lock(session, connection, key)
    driver = copy_in(session, *table, copied)
    values: dict[str, UUID | str] = {"connection": connection.id, "key": key}
    for statement in statements:
        driver.execute(statement, values)
    counted = select(MatchedRow.state, func.count().label("many")).where(
        MatchedRow.connection_id == connection.id, MatchedRow.key == key
    )
    found = session.execute(counted.group_by(MatchedRow.state)).all()
    head.counts = {row.state: row.many for row in found}
