"""Proofs: a tenant is checked, and what was found stays, for the dashboard and whoever asks later."""

from __future__ import annotations

import time

from sqlalchemy.orm import Session

from portal.models import Proof, Tenant
from portal.sync import journal
from portal.sync.checker import Check, Place, check_tenants
from portal.sync.checker.report import Report
from portal.sync.decisions import Finding


def prove(check: Check, place: Place, *, how: str) -> Proof:
    """Check one tenant and keep what was found; a broken promise is a problem until a later check holds.

    Args:
        check: what to check with; its report must be a new one, of this tenant alone.
        place: the tenant.
        how: "schedule" or "command".

    Returns:
        The proof; its report is also in `check`.
    """
    began = time.monotonic()
    check_tenants(check, [place])
    proof = _proof(check.report, place, how, seconds=time.monotonic() - began)
    with check.desk.tenant(place.tenant_id) as session:
        session.add(proof)
        _report(session, proof)
    return proof


def _proof(report: Report, place: Place, how: str, *, seconds: float) -> Proof:
    return Proof(
        tenant_id=place.tenant_id,
        how=how,
        duration_ms=round(seconds * 1000),
        outcome=report.outcome,
        orders=report.orders,
        lost=report.verdicts["I2"].failures,
        doubled=report.verdicts["I1"].failures,
        ever_doubled=len(report.ever_doubled),
        failed=report.broken(),
        report=report.shown(),
    )


def _report(session: Session, proof: Proof) -> None:
    """Open the problem, keep it, or close it; what was only partly proven changes nothing."""
    if proof.outcome == "partial":
        return
    findings = (_finding(proof),) if proof.outcome == "failed" else ()
    tenant = session.get_one(Tenant, proof.tenant_id)
    journal.report(session, tenant, findings, code="proof_failed", solved="A later check proved everything.")


def _finding(proof: Proof) -> Finding:
    codes = ", ".join(proof.failed)
    if proof.lost or proof.doubled:
        title = f"The check found {proof.lost} lost and {proof.doubled} doubled orders"
    else:
        title = f"The check found broken promises: {codes}"
    return Finding(
        "proof_failed",
        title,
        "Open the last proof from the dashboard: it names each thing. This closes once a check holds.",
        who="support",
        text=f"Broken: {codes}.",
        evidence={"failed": proof.failed, "lost": proof.lost, "doubled": proof.doubled},
    )
