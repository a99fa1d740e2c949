"""Companies apart (I11), by our own rows: nothing of a tenant hangs on anything of another."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, false, func, not_, or_, select
from sqlalchemy.orm import Session

from portal.models import owned_tables
from portal.sync.checker.place import Place
from portal.sync.checker.report import CounterExample, Seen, seen

_MOST = 100


def companies_apart(session: Session, place: Place) -> Seen:
    """I11: whatever a row of this tenant refers to is this tenant's too.

    Inside a tenant nothing else can be seen: a row that refers to what is not there refers to a stranger's.
    The walls of the database keep a stranger's row from being written here, and not from being named.
    """
    looked, wrong = 0, []
    for table in owned_tables():
        looked += session.scalar(select(func.count()).select_from(table)) or 0
        wrong += _astray(session, place, table)
    return seen(looked, wrong)


def _astray(session: Session, place: Place, table: Table) -> list[CounterExample]:
    query, names = _strangers(table)
    if not names:
        return []
    rows = session.execute(query).mappings().all()
    return [
        CounterExample(
            f"{table.name} {' '.join(str(row[column.name]) for column in table.primary_key.columns)}",
            f"its {name.removesuffix('_id')} is not of this company",
            place.page("connections"),
        )
        for row in rows
        for name in names
        if row[f"no_{name}"]
    ]


@cache
def _strangers(table: Table) -> tuple[Select[Any], tuple[str, ...]]:
    """The rows of a table that refer to a stranger's, and by which columns they could. Made once: an alias of
    each table that is referred to costs more than to ask."""
    strangers: dict[str, ColumnElement[bool]] = {}
    for column in table.c:
        for key in column.foreign_keys:
            target = key.column.table
            if "tenant_id" in target.c:
                there = target.alias()
                known = select(1).where(there.c[key.column.name] == column).correlate(table).exists()
                strangers[column.name] = and_(column.is_not(None), not_(known))
    query = select(
        *table.primary_key.columns, *(wrong.label(f"no_{name}") for name, wrong in strangers.items())
    )
    return query.where(or_(false(), *strangers.values())).limit(_MOST), tuple(strangers)
