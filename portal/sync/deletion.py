"""The end of a company: asked for by an owner, taken back for a week, then carried out by the nightly job.

From the moment it is asked for nothing is written to any platform. What is to be deleted is known from what
is still there, so whatever ends it half-way, the next job goes on. The tenant's row and its audit stay: the
slug is not given out again, and who did what can still be proven.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Table, delete, func, select, tuple_, update
from sqlalchemy.orm import Session

from portal.models import (
    INSTALLATION_CHAIN,
    AuditEvent,
    Base,
    Connection,
    Hub,
    Tenant,
    owned_tables,
)
from portal.sync import audit
from portal.sync.engine.desk import Desk

GRACE = timedelta(days=7)
_BATCH = 500
_SLICE_SECONDS = 60.0
_NAME_AFTERWARDS = "A deleted company"
# The system role sees no search term: those of one order go together.
_KEYS = {"search_term": ("link_id",), "log_line": ("connection_id", "number")}
_TRELLIS = audit.Actor("Trellis", role="nightly job")


def ask(session: Session, tenant_id: UUID, *, actor: str) -> bool:
    """Ask for everything of a company to be deleted; from now on it writes nothing.

    Args:
        session: a session inside the tenant.
        tenant_id: the company.
        actor: who asks.

    Returns:
        False when that was asked for already.
    """
    return _set(session, tenant_id, asked=False, at=func.now() + GRACE, by=actor)


def take_back(session: Session, tenant_id: UUID) -> bool:
    """Let a company live on.

    Args:
        session: a session inside the tenant.
        tenant_id: the company.

    Returns:
        False when its deletion was not asked for.
    """
    return _set(session, tenant_id, asked=True, at=None, by=None)


def _set(session: Session, tenant_id: UUID, *, asked: bool, at: Any, by: str | None) -> bool:
    changed = session.execute(
        update(Tenant)
        .where(Tenant.id == tenant_id, Tenant.delete_at.is_not(None) if asked else Tenant.delete_at.is_(None))
        .values(delete_at=at, delete_asked_by=by)
        .returning(Tenant.id)
        .execution_options(synchronize_session=False)
    )
    return changed.first() is not None


def is_due(session: Session, tenant_id: UUID) -> bool:
    """Whether a company's grace is over."""
    query = select(Tenant.id).where(
        Tenant.id == tenant_id, Tenant.delete_at <= func.now(), Tenant.retired_at.is_(None)
    )
    return session.scalar(query) is not None


def carry_out(
    desk: Desk, tenant_id: UUID, *, actor: audit.Actor = _TRELLIS, seconds: float = _SLICE_SECONDS
) -> bool:
    """Delete everything of a company, for one job's time at the most.

    Args:
        desk: what to work with.
        tenant_id: the company.
        actor: who does it.
        seconds: for how long.

    Returns:
        Whether there is more to do.
    """
    ends = time.monotonic() + seconds
    _begin(desk, tenant_id, actor)
    for table in _tables():
        while _drop(desk, tenant_id, table):
            if desk.stopping.is_set() or time.monotonic() > ends:
                return True
    _finish(desk, tenant_id, actor)
    return False


def counts(session: Session, tenant_id: UUID) -> Counter[str]:
    """Count a company's rows by table.

    Args:
        session: a system session.
        tenant_id: the company.
    """
    found: Counter[str] = Counter()
    for table in _tables():
        rows = select(func.count(table.c.tenant_id)).where(table.c.tenant_id == tenant_id)
        found[table.name] = session.scalar(rows) or 0
    return +found


def _tables() -> list[Table]:
    """The tables with rows of a company, those first that refer to others."""
    return [*reversed(owned_tables()), Base.metadata.tables["mail"]]


def _begin(desk: Desk, tenant_id: UUID, actor: audit.Actor) -> None:
    """Have nobody work for the company any more, and put down, once, what there is to delete."""
    with desk.tenant(tenant_id) as session:
        for table in (Connection, Hub):
            session.execute(update(table).values(state="disconnected"))
    with desk.sessions.system() as session:
        if _begun(session, tenant_id) is None:
            # Pairs: what a table is called would be taken for what a field is called, and masked.
            rows = [[name, number] for name, number in counts(session, tenant_id).items()]
            _record(desk, session, tenant_id, "company.deletion_begun", actor, rows)


def _begun(session: Session, tenant_id: UUID) -> dict[str, Any] | None:
    """What there was to delete when it began."""
    return session.scalar(
        select(AuditEvent.detail).where(
            AuditEvent.chain == INSTALLATION_CHAIN,
            AuditEvent.action == "company.deletion_begun",
            AuditEvent.subject_id == str(tenant_id),
        )
    )


def _drop(desk: Desk, tenant_id: UUID, table: Table) -> int:
    """Drop one batch of a table's rows; return how many."""
    names = _KEYS.get(table.name) or tuple(column.name for column in table.primary_key)
    key: list[Column[Any]] = [table.c[name] for name in names]
    chosen = select(*key).where(table.c.tenant_id == tenant_id).distinct().limit(_BATCH)
    with desk.sessions.system() as session:
        found = [tuple(row) for row in session.execute(chosen)]
        if found:
            session.execute(
                delete(table).where(table.c.tenant_id == tenant_id, tuple_(*key).in_(found)),
                execution_options={"synchronize_session": False},
            )
    return len(found)


def _finish(desk: Desk, tenant_id: UUID, actor: audit.Actor) -> None:
    with desk.sessions.system() as session:
        retired = session.execute(
            update(Tenant)
            .where(Tenant.id == tenant_id, Tenant.retired_at.is_(None))
            .values(name=_NAME_AFTERWARDS, retired_at=func.now())
            .returning(Tenant.id)
            .execution_options(synchronize_session=False)
        )
        if retired.first() is not None:
            rows = (_begun(session, tenant_id) or {}).get("rows", [])
            _record(desk, session, tenant_id, "company.deleted", actor, rows)


def _record(
    desk: Desk, session: Session, tenant_id: UUID, action: str, actor: audit.Actor, rows: Any
) -> None:
    slug = session.scalar(select(Tenant.slug).where(Tenant.id == tenant_id)) or ""
    about = audit.Subject("company", str(tenant_id), slug)
    keys, detail = desk.settings.master_keys, {"rows": rows}
    audit.record(session, keys, INSTALLATION_CHAIN, action, actor=actor, subject=about, detail=detail)
