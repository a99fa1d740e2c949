"""Real servers for every test: PostgreSQL and Valkey as they come with Trellis, or those that
DATABASE_URL and REDIS_URL name (each xdist worker then takes a database and a Redis number of its own)."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import hypothesis
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from portal.config import Settings
from portal.embedded.postgres import Postgres
from portal.embedded.valkey import Valkey
from portal.extensions import Sessions, new_engine, new_redis
from portal.identity import tenants
from portal.migrations import upgrade
from portal.models import Base, Tenant
from portal.sync.engine.budget import Budget
from portal.sync.engine.desk import Desk

# Read once, so that a test that sets the environment of a process does not move the servers.
_DATABASE_URL = os.environ.get("DATABASE_URL", "")
_REDIS_URL = os.environ.get("REDIS_URL", "")
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")

# How quickly examples are found and tried is the machine's business, which may be busy with other tests.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


@pytest.fixture(scope="session")
def servers_dir() -> Iterator[Path]:
    """A short path: sockets lie in it."""
    with tempfile.TemporaryDirectory(prefix="trellis-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def server_url(servers_dir: Path) -> Iterator[str]:
    """A PostgreSQL server's login that may create databases."""
    if _DATABASE_URL:
        yield _DATABASE_URL.replace("postgresql://", "postgresql+psycopg://")
        return
    server = Postgres(servers_dir)
    with server.running() as url:
        yield url
    server.discard()


@pytest.fixture(scope="session")
def database_url(server_url: str) -> Iterator[str]:
    """An empty, migrated database of this test process."""
    name = f"trellis_test_{_WORKER}_{secrets.token_hex(4)}"
    admin = new_engine(server_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        # No test looks what is left of these rows when a machine loses its power.
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    url = make_url(server_url).set(database=name).render_as_string(hide_password=False)
    upgrade(url)
    yield url
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="session")
def redis_url(servers_dir: Path) -> Iterator[str]:
    """A Redis database of this test process."""
    if _REDIS_URL:
        number = int(_WORKER.removeprefix("gw")) if _WORKER.startswith("gw") else 0
        yield f"{_REDIS_URL.rstrip('/').rpartition('/')[0]}/{number}" if number else _REDIS_URL
        return
    with Valkey(servers_dir).running() as url:
        yield url


@pytest.fixture(scope="session")
def settings(database_url: str, redis_url: str, servers_dir: Path) -> Settings:
    """Settings with quick pauses, and with the sandbox's loopback let in."""
    return Settings(
        database_url=database_url,
        redis_url=redis_url,
        secret_key=secrets.token_urlsafe(48),
        master_keys={"t1": secrets.token_bytes(32)},
        allow_loopback=True,
        second_factor=False,
        audit_anchors=servers_dir / "audit-anchors.jsonl",
        # Crawlers read faster than people.
        pages_per_minute=60_000,
        settle_seconds=0.5,
        backoff_cap_seconds=1.0,
        lease_seconds=5.0,
        drain_seconds=5.0,
        poll_seconds=1.0,
    )


@pytest.fixture(scope="session")
def engine(settings: Settings) -> Iterator[Engine]:
    """One engine for the whole test process."""
    engine = new_engine(settings.database_url, pool_size=12)
    yield engine
    engine.dispose()


# No trigger fires: neither the audit's, nor those of foreign keys, whose order the deletions keep anyway.
_UNGUARDED = "SET LOCAL session_replication_role = replica"


def empty(engine: Engine, redis_url: str) -> None:
    """Empty all tables and Redis. Not by TRUNCATE, which makes and syncs a file for each table and index:
    that takes a hundred times as long as to delete the few rows of a test."""
    deletions = [f"DELETE FROM {table.name}" for table in reversed(Base.metadata.sorted_tables)]
    with engine.begin() as connection:
        # A login that row-level security keeps from seeing rows fails here, instead of leaving them.
        connection.execute(text(f"SET LOCAL row_security = off; {_UNGUARDED}; {'; '.join(deletions)}"))
    redis = new_redis(redis_url)
    redis.flushdb()
    redis.close()


@pytest.fixture
def clean(engine: Engine, redis_url: str) -> None:
    """Empty servers, before the test and not after, so that a failure can be looked at."""
    empty(engine, redis_url)


@pytest.fixture
def desk(clean: None, settings: Settings, engine: Engine) -> Iterator[Desk]:
    """What a worker has at hand, on an empty database."""
    redis = new_redis(settings.redis_url)
    yield Desk(settings, Sessions(engine), redis, Budget(redis))
    redis.close()


@pytest.fixture
def tenant(desk: Desk) -> Tenant:
    """A tenant."""
    return tenants.create(desk.sessions, slug="acme", name="Acme Farms", timezone="America/Los_Angeles")


@pytest.fixture
def tenant_id(tenant: Tenant) -> UUID:
    """Its id."""
    return tenant.id


@pytest.fixture
def patient_settings(settings: Settings) -> Settings:
    """Settings with the pauses of a real installation."""
    return replace(settings, settle_seconds=180.0, backoff_cap_seconds=900.0)
