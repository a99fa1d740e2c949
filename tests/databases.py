"""Databases of a test's own, beside the migrated one that tests share."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from portal.extensions import new_engine


@contextmanager
def empty_database(server_url: str) -> Iterator[str]:
    """Make a database without any table; gives its address."""
    name = f"trellis_empty_{secrets.token_hex(4)}"
    admin = new_engine(server_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@contextmanager
def full_disk(engine: Engine, table: str, when: str = "INSERT") -> Iterator[None]:
    """Have the server refuse rows of a table as it does when its disk is full.

    Args:
        engine: a login that owns the table, or is a superuser.
        table: which table.
        when: INSERT or UPDATE.
    """
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE OR REPLACE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END $$"
            )
        )
        connection.execute(
            text(f"CREATE TRIGGER no_space BEFORE {when} ON {table} EXECUTE FUNCTION no_space()")
        )
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"DROP TRIGGER no_space ON {table}"))
            connection.execute(text("DROP FUNCTION no_space"))
