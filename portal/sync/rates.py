"""Rates: how often an account may be called, where something else than the usual was agreed."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from portal.models import Connection, Hub
from portal.sync import audit


def set_rate(
    session: Session,
    keys: Mapping[str, bytes],
    owner: Connection | Hub,
    rate: float | None,
    *,
    actor: audit.Actor,
) -> None:
    """Set how often an account may be called in a second; None is the usual."""
    before, owner.calls_per_second = owner.calls_per_second, rate
    usual = "the usual"
    change = {"calls_per_second": rate or usual, "before": before or usual}
    audit.record(
        session,
        keys,
        owner.tenant_id,
        "connection.rate_changed",
        actor=actor,
        subject=audit.account(owner),
        detail=change,
    )
