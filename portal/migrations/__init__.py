"""Schema and roles of the database."""

from __future__ import annotations

import time
from collections.abc import Set as AbstractSet
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, InternalError, ProgrammingError

from portal.config import WrongSetting
from portal.extensions import new_engine

OWNER_ROLE = "trellis_owner"
ROLES = (OWNER_ROLE, "trellis_app", "trellis_system", "trellis_identity")
_GUESTS = ", ".join(ROLES[1:])

# Of two processes that migrate at once, one waits. The number is arbitrary, and ours.
_MIGRATION_LOCK = 7_301_955
_ROLE_TRIES = 20
_EXISTS_ALREADY = ("42710", "23505")  # duplicate_object, unique_violation


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration for our migrations, on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def standing(found: AbstractSet[str]) -> str:
    """How a schema stands to this program: `current`, `behind`, or `ahead` of it.

    Args:
        found: the revisions that the schema is at.
    """
    heads, known = _revisions()
    if found == heads:
        return "current"
    return "ahead" if found - known else "behind"


@cache
def _revisions() -> tuple[frozenset[str], frozenset[str]]:
    """The revisions that this program needs, and all that it knows."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    scripts = ScriptDirectory.from_config(config)
    return frozenset(scripts.get_heads()), frozenset(one.revision for one in scripts.walk_revisions())


def upgrade(url: str) -> None:
    """Bring roles and schema up to date.

    Args:
        url: a login that may SET ROLE to the owner role, and create our roles if they are missing.

    Raises:
        WrongSetting: roles are missing and this login may not make them; the message holds the SQL to run.
    """
    engine = new_engine(url)
    try:
        with engine.connect() as connection:
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text("SET lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            connection.commit()
            _with_roles(connection)
            connection.execute(text(f"SET ROLE {OWNER_ROLE}"))
            connection.commit()
            command.upgrade(alembic_config(connection), "head")
            connection.commit()
    finally:
        engine.dispose()


def _with_roles(connection: Connection) -> None:
    """Ensure the roles. They belong to the whole cluster, whose catalogue another database's upgrade may be
    writing at this moment, and our lock holds in one database only: then it is tried again."""
    for left in reversed(range(_ROLE_TRIES)):
        try:
            with connection.begin():
                _ensure_roles(connection)
        except InternalError:
            if not left:
                raise
            time.sleep(0.1)
        else:
            return


def _ensure_roles(connection: Connection) -> None:
    try:
        for role in ROLES:
            _ensure_role(connection, role)
        connection.execute(text(f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER_ROLE}"))
        connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {_GUESTS}"))
    except ProgrammingError as error:
        raise WrongSetting(
            "The database login may not create Trellis's roles. Run this once as a superuser: "
            + " ".join(f"CREATE ROLE {role} NOLOGIN; GRANT {role} TO <login>;" for role in ROLES)
            + f" GRANT USAGE, CREATE ON SCHEMA public TO {OWNER_ROLE};"
            f" GRANT USAGE ON SCHEMA public TO {_GUESTS};"
        ) from error


def _ensure_role(connection: Connection, role: str) -> None:
    """Make a role if it is missing, and let this login set it.

    "Exists already" is success: another database's upgrade was faster. Whether a role may be set is tried,
    not asked: PostgreSQL 15 and 16 describe memberships differently.
    """
    if not connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}):
        try:
            with connection.begin_nested():
                connection.execute(text(f"CREATE ROLE {role} NOLOGIN"))
        except (IntegrityError, ProgrammingError) as error:
            if getattr(error.orig, "sqlstate", "") not in _EXISTS_ALREADY:
                raise
    try:
        with connection.begin_nested() as probe:
            connection.execute(text(f"SET LOCAL ROLE {role}"))
            probe.rollback()
    except ProgrammingError:
        connection.execute(text(f"GRANT {role} TO CURRENT_USER"))
