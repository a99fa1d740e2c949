"""Reports as the engine would leave them, for tests of pages."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from portal.models import Reconciliation, ReconciliationRow, new_id, utc_now
from tests.web.factory import Company

# Thing, name, outcome, field, what the platform has, what Flourish has.
ROWS = (
    ("item", "AB-35", "corrected", "Stock", "9", "4"),
    ("item", "GG-1", "expected", "Name", "=Mine", "Yours"),
    ("order", "4F2A-1187", "corrected", "Status", "Submitted", "Allocated"),
    ("order", "4F2A-1188", "conflict", "Note", "Call", "Leave it"),
)


def report(session: Session, company: Company, mark: str = "", **changed: Any) -> Reconciliation:
    """A report that is done, unless said otherwise; the mark is in what it says."""
    fields: dict[str, dict[str, int]] = {}
    for thing, _, outcome, field, *_ in ROWS:
        fields.setdefault(f"{thing} {field}", {"agrees": 7})[outcome] = 1
    usual: dict[str, Any] = {
        "state": "done",
        "finished_at": utc_now(),
        "started_by": mark or "Dana Reyes",
        "orders_since": utc_now(),
        "compared": {"order": 9, "item": 8},
        "fields": fields,
    }
    made = Reconciliation(
        id=new_id(), tenant_id=company.id, connection_id=company.connection_id, **(usual | changed)
    )
    session.add(made)
    session.flush()
    for thing, name, outcome, field, here, there in ROWS:
        row = ReconciliationRow(tenant_id=company.id, reconciliation_id=made.id, number=0, agreed="")
        row.thing, row.subject, row.label, row.outcome = thing, name, name, outcome
        row.field, row.what, row.owner = field, field, "Flourish"
        row.platform, row.flourish = here, there
        row.why, row.next_step = mark or "Flourish has it otherwise.", "Look there."
        session.add(row)
    return made
