"""Migrations: they make what the models say, twice and at once, on PostgreSQL 15 too."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any, cast

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect, text
from sqlalchemy.exc import ProgrammingError

from portal import migrations
from portal.config import WrongSetting
from portal.extensions import Sessions, new_engine
from portal.migrations import ROLES, upgrade
from portal.models import Base
from tests.databases import empty_database
from tests.web import factory


@pytest.fixture
def empty_url(server_url):
    """A database without any table."""
    with empty_database(server_url) as url:
        yield url


def test_the_migrations_make_what_the_models_say(engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)

    assert differences == []


def test_the_migrations_make_every_check_of_the_models(engine):
    """Alembic does not compare checks."""
    inspector = inspect(engine)
    for table in Base.metadata.sorted_tables:
        made = {row["name"] for row in inspector.get_check_constraints(table.name)}
        said = {
            f"ck_{table.name}_{str(one.name).removeprefix(f'ck_{table.name}_')}"
            for one in table.constraints
            if isinstance(one, CheckConstraint)
        }
        assert made == said, table.name


def test_upgrading_again_changes_nothing(database_url, engine):
    upgrade(database_url)
    upgrade(database_url)

    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM alembic_version")) == 1


def test_upgrades_at_once_do_not_collide(empty_url):
    failures = []
    start = threading.Barrier(4)

    def run():
        start.wait()
        try:
            upgrade(empty_url)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a failure
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    engine = new_engine(empty_url)
    assert set(inspect(engine).get_table_names()) >= set(Base.metadata.tables)
    engine.dispose()


def test_every_table_is_owned_by_the_owner_role(engine):
    with engine.connect() as connection:
        owners = connection.execute(
            text("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
        )
        assert owners.scalars().all() == [migrations.OWNER_ROLE]


def test_the_roles_may_not_sign_in_and_are_no_superusers(engine):
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT * FROM pg_roles WHERE rolname = ANY(:names)"),
            {"names": list(ROLES)},
        ).all()

    assert {row.rolname for row in rows} == set(ROLES)
    assert not any(row.rolcanlogin or row.rolsuper or row.rolbypassrls for row in rows)


def test_a_login_that_may_not_make_roles_is_told_what_to_run(monkeypatch):
    class Forbidden:
        def __getattr__(self, _):
            raise ProgrammingError("CREATE ROLE", {}, Exception("permission denied"))

    with pytest.raises(WrongSetting) as refused:
        migrations._ensure_roles(cast(Any, Forbidden()))

    message = str(refused.value)
    assert "\n" not in message
    for role in ROLES:
        assert f"CREATE ROLE {role} NOLOGIN;" in message


# What came with PostgreSQL 16, 17 and 18 and would look natural here.
NEWER = (
    r"NULLS NOT DISTINCT IN",
    r"\bWITH INHERIT\b",
    r"\bANY_VALUE\s*\(",
    r"\bJSON_(?:ARRAYAGG|OBJECTAGG|TABLE|VALUE|QUERY|EXISTS|SCALAR|SERIALIZE)\s*\(",
    r"\buuidv[47]\s*\(",
    r"\bVIRTUAL\b",
    r"\bWITHOUT OVERLAPS\b",
    r"\bRETURNING (?:OLD|NEW)\.",
    r"\bMERGE\b.*\bRETURNING\b",
    r"transaction_timeout",
)


@pytest.mark.parametrize("folder", ["portal/migrations", "portal/models", "portal/sync", "portal/queries"])
def test_nothing_is_used_that_postgresql_15_lacks(folder):
    root = Path(migrations.__file__).parents[2]
    for path in (root / folder).rglob("*.py"):
        for pattern in NEWER:
            assert not re.search(pattern, path.read_text()), (path, pattern)


def test_the_server_is_new_enough(engine):
    with engine.connect() as connection:
        assert int(connection.scalar(text("SHOW server_version_num"))) >= 150000


def test_orders_that_are_there_already_are_found_by_their_numbers_without_hyphens(empty_url):
    upgrade(empty_url)
    engine = new_engine(empty_url)
    sessions = Sessions(engine)
    company = factory.company(sessions)
    with sessions.tenant(company.id) as session:
        factory.order(session, company, label="4F2A-1187", foreign_id="6F1C", flourish_id="SO-9")
    with engine.begin() as connection:
        command.downgrade(migrations.alembic_config(connection), "0019-1")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM search_term WHERE term NOT LIKE 'c11-%'"))

    upgrade(empty_url)

    with engine.connect() as connection:
        found = connection.execute(text("SELECT term, kind, is_number FROM search_term ORDER BY term")).all()
    engine.dispose()
    assert [tuple(row) for row in found] == [
        ("4f2a-1187", "order", True),
        ("4f2a1187", "order", True),
        ("6f1c", "order", True),
        ("c11-0000214-lic", "order", False),
        ("c110000214lic", "order", False),
        ("so-9", "order", True),
        ("so9", "order", True),
    ]
