"""Counts that end: exact up to a bound, and one more beyond it, which pages show as "more than"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

MOST = 10_000
# Of what stands on every page.
FEW = 1_000


def count(session: Session, query: Select[Any], most: int = MOST) -> int:
    """Count a query's rows; of more than `most`, no more are counted than one."""
    return counts(session, [query], most)[0]


def counts(session: Session, queries: Sequence[Select[Any]], most: int = MOST) -> Sequence[int]:
    """Count the rows of each of some queries, in one question, each to the same bound."""
    numbers = [
        select(func.count()).select_from(query.limit(most + 1).subquery()).scalar_subquery()
        for query in queries
    ]
    return session.execute(select(*numbers)).one()
