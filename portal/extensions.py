"""The database and Redis as the rest of the portal meets them: sessions with a role and a tenant."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from flask_sqlalchemy import SQLAlchemy
from psycopg.pq import Escaping, ExecStatus, TransactionStatus
from redis import Redis
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session, SessionTransaction

db = SQLAlchemy(session_options={"expire_on_commit": False})

APP_ROLE = "trellis_app"
SYSTEM_ROLE = "trellis_system"
IDENTITY_ROLE = "trellis_identity"

# Of each transaction, so for the driver as it is: as SQLAlchemy's text it cost half as much again.
_ENTER = (
    "SELECT set_config('role', %(role)s, true), set_config('app.tenant', %(tenant)s, true),"
    " set_config('app.user', %(user)s, true)"
)
_BEGIN = (
    b"BEGIN; SELECT set_config('role', %s, true), set_config('app.tenant', %s, true),"
    b" set_config('app.user', %s, true)"
)
_open = threading.local()


class OpenTransaction(Exception):
    """A foreign API was about to be called while a transaction is open: a bug, never a condition."""


# Of every connection: short statements, bounded waits for locks, one time zone.
CONNECTION_OPTIONS = (
    "-c statement_timeout=15000 -c lock_timeout=5000"
    " -c idle_in_transaction_session_timeout=30000 -c TimeZone=UTC"
)
ENGINE_OPTIONS: dict[str, Any] = {
    # Values are customers' data and keys: they do not belong into the text of an error.
    "hide_parameters": True,
    "connect_args": {"connect_timeout": 5, "options": CONNECTION_OPTIONS},
}


def new_engine(url: str, **options: Any) -> Engine:
    """Make an engine as every process uses it."""
    return create_engine(url, **{**ENGINE_OPTIONS, **options})


def ask_before_use(engine: Engine) -> Engine:
    """Have an engine replace a connection whose server is gone, so that nobody meets it.

    It asks by an empty message, which costs a fraction of the statement that `pool_pre_ping` sends.
    """
    event.listen(engine, "checkout", _ask)
    return engine


def _ask(driver: Any, _record: Any, _fairy: Any) -> None:
    if isinstance(driver, psycopg.Connection) and driver.pgconn.exec_(b"").status != ExecStatus.EMPTY_QUERY:
        raise DisconnectionError("the database's server has closed this connection")


def enter(
    session: Session, *, tenant: UUID | None = None, user: UUID | None = None, role: str = APP_ROLE
) -> None:
    """Set role, tenant and user for this session's transactions, the open one included."""
    session.info.update(role=role, tenant=str(tenant or ""), user=str(user or ""))
    if session.in_transaction():
        session.connection().exec_driver_sql(_ENTER, _scope(session))


def _scope(session: Session) -> dict[str, str]:
    return {
        "role": session.info.get("role", APP_ROLE),
        "tenant": session.info.get("tenant", ""),
        "user": session.info.get("user", ""),
    }


@event.listens_for(Session, "after_begin")
def _enter_transaction(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    scope = _scope(session)
    if not _begin_entered(connection.connection.driver_connection, scope):
        connection.exec_driver_sql(_ENTER, scope)
    _sessions_in_transaction().add(id(session))


def _begin_entered(driver: Any, scope: dict[str, str]) -> bool:
    """Begin a transaction and enter it by one message: a page has two of them, an order four.

    Returns:
        False where it has to be entered by a statement: it has begun already, is isolated in another way, or
        this failed, so that the driver tells why.
    """
    if not isinstance(driver, psycopg.Connection) or driver.autocommit or driver.isolation_level is not None:
        return False
    server = driver.pgconn
    if server.transaction_status != TransactionStatus.IDLE:
        return False
    literal = Escaping(server).escape_literal
    values = (scope["role"], scope["tenant"], scope["user"])
    begun = server.exec_(_BEGIN % tuple(bytes(literal(value.encode())) for value in values))
    if begun.status == ExecStatus.TUPLES_OK:
        return True
    if server.transaction_status == TransactionStatus.INERROR:
        server.exec_(b"ROLLBACK")
    return False


@event.listens_for(Session, "after_transaction_end")
def _leave_transaction(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        _sessions_in_transaction().discard(id(session))


def _sessions_in_transaction() -> set[int]:
    if not hasattr(_open, "sessions"):
        _open.sessions = set()
    sessions: set[int] = _open.sessions
    return sessions


def refuse_open_transaction() -> None:
    """Raise when this thread has a transaction open.

    Raises:
        OpenTransaction: a call to a foreign API now would hold locks for as long as that API likes.
    """
    if _sessions_in_transaction():
        raise OpenTransaction("a foreign API is called while a transaction is open")


class Sessions:
    """Short database sessions for workers and commands, each with a role and, mostly, a tenant."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def tenant(self, tenant_id: UUID) -> Iterator[Session]:
        """Open one transaction inside a tenant; commits at the end, rolls back on an error."""
        with self._begin(role=APP_ROLE, tenant=tenant_id) as session:
            yield session

    @contextmanager
    def app(self) -> Iterator[Session]:
        """Open one transaction outside of any tenant, in which no tenant's row is seen."""
        with self._begin(role=APP_ROLE, tenant=None) as session:
            yield session

    @contextmanager
    def system(self) -> Iterator[Session]:
        """Open one transaction over all tenants, with the few columns that the system role may see."""
        with self._begin(role=SYSTEM_ROLE, tenant=None) as session:
            yield session

    @contextmanager
    def identity(self) -> Iterator[Session]:
        """Open one transaction over people and how they prove who they are, which no other role can read."""
        with self._begin(role=IDENTITY_ROLE, tenant=None) as session:
            yield session

    @contextmanager
    def _begin(self, *, role: str, tenant: UUID | None) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session:
            enter(session, tenant=tenant, role=role)
            with session.begin():
                yield session


def new_redis(url: str) -> Redis:
    """Make a client whose calls give up quickly: Redis is a doorbell, never worth waiting for."""
    return Redis.from_url(url, socket_timeout=5, socket_connect_timeout=1)
