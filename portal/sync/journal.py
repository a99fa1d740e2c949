"""The journal: timeline events, log lines and problems, written in the transaction that they tell of.

What is written here is announced over Redis once it is committed; pages then read it from SQL.
"""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from redis import Redis, RedisError
from sqlalchemy import Row, event, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, SessionTransaction

from portal.models import Connection, Link, Problem, ProblemAct, Tenant, new_id
from portal.queries import search
from portal.sync.decisions import Finding
from portal.sync.domain import Json
from portal.sync.worsening import is_worse

CHANNEL = "trellis:live"
# The actors by whose names Trellis tells of itself.
OURSELVES = ("Trellis", "Trellis decided")
_NEWS = "news"
_PENDING = "pending"

# One statement: rows of stories, search terms, and the lines of a log with the numbers that they take.
_WRITE = text(
    """
    WITH told AS (
        INSERT INTO timeline_event (id, tenant_id, link_id, seq, side, tone, actor, how, title, text, detail,
                                    operation_id)
        SELECT id, tenant_id, link_id, seq, side, tone, actor, how, title, text, detail, operation_id
        FROM jsonb_to_recordset(CAST(:events AS jsonb)) AS event (
            id uuid, tenant_id uuid, link_id uuid, seq int, side text, tone text, actor text, how text,
            title text, text text, detail jsonb, operation_id uuid
        )
    ), remembered AS (
        INSERT INTO search_term (link_id, tenant_id, kind, term, is_number)
        SELECT link_id, tenant_id, kind, term, is_number
        FROM jsonb_to_recordset(CAST(:terms AS jsonb)) AS word (
            link_id uuid, tenant_id uuid, kind text, term text, is_number boolean
        )
        ON CONFLICT DO NOTHING
    ), head AS (
        UPDATE connection SET log_head = log_head + :count WHERE id = :connection
        RETURNING id, tenant_id, log_head
    ), written AS (
        INSERT INTO log_line (connection_id, number, tenant_id, run_id, link_id, level, entity, text, raw)
        SELECT head.id, head.log_head - :count + line.place, head.tenant_id, line.run_id, line.link_id,
               line.level, line.entity, line.text, line.raw
        FROM head, ROWS FROM (
            jsonb_to_recordset(CAST(:lines AS jsonb)) AS (
                run_id uuid, link_id uuid, level text, entity text, text text, raw jsonb
            )
        ) WITH ORDINALITY AS line (run_id, link_id, level, entity, text, raw, place)
    )
    SELECT log_head FROM head
    """
)


@dataclass(frozen=True)
class Entry:
    """One row for an order's story: `side` platform, trellis or flourish, `tone` plain, ok, warn or bad."""

    side: str
    actor: str
    title: str
    text: str = ""
    how: str = ""
    tone: str = "plain"
    detail: Json = field(default_factory=dict)
    operation_id: UUID | None = None


def tell(session: Session, link: Link, entry: Entry) -> None:
    """Add a row to a link's story.

    Args:
        session: a session in which the link's row is locked.
        link: the locked link.
        entry: the row.
    """
    link.event_head += 1
    row = {
        "id": str(new_id()),
        "tenant_id": str(link.tenant_id),
        "link_id": str(link.id),
        "seq": link.event_head,
        "side": entry.side,
        "tone": entry.tone,
        "actor": entry.actor,
        "how": entry.how,
        "title": entry.title,
        "text": entry.text,
        "detail": dict(entry.detail),
        "operation_id": str(entry.operation_id) if entry.operation_id else None,
    }
    _pending(session).events.append(row)
    _announce_later(session, f"link:{link.id}")


def told_of_others(session: Session, link: Link) -> str | None:
    """What this transaction tells of somebody else's doing, the last of it; None when it tells of none."""
    told = (row for row in reversed(_pending(session).events) if row["link_id"] == str(link.id))
    return next((f"{row['actor']}: {row['title']}" for row in told if row["actor"] not in OURSELVES), None)


