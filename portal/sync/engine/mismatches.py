"""Mismatches: the problems of thousands of SKUs, bounded. Each link says what is wrong with it; what many
have is one problem of the connection, with their number and examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from portal.models import Connection, Link, Problem
from portal.sync import journal
from portal.sync.decisions import Finding

# More links than this with one thing wrong are told of together.
_MANY = 25
CODE = "many_items"
_KEPT = ("code", "title", "next_step", "cause", "text", "who", "evidence")

_COUNTS = text(
    """
    SELECT found ->> 'code' AS code, count(DISTINCT link.id) AS number, min(found ->> 'title') AS title,
           min(found ->> 'next_step') AS next_step, min(found ->> 'who') AS who,
           (array_agg(link.label ORDER BY link.label))[1:10] AS labels
    FROM link, jsonb_array_elements(link.snapshot -> 'findings') AS found
    WHERE link.connection_id = :connection AND link.kind = 'item' AND link.state = 'stuck'
    GROUP BY 1 ORDER BY 1
    """
)
_CODES = bindparam("codes", type_=ARRAY(Text))
_CLOSE_COUNTED = text(
    """
    UPDATE problem SET closed_at = now(), closed_because = 'It is counted in one problem of the connection.'
    FROM link WHERE problem.link_id = link.id AND link.connection_id = :connection AND link.kind = 'item'
      AND problem.closed_at IS NULL AND problem.code = ANY(:codes)
    """
).bindparams(_CODES)
_CLOSE_SOLVED = text(
    """
    UPDATE problem SET closed_at = now(), closed_because = 'The cause is gone.'
    FROM link WHERE problem.link_id = link.id AND link.connection_id = :connection AND link.kind = 'item'
      AND problem.closed_at IS NULL AND link.lease_until IS NULL AND link.due_at IS NULL AND NOT link.alone
      AND NOT EXISTS (
          SELECT FROM jsonb_array_elements(link.snapshot -> 'findings') AS found
          WHERE found ->> 'code' = problem.code AND found ->> 'cause' = problem.cause
      )
    """
)
_MISSING = text(
    """
    SELECT link.id, found FROM link, jsonb_array_elements(link.snapshot -> 'findings') AS found
    WHERE link.connection_id = :connection AND link.kind = 'item' AND link.state = 'stuck'
      AND NOT found ->> 'code' = ANY(:codes)
      AND NOT EXISTS (
          SELECT FROM problem WHERE problem.subject_id = link.id AND problem.closed_at IS NULL
            AND problem.code = found ->> 'code' AND problem.cause = found ->> 'cause'
      )
    """
).bindparams(_CODES)


def report(session: Session, connection: Connection) -> None:
    """Open and close the problems of a connection's items, as their links stand now."""
    values = {"connection": connection.id}
    counts = session.execute(_COUNTS, values).all()
    many = [row for row in counts if row.number > _MANY]
    journal.report(session, connection, tuple(_together(row) for row in many), code=CODE)
    codes = [row.code for row in many]
    session.execute(_CLOSE_COUNTED, values | {"codes": codes})
    session.execute(_CLOSE_SOLVED, values)
    for link_id, found in session.execute(_MISSING, values | {"codes": codes}).all():
        journal.open_problem(
            session,
            Finding(**found),
            tenant_id=connection.tenant_id,
            connection_id=connection.id,
            link_id=link_id,
            subject_id=link_id,
        )


def _together(row: Any) -> Finding:
    labels = list(row.labels)
    return Finding(
        "many_items",
        f"{row.number} items wait for one thing: {row.title}",
        row.next_step,
        cause=row.code,
        text=f"Among them: {', '.join(labels)}.",
        who=row.who,
        evidence={"examples": labels},
    )


def as_kept(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings as a link's snapshot keeps them: what a problem has to say."""
    return [{name: getattr(one, name) for name in _KEPT} for one in findings]


def report_one(session: Session, link: Link, findings: Sequence[Finding]) -> None:
    """Report what a look at one item found, unless it is counted among many already."""
    counted = set(
        session.scalars(
            select(Problem.cause).where(
                Problem.subject_id == link.connection_id, Problem.code == CODE, Problem.closed_at.is_(None)
            )
        )
    )
    journal.report(session, link, tuple(one for one in findings if one.code not in counted))
