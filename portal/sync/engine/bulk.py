"""Bulk: many rows at once by COPY into a temporary table, and from there by one statement each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from sqlalchemy.orm import Session

# Made once: `json.dumps` makes one for each value.
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def copy_in(
    session: Session, table: str, columns: Mapping[str, LiteralString], rows: Iterable[Iterable[Any]]
) -> psycopg.Connection:
    """Copy rows into a temporary table of this transaction.

    Args:
        session: the session, past whose ORM this goes.
        table: the table's name; it is made when this connection has none yet.
        columns: its columns with their types.
        rows: the values, in the order of the columns.

    Returns:
        The driver's connection, for the statements that take the rows over.
    """
    connection = session.connection().connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("bulk loads need psycopg")
    name = sql.Identifier(table)
    typed = [sql.SQL("{} {}").format(sql.Identifier(one), sql.SQL(kind)) for one, kind in columns.items()]
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    with connection.cursor() as cursor:
        # In one message: each costs as much as it holds.
        make = sql.SQL("CREATE TEMPORARY TABLE IF NOT EXISTS {} ({}) ON COMMIT DELETE ROWS; DELETE FROM {}")
        cursor.execute(make.format(name, sql.SQL(", ").join(typed), name))
        with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(name, listed)) as copy:
            for row in rows:
                copy.write_row([_plain(value) for value in row])
    return connection


def _plain(value: Any) -> Any:
    """A value as COPY takes it. No database takes a NUL, and no name needs one."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, dict | list):
        return _JSON.encode(value).replace("\\u0000", "")
    return value