def log(
    session: Session,
    connection: Connection | Link,
    level: str,
    text: str,
    *,
    run_id: UUID | None = None,
    raw: Json | None = None,
) -> None:
    """Add a line to a connection's sync log.

    Args:
        session: a session inside the tenant.
        connection: the connection, or a link of it that the line is about.
        level: info, done, wait, stuck or bug.
        text: one sentence.
        run_id: the run that it belongs to.
        raw: the facts behind it, redacted.
    """
    link = connection if isinstance(connection, Link) else None
    connection_id = link.connection_id if link else connection.id
    line = {
        "run_id": str(run_id) if run_id else None,
        "link_id": str(link.id) if link else None,
        "level": level,
        "entity": f"{link.kind} {link.label or link.foreign_id}" if link else "connection",
        "text": text,
        "raw": dict(raw or {}),
    }
    _pending(session).lines[connection_id].append(line)


@dataclass
class _Pending:
    """What a transaction has to say once it comes to its end: rows of stories, search terms, and lines by
    connection."""

    events: list[dict[str, Any]] = field(default_factory=list)
    terms: list[dict[str, Any]] = field(default_factory=list)
    lines: dict[UUID, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))


def _pending(session: Session) -> _Pending:
    pending: _Pending = session.info.setdefault(_PENDING, _Pending())
    return pending


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    """Write what is pending, last of all: whoever takes a line's number keeps others of its connection
    waiting until the commit."""
    pending: _Pending | None = session.info.pop(_PENDING, None)
    if pending is None:
        return
    session.flush()
    events, terms = json.dumps(pending.events), json.dumps(pending.terms)
    connections: list[UUID | None] = [*sorted(pending.lines)]
    for connection_id in connections or [None]:
        lines = pending.lines[connection_id] if connection_id else []
        values = {"connection": connection_id, "count": len(lines), "lines": json.dumps(lines)}
        written = session.execute(_WRITE, {**values, "events": events, "terms": terms})
        if connection_id:
            written.one()  # a connection that this session cannot see takes no lines
            _announce_later(session, f"log:{connection_id}")
        events = terms = "[]"


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, _transaction: SessionTransaction) -> None:
    """What was rolled back was never said."""
    session.info.pop(_PENDING, None)
    session.info.pop(_NEWS, None)


def report(
    session: Session,
    owner: Link | Connection | Tenant,
    findings: Sequence[Finding],
    *,
    subject_id: UUID | None = None,
    code: str = "",
    cause: str | None = None,
    solved: str = "It was looked at again and the cause is gone.",
) -> tuple[int, int]:
    """Make the open problems of a thing exactly these: open what is new, close what is gone.

    Args:
        session: a session inside the tenant.
        owner: the link or connection that the problems are shown on, or the tenant as a whole.
        findings: what is wrong with it now.
        subject_id: the thing, where it is not the owner itself but, say, one of its streams.
        code: speak of problems of this code only; those of other codes are somebody else's.
        cause: of this cause only, too.
        solved: why problems that are not among the findings are closed.

    Returns:
        How many were opened, and how many closed.
    """
    subject = subject_id or owner.id
    query = select(Problem).where(Problem.subject_id == subject, Problem.closed_at.is_(None))
    if code:
        query = query.where(Problem.code == code)
    if cause is not None:
        query = query.where(Problem.cause == cause)
    known = {(problem.code, problem.cause): problem for problem in session.scalars(query)}
    opened = 0
    # Two lines may have the same thing wrong with them: that is one problem.
    for finding in {(finding.code, finding.cause): finding for finding in findings}.values():
        problem = known.pop((finding.code, finding.cause), None)
        if problem is None:
            opened += _open_problem(session, owner, subject, finding)
        else:
            _see_again(session, problem, finding, _held(owner))
    for gone in known.values():
        gone.closed_at = func.now()
        gone.closed_because = solved
    return opened, len(known)


