"""Counts that end: exact up to a bound, and one more beyond it, which pages show as "more than"."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

MOST = 10_000
# Of what stands on every page.
FEW = 1_000


def count(session: Session, query: Select[Any], most: int = MOST) -> int:
    """Count a query's rows; of more than `most`, no more are counted than one."""
    return session.scalar(select(func.count()).select_from(query.limit(most + 1).subquery())) or 0
