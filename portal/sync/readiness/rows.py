"""Rows: what became of each thing under a match key, kept for its page. Taken in by COPY."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.models import Connection, MatchedKey, MatchedRow, new_id
from portal.sync.checks import Entry, MatchKey, MatchRow, MatchState, Suggestion, Tally
from portal.sync.engine.bulk import copy_in

# Values that a tally names of each state.
_EXAMPLES = 5
_SORTED_BY = 200
_COLUMNS = {
    "id": "uuid",
    "state": "text",
    "sort": "text",
    "left_ref": "text",
    "left_value": "text",
    "left_name": "text",
    "right_ref": "text",
    "right_value": "text",
    "right_name": "text",
    "suggestions": "jsonb",
    "by_alias": "boolean",
}
_LISTED = ", ".join(_COLUMNS)
_TAKE_OVER = (
    f"INSERT INTO match_row (tenant_id, connection_id, key, {_LISTED})"  # noqa: S608 - our own columns
    f" SELECT %(tenant)s, %(connection)s, %(key)s, {_LISTED} FROM incoming_match"
)


def store(session: Session, connection: Connection, key: MatchKey, rows: Iterable[MatchRow]) -> Tally:
    """Keep the rows of a key in place of the earlier ones.

    Args:
        session: a session inside the connection's tenant.
        connection: whose they are.
        key: the match key.
        rows: as `mapping.matching.match` tells them.

    Returns:
        How many are in which state.
    """
    counting = _Counting()
    # Worked out before anything is locked or copied: many take longer than a statement may.
    prepared = [*counting.through(rows)]
    lock(session, connection, key.name)
    session.execute(
        delete(MatchedRow)
        .where(MatchedRow.connection_id == connection.id, MatchedRow.key == key.name)
        .execution_options(synchronize_session=False)
    )
    driver = copy_in(session, "incoming_match", _COLUMNS, prepared)
    values = {"tenant": connection.tenant_id, "connection": connection.id, "key": key.name}
    driver.execute(_TAKE_OVER, values)
    kept = lock(session, connection, key.name)
    kept.counts, kept.matched_at = dict(counting.counts.items()), func.now()
    return Tally(counting.counts, {state: tuple(some) for state, some in counting.examples.items()})


def lock(session: Session, connection: Connection, key: str) -> MatchedKey:
    """Keep everybody else from changing a key's rows until the transaction ends.

    Args:
        session: a session inside the connection's tenant.
        connection: the connection.
        key: the name of the key.
    """
    made = insert(MatchedKey).values(
        id=new_id(), tenant_id=connection.tenant_id, connection_id=connection.id, key=key
    )
    locked = made.on_conflict_do_update(
        index_elements=["connection_id", "key"], set_={"key": made.excluded.key}
    ).returning(MatchedKey)
    return session.scalars(locked, execution_options={"populate_existing": True}).one()


class _Counting:
    """Counts rows by state while they pass, and takes examples."""

    def __init__(self) -> None:
        self.counts: Counter[MatchState] = Counter()
        self.examples: dict[MatchState, list[str]] = defaultdict(list)

    def through(self, rows: Iterable[MatchRow]) -> Iterator[tuple[Any, ...]]:
        """Each row as COPY takes it."""
        for row in rows:
            self.counts[row.state] += 1
            first = row.left or row.right
            if first is not None and len(self.examples[row.state]) < _EXAMPLES:
                self.examples[row.state].append(first.value or first.name)
            yield _columns(row)


def _columns(row: MatchRow) -> tuple[Any, ...]:
    first = row.left or row.right
    return (
        new_id(),
        row.state,
        sort_of(first.value or first.name) if first else "",
        *_side(row.left),
        *_side(row.right),
        [_plain(one) for one in row.suggestions],
        row.by_alias,
    )


def sort_of(value: str) -> str:
    """A value as lists are sorted and searched by it."""
    return value.strip().casefold()[:_SORTED_BY]


def _side(entry: Entry | None) -> tuple[str | None, str | None, str | None]:
    return (entry.ref, entry.value, entry.name) if entry is not None else (None, None, None)


def _plain(one: Suggestion) -> dict[str, Any]:
    partner = one.partner
    return {
        "ref": partner.ref,
        "value": partner.value,
        "name": partner.name,
        "change": one.change,
        "score": round(one.score, 3),
    }
