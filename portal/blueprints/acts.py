"""Acts as people read them: a sentence and facts on pages, lines in files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from portal.models import AuditEvent
from portal.sync.audit import ACTS

# What spreadsheets take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
COLUMNS = (
    "number",
    "at",
    "actor",
    "role",
    "action",
    "sentence",
    "subject_kind",
    "subject",
    "detail",
    "network",
    "reference",
    "hash",
)


@dataclass(frozen=True)
class Shown:
    """An act on a page."""

    row: AuditEvent
    did: str
    facts: tuple[tuple[str, str], ...]


def shown(row: AuditEvent) -> Shown:
    """An act as a page shows it."""
    facts = [(name.replace("_", " ").capitalize(), _words(value)) for name, value in row.detail.items()]
    around = (("Network", row.address), ("Reference", row.reference), ("Number", f"{row.seq:,}"))
    return Shown(row, _did(row), (*facts, *((name, value) for name, value in around if value)))


def written(rows: Iterable[AuditEvent], form: str) -> Iterator[str]:
    """Write acts as CSV or as JSON lines, piece by piece."""
    if form == "csv":
        yield _csv(COLUMNS)
    for row in rows:
        values = _values(row)
        if form == "csv":
            detail = json.dumps(values["detail"], ensure_ascii=False)
            yield _csv(cell(str(value)) for value in {**values, "detail": detail}.values())
        else:
            yield json.dumps(values, ensure_ascii=False) + "\n"


def cell(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _values(row: AuditEvent) -> dict[str, Any]:
    values = (
        row.seq,
        row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        row.actor,
        row.role,
        row.action,
        f"{row.actor} {_did(row)} {row.subject}".strip(),
        row.subject_kind,
        row.subject,
        row.detail,
        row.address,
        row.reference,
        row.hash.hex(),
    )
    return dict(zip(COLUMNS, values, strict=True))


def _did(row: AuditEvent) -> str:
    # An act of a later version than this one's.
    return ACTS.get(row.action, row.action)


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {item}" for name, item in value.items())
    return "none" if value is None else str(value)


def _csv(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
