"""Key rotation: what is sealed with another key than the first is sealed anew, a row at a time, while
everything else goes on.

What is done is known from the rows themselves, so whatever ends it half-way, the next run goes on. A row is
changed only if its value is still the one that was read: a key that is replaced meanwhile wins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.exc import OperationalError

from portal.extensions import Sessions
from portal.models import INSTALLATION_CHAIN
from portal.sync import audit, secrets
from portal.sync.engine.desk import Desk
from portal.sync.sealed import PLACES, Place

_BATCH = 50
# A row that somebody else holds locked is tried again in the next pass.
_PASSES = 5


@dataclass
class Rotated:
    """What came of a rotation: how many values are sealed anew by place, and what could not be."""

    anew: Counter[str] = field(default_factory=Counter)
    shut: list[str] = field(default_factory=list)
    left: int = 0

    @property
    def complete(self) -> bool:
        """Whether everything is sealed with the first key."""
        return not self.left


def rotate(desk: Desk, *, actor: audit.Actor, tell: Callable[[str], None] = lambda _line: None) -> Rotated:
    """Seal everything with the first key that is sealed with another.

    Args:
        desk: what to work with; its settings hold the keys, those of before among them.
        actor: who does it.
        tell: told of each batch.

    Returns:
        What was done, and what could not be: values whose key is not there.
    """
    done = Rotated()
    for _ in range(_PASSES):
        done.shut.clear()
        for place in PLACES:
            for batch in _batches(desk, place):
                changed = sum(_seal_anew(desk, place, row, done) for row in batch)
                done.anew[place.name] += changed
                tell(f"{place.name}: {done.anew[place.name]:,} sealed anew")
        done.left = _left(desk)
        if done.left == len(done.shut):
            break
    try:
        _record(desk, done, actor)
    except secrets.CannotOpen as error:
        done.shut.append(f"the audit, which therefore does not tell of this: {error}")
    return done


def _record(desk: Desk, done: Rotated, actor: audit.Actor) -> None:
    with desk.sessions.system() as session:
        detail = {"anew": dict(+done.anew), "left": done.left, "with": _first(desk)}
        keys = desk.settings.master_keys
        audit.record(session, keys, INSTALLATION_CHAIN, "credentials.rotated", actor=actor, detail=detail)


def counts(sessions: Sessions) -> dict[str, Counter[str]]:
    """Count the sealed values by the id of their key, for each place."""
    found: dict[str, Counter[str]] = {}
    with sessions.system() as session:
        for place in PLACES:
            named = place.named_key().label("named")
            rows = session.execute(
                select(named, func.count()).where(place.column.is_not(None)).group_by(named)
            )
            found[place.name] = Counter({bytes(key).decode("utf-8", "replace"): n for key, n in rows})
    return found


def _first(desk: Desk) -> str:
    return next(iter(desk.settings.master_keys))


def _batches(desk: Desk, place: Place) -> Iterator[Sequence[Row[Any]]]:
    """Rows that are sealed otherwise, from the first to the last."""
    after: Any = None
    while True:
        query = select(place.key, place.column, *(column.label(None) for column in place.binding)).where(
            place.column.is_not(None), place.sealed_otherwise(_first(desk))
        )
        if after is not None:
            query = query.where(place.key > after)
        with desk.sessions.system() as session:
            rows = session.execute(query.order_by(place.key).limit(_BATCH)).all()
        if not rows:
            return
        yield rows
        after = rows[-1][0]


def _seal_anew(desk: Desk, place: Place, row: Row[Any], done: Rotated) -> bool:
    """Seal one row's value anew, in a transaction of its own: locks are held for moments, one at a time."""
    key, sealed, *bound_to = tuple(row)
    keys = desk.settings.master_keys
    try:
        anew = place.seal(keys, place.open(keys, sealed, *bound_to), *bound_to)
    except secrets.CannotOpen as error:
        done.shut.append(f"{place.name}, {key}: {error}")
        return False
    values: dict[Any, Any] = {place.column: anew.ciphertext}
    if place.key_id is not None:
        values[place.key_id] = anew.key_id
    try:
        with desk.sessions.system() as session:
            changed = session.execute(
                update(place.key.class_)
                .where(place.key == key, place.column == sealed)
                .values(values)
                .returning(place.key)
                .execution_options(synchronize_session=False)
            )
            return changed.first() is not None
    except OperationalError as error:
        if error.connection_invalidated:
            raise
        return False  # somebody holds its lock for long


def _left(desk: Desk) -> int:
    with desk.sessions.system() as session:
        return sum(
            session.scalar(
                select(func.count())
                .select_from(place.key.class_)
                .where(place.column.is_not(None), place.sealed_otherwise(_first(desk)))
            )
            or 0
            for place in PLACES
        )