def _see_again(session: Session, problem: Problem, finding: Finding, held: Decimal | None) -> None:
    problem.last_seen_at = func.now()
    problem.times_seen += 1
    if problem.ignored_until is not None and is_worse(
        problem.title, problem.evidence, now=finding.title, now_evidence=finding.evidence
    ):
        come_back(session, problem, "It got worse: more is wrong with it, or something else.")
    problem.title, problem.text, problem.next_step = finding.title, finding.text, finding.next_step
    problem.evidence, problem.held = dict(finding.evidence), held


def come_back(session: Session, problem: Problem, why: str) -> None:
    """Have an ignored problem be open again by itself, and say why."""
    problem.ignored_until = problem.ignored_because = None
    problem.revision += 1
    session.add(
        ProblemAct(
            tenant_id=problem.tenant_id,
            problem_id=problem.id,
            form_id=new_id(),
            kind="reopen",
            actor="Trellis",
            did="took it up again",
            text=why,
        )
    )


def _held(owner: Link | Connection | Tenant) -> Decimal | None:
    """How much money a thing holds up: an order's total, as far as it is known."""
    total = owner.snapshot.get("total") if isinstance(owner, Link) and owner.kind == "order" else None
    return None if total is None else Decimal(str(total))


def _open_problem(
    session: Session, owner: Link | Connection | Tenant, subject_id: UUID, finding: Finding
) -> bool:
    link = owner if isinstance(owner, Link) else None
    connection = owner if isinstance(owner, Connection) else None
    return open_problem(
        session,
        finding,
        tenant_id=owner.id if isinstance(owner, Tenant) else owner.tenant_id,
        connection_id=link.connection_id if link else connection.id if connection else None,
        link_id=link.id if link else None,
        subject_id=subject_id,
        held=_held(owner),
    )


def open_problem(
    session: Session,
    finding: Finding,
    *,
    tenant_id: UUID,
    connection_id: UUID | None,
    link_id: UUID | None,
    subject_id: UUID,
    held: Decimal | None = None,
) -> bool:
    """Open the problem that a finding becomes; False where somebody else opened it at the same time: of what
    is not locked, such as a connection, several may find the same."""
    statement = insert(Problem).values(
        id=new_id(),
        tenant_id=tenant_id,
        connection_id=connection_id,
        link_id=link_id,
        subject_id=subject_id,
        code=finding.code,
        cause=finding.cause,
        title=finding.title,
        text=finding.text,
        next_step=finding.next_step,
        who=finding.who,
        evidence=dict(finding.evidence),
        held=held,
    )
    once = statement.on_conflict_do_nothing(
        index_elements=[Problem.subject_id, Problem.code, Problem.cause],
        index_where=Problem.closed_at.is_(None),
    ).returning(Problem.id)
    return session.execute(once).first() is not None


def remember_terms(
    session: Session,
    link: Link | Row[UUID, UUID, str, bool],
    words: Iterable[str] = (),
    *,
    numbers: Iterable[str] = (),
) -> None:
    """Make a link, or the one that a row names, findable by words and by numbers of its own."""
    owner = {"link_id": str(link.id), "tenant_id": str(link.tenant_id), "kind": link.kind}
    own = search.keys(numbers)
    terms = sorted(own | search.keys(words))
    _pending(session).terms.extend({**owner, "term": term, "is_number": term in own} for term in terms)


def _announce_later(session: Session, scope: str) -> None:
    session.info.setdefault(_NEWS, set()).add(scope)


def announce(redis: Redis, session: Session) -> None:
    """Tell the watchers what a committed session wrote, by one message. Redis being away costs them seconds,
    no rows."""
    news: set[str] = session.info.pop(_NEWS, set())
    if news:
        with contextlib.suppress(RedisError):
            redis.publish(CHANNEL, json.dumps(sorted(news)))
