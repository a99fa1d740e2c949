"""Sheets of a match key: a file that was looked through is kept for a while, until it is applied whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from portal.models import Alias, Connection, Exclusion, MatchedRow, MatchFile
from portal.queries import matching
from portal.sync import aliases, audit
from portal.sync.checks import MatchKey
from portal.sync.mapping import sheet
from portal.sync.mapping.sheet import Decided, Known

# For so long a file that was looked through can be applied.
KEPT = timedelta(hours=1)
# A file may say a hundred thousand things at once.
_PATIENT = text("SET LOCAL statement_timeout = '120s'")


class Changed(Exception):
    """The file that was looked through is not there any more, or what it is about changed; in words."""


@dataclass(frozen=True)
class Applied:
    """How many decisions were carried out, and how many orders are looked at again."""

    count: int
    orders: int


def lines(session: Session, connection: Connection, key: MatchKey) -> Iterator[tuple[str, ...]]:
    """The rows of a key as a sheet has them, state by state.

    Args:
        session: a session inside the connection's tenant.
        connection: whose they are.
        key: the match key.
    """
    for row in matching.every(session, connection.tenant_id, connection.id, key.name):
        yield _line(row)


def _line(row: MatchedRow) -> tuple[str, ...]:
    """Of a near row the first suggestion stands where its partner would."""
    left = [row.left_value or "", row.left_name or ""]
    right = [row.right_value or "", row.right_name or ""]
    differs = ""
    if row.state == "near" and row.suggestions:
        first = row.suggestions[0]
        partner = [str(first["value"]), str(first["name"])]
        left, right = (left, partner) if row.left_ref else (partner, right)
        differs = str(first["change"])
    return (row.state.replace("_", " "), *left, *right, differs, "")


def look_through(session: Session, connection: Connection, key: MatchKey, content: bytes) -> Decided:
    """Read the decisions of a file, each checked against what was matched and said.

    Args:
        session: a session inside the connection's tenant.
        connection: the connection.
        key: the match key.
        content: the file.

    Raises:
        NoSheet: it is no such file.
    """
    session.execute(_PATIENT)
    return sheet.read(content, _known(session, connection, key))


def _known(session: Session, connection: Connection, key: MatchKey) -> Known:
    left: set[str] = set()
    right: set[str] = set()
    rows = select(MatchedRow.left_value, MatchedRow.right_value).where(
        MatchedRow.connection_id == connection.id, MatchedRow.key == key.name
    )
    for own, other in session.execute(rows.execution_options(yield_per=5_000)):
        left.add(key.exact(own or ""))
        right.add(key.exact(other or ""))
    said = select(Alias.left_key, Alias.right_key).where(
        Alias.connection_id == connection.id, Alias.key == key.name, Alias.undone_at.is_(None)
    )
    out = select(Exclusion.value_key).where(
        Exclusion.connection_id == connection.id, Exclusion.key == key.name, Exclusion.undone_at.is_(None)
    )
    held = {own: other for own, other in session.execute(said)}  # noqa: C416 - rows are no pairs to dict()
    return Known(key.exact, left - {""}, right - {""}, held, set(session.scalars(out)))


def keep(
    session: Session, connection: Connection, key: MatchKey, decided: Decided, *, actor: audit.Actor
) -> UUID:
    """Keep the decisions of a file until somebody applies them; older ones of the connection are forgotten.

    Args:
        session: a session inside the connection's tenant.
        connection: the connection.
        key: the match key.
        decided: the decisions, none of them wrong.
        actor: whose file it is.
    """
    session.execute(
        delete(MatchFile)
        .where(MatchFile.connection_id == connection.id, MatchFile.created_at < func.now() - KEPT)
        .execution_options(synchronize_session=False)
    )
    kept = MatchFile(
        tenant_id=connection.tenant_id,
        connection_id=connection.id,
        key=key.name,
        made_by=str(actor),
        decisions={
            "same": [list(pair) for pair in decided.same],
            "undo": decided.undo,
            "leave_out": decided.leave_out,
            "include": decided.include,
        },
    )
    session.add(kept)
    session.flush()
    return kept.id


def apply(
    session: Session,
    keys: Mapping[str, bytes],
    connection: Connection,
    key: MatchKey,
    file_id: UUID,
    *,
    actor: audit.Actor,
) -> Applied:
    """Carry out all decisions of a file that was looked through; once.

    Args:
        session: a session inside the connection's tenant.
        keys: the installation's encryption keys.
        connection: the connection.
        key: the match key.
        file_id: from `keep`.
        actor: who does it.

    Raises:
        Changed: it was applied or forgotten.
        CannotAlias: something it is about was decided otherwise since.
    """
    session.execute(_PATIENT)
    kept = session.scalar(
        select(MatchFile)
        .where(
            MatchFile.id == file_id,
            MatchFile.connection_id == connection.id,
            MatchFile.key == key.name,
            MatchFile.created_at >= func.now() - KEPT,
        )
        .with_for_update()
    )
    if kept is None:
        raise Changed("This file was applied already, or an hour has gone by: upload it again.")
    said, work = kept.decisions, (session, keys, connection, key)
    session.delete(kept)
    done = [
        aliases.undo(*work, lefts=said["undo"], actor=actor),
        aliases.include(*work, said["include"], actor=actor),
        aliases.make(*work, [(left, right) for left, right in said["same"]], actor=actor),
        aliases.exclude(*work, said["leave_out"], actor=actor),
    ]
    return Applied(sum(one.count for one in done), sum(one.orders for one in done))
