"""Results: what checks found, kept with how that changed; and the problem of one that was ready before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import CheckChange, CheckResult, Connection, Problem, Waiver
from portal.queries.readiness import waivers
from portal.sync import journal
from portal.sync.checks import Check, Verdict
from portal.sync.decisions import Finding

REGRESSED = "check_regressed"


def keep(session: Session, connection: Connection, check: Check, verdict: Verdict, run_id: UUID) -> bool:
    """Keep what a check found in place of what it found before.

    Args:
        session: a session inside the connection's tenant.
        connection: the connection.
        check: the check.
        verdict: what it found.
        run_id: the run that asked it.

    Returns:
        Whether it found something else than before.
    """
    query = select(CheckResult).where(
        CheckResult.connection_id == connection.id, CheckResult.name == check.name
    )
    row = session.scalar(query.with_for_update())
    was_well = row is not None and (row.outcome == "ready" or _lapsed(session, row))
    told = _told(check, verdict)
    is_new = row is None or any(
        getattr(row, name) != told[name] for name in ("outcome", "severity", "counts")
    )
    if row is None:
        row = CheckResult(
            tenant_id=connection.tenant_id, connection_id=connection.id, name=check.name, **told
        )
        session.add(row)
    for name, value in told.items():
        setattr(row, name, value)
    row.run_id, row.checked_at = run_id, func.clock_timestamp()
    row.next_step, row.examples = verdict.next_step, list(verdict.examples)
    if is_new:
        row.since = func.clock_timestamp()
        session.add(
            CheckChange(tenant_id=connection.tenant_id, connection_id=connection.id, name=check.name, **told)
        )
    _tell_regression(session, connection, check, verdict, was_well=was_well)
    return is_new


def _told(check: Check, verdict: Verdict) -> Mapping[str, Any]:
    return {
        "outcome": verdict.outcome,
        "severity": verdict.severity if verdict.outcome == "wrong" and verdict.severity else check.severity,
        "evidence": verdict.evidence,
        "counts": dict(verdict.counts),
    }


def _tell_regression(
    session: Session, connection: Connection, check: Check, verdict: Verdict, *, was_well: bool
) -> None:
    """Open a problem once a check of a live connection is ready or waived no more, and close it when it is
    again. What was wrong as it went live, and what could not be asked, opens none and closes none."""
    if connection.live_since is None or verdict.outcome == "unknown":
        return
    matters = verdict.outcome == "wrong" and (verdict.severity or check.severity) != "later"
    is_wrong = matters and not _is_waived(session, connection, check)
    if is_wrong and not was_well and not _is_open(session, connection, check):
        return
    finding = Finding(
        "check_regressed",
        f"A check that was ready is not any more: {check.title}",
        verdict.next_step or "Open the check: it names what is amiss.",
        cause=check.name,
        text=verdict.evidence,
        evidence=dict(verdict.counts),
    )
    found = (finding,) if is_wrong else ()
    journal.report(session, connection, found, code=REGRESSED, cause=check.name, solved="It is ready again.")


def close_regression(session: Session, connection: Connection, check: Check, *, because: str) -> None:
    """Close the problem of a check, such as one that somebody waived."""
    journal.report(session, connection, (), code=REGRESSED, cause=check.name, solved=because)


def _lapsed(session: Session, before: CheckResult) -> bool:
    """Whether a waiver has expired since the check was kept last."""
    lapsed = select(Waiver.id).where(
        Waiver.connection_id == before.connection_id,
        Waiver.name == before.name,
        Waiver.ended_at.is_(None),
        Waiver.expires_at.between(before.checked_at, func.now()),
    )
    return session.scalar(lapsed) is not None


def _is_waived(session: Session, connection: Connection, check: Check) -> bool:
    return any(one.name == check.name for one in waivers(session, connection.tenant_id, connection.id))


def _is_open(session: Session, connection: Connection, check: Check) -> bool:
    standing = select(Problem.id).where(
        Problem.subject_id == connection.id,
        Problem.code == REGRESSED,
        Problem.cause == check.name,
        Problem.closed_at.is_(None),
    )
    return session.scalar(standing) is not None
