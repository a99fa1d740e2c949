"""A connection whose checks stand in every way that pages show."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from portal.models import CheckChange, CheckResult, Waiver, utc_now
from portal.sync.readiness.declared import checks_of
from portal.sync.registry import PLATFORMS
from tests.web.factory import Company

# Outcome, severity and evidence of those that are not ready; one is not checked at all.
_AMISS = {
    "sku": ("wrong", "blocks", "405 of 412 match. 7 products are missing in Flourish."),
    "leaflink_webhook_key": ("wrong", "blocks", "No webhook key is stored, so every webhook is refused."),
    "leaflink_webhook": ("wrong", "warning", "No correctly signed webhook of LeafLink was received yet."),
    "lot": ("unknown", "warning", "The LeafLink key may not read batches."),
    "line": ("wrong", "warning", "3 of 4 match. 1 product line is missing in LeafLink."),
    "strain": ("wrong", "later", "2 share their value with others."),
    "rep": ("wrong", "blocks", "1 rep has no facility in Flourish: hana.okafor@sunrise.example."),
}
_UNCHECKED, _WAIVED = "writers", "rep"


def fill(session: Session, company: Company) -> None:
    """Have every check stand in some way, with a long history of one."""
    owned = {"tenant_id": company.id, "connection_id": company.connection_id}
    for check in checks_of(PLATFORMS["leaflink"]):
        ready = ("ready", check.severity, "412 of 412 match.")
        outcome, severity, evidence = _AMISS.get(check.name, ready)
        told = {"outcome": outcome, "severity": severity, "evidence": evidence, "counts": {"match": 405}}
        if check.name != _UNCHECKED:
            examples = [f"BD-35-LMN-{number}" for number in range(20)] if outcome == "wrong" else []
            more = {"examples": examples, "next_step": "Give both the same SKU." if examples else ""}
            session.add(CheckResult(**owned, name=check.name, **told, **more))
            session.add_all(CheckChange(**owned, name=check.name, **told) for _ in range(5))
    until = utc_now() + timedelta(days=20)
    waived = {"waived_by": "Dana Reyes", "reason": "She leaves this month", "expires_at": until}
    session.add(Waiver(**owned, name=_WAIVED, **waived))


def all_ready(session: Session, company: Company) -> None:
    """Have every check be ready."""
    owned = {"tenant_id": company.id, "connection_id": company.connection_id}
    for check in checks_of(PLATFORMS["leaflink"]):
        told = {"outcome": "ready", "severity": check.severity, "evidence": "412 of 412 match."}
        session.add(CheckResult(**owned, name=check.name, **told))
