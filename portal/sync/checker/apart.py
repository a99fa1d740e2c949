"""Companies apart (I11), by our own rows: nothing of a tenant hangs on anything of another."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, and_, func, not_, or_, select
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
    strangers: dict[str, Any] = {}
    for column in table.c:
        for key in column.foreign_keys:
            target = key.column.table
            if "tenant_id" in target.c:
                there = target.alias()
                known = select(1).where(there.c[key.column.name] == column).correlate(table).exists()
                strangers[column.name] = and_(column.is_not(None), not_(known))
    if not strangers:
        return []
    named = tuple(table.primary_key.columns)
    query = select(*named, *(wrong.label(f"no_{name}") for name, wrong in strangers.items()))
    rows = session.execute(query.where(or_(*strangers.values())).limit(_MOST)).mappings().all()
    return [
        CounterExample(
            f"{table.name} {' '.join(str(row[column.name]) for column in named)}",
            f"its {name.removesuffix('_id')} is not of this company",
            place.page("connections"),
        )
        for row in rows
        for name in strangers
        if row[f"no_{name}"]
    ]
