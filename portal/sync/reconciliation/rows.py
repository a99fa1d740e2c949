"""Rows of a report: what did not agree is kept, what agreed is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from portal.models import Reconciliation, ReconciliationRow
from portal.sync.mapping.outcomes import AGREES, OUTCOMES, Standings

_LONGEST = 500


@dataclass(frozen=True)
class Found:
    """What was found of one thing.

    Args:
        thing: "item" or "order".
        subject: the SKU, or the platform's id of the order.
        label: as people call it.
        standings: how it stands.
        link_id: its link, where it has one.
    """

    thing: str
    subject: str
    label: str
    standings: Standings
    link_id: UUID | None = None


def store(session: Session, report: Reconciliation, found: Iterable[Found], words: Mapping[str, str]) -> None:
    """Keep what was found, and count it.

    Args:
        session: a session inside the tenant.
        report: the report, locked.
        found: of things that it has no rows of yet.
        words: what people call a field, where that is not its name.
    """
    fields: dict[str, Counter[str]] = {name: Counter(of) for name, of in report.fields.items()}
    compared = Counter(report.compared)
    for one in found:
        compared[one.thing] += 1
        for name in one.standings.agreeing:
            fields.setdefault(f"{one.thing} {words.get(name, name)}", Counter())[AGREES] += 1
        for number, standing in enumerate(one.standings.apart):
            field = words.get(standing.field, standing.field)
            fields.setdefault(f"{one.thing} {field}", Counter())[standing.outcome] += 1
            texts = {name: getattr(standing, name)[:_LONGEST] for name in _TEXTS}
            what = words.get(standing.what, standing.what)
            row = ReconciliationRow(tenant_id=report.tenant_id, reconciliation_id=report.id, number=number)
            row.thing, row.subject, row.label, row.link_id = one.thing, one.subject, one.label, one.link_id
            row.field, row.what, row.outcome = field, what, standing.outcome
            for name, text in texts.items():
                setattr(row, name, text)
            session.add(row)
    report.fields = {name: dict(of) for name, of in fields.items()}
    report.compared = dict(compared)


_TEXTS = ("owner", "agreed", "platform", "flourish", "why", "next_step")


def by_outcome(report: Reconciliation) -> dict[str, int]:
    """How many values there are of each outcome."""
    counts: Counter[str] = Counter()
    for of in report.fields.values():
        counts.update(of)
    return {name: counts[name] for name in OUTCOMES}


def by_field(report: Reconciliation) -> list[tuple[str, str, dict[str, Any]]]:
    """Thing, field, and the counts of its values by outcome; orders first, as they came up."""
    rows = []
    for name, of in report.fields.items():
        thing, _, field = name.partition(" ")
        rows.append((thing, field, dict(of)))
    return sorted(rows, key=lambda row: row[0] != "order")
