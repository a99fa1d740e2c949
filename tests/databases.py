"""Databases of a test's own, beside the migrated one that tests share."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
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
