"""Sessions: a role and a tenant for each transaction, and no foreign call while one is open."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from portal.extensions import (
    OpenTransaction,
    Sessions,
    ask_before_use,
    enter,
    new_engine,
    refuse_open_transaction,
)
from portal.models import new_id

_WHO = text("SELECT current_user, current_setting('app.tenant', true)")


@pytest.fixture
def sessions(engine):
    return Sessions(engine)


@pytest.mark.fault(75)
def test_each_kind_of_session_has_its_role_and_its_tenant(sessions):
    tenant_id = new_id()
    with sessions.tenant(tenant_id) as session:
        assert tuple(session.execute(_WHO).one()) == ("trellis_app", str(tenant_id))
    with sessions.app() as session:
        assert tuple(session.execute(_WHO).one()) == ("trellis_app", "")
    with sessions.system() as session:
        assert tuple(session.execute(_WHO).one()) == ("trellis_system", "")


@pytest.mark.fault(75)
def test_role_and_tenant_end_with_the_transaction(engine, sessions):
    with sessions.tenant(new_id()) as session:
        session.execute(text("SELECT 1"))
    with engine.connect() as connection:
        user, tenant = connection.execute(_WHO).one()

    assert user not in ("trellis_app", "trellis_system")
    assert not tenant


def test_a_session_that_begins_again_enters_again(engine):
    tenant_id = new_id()
    with Session(engine) as session:
        enter(session, tenant=tenant_id)
        for _ in range(2):
            assert session.execute(_WHO).one().current_user == "trellis_app"
            session.commit()


def test_entering_in_the_middle_of_a_transaction_counts_at_once(engine):
    tenant_id = new_id()
    with Session(engine) as session:
        session.execute(text("SELECT 1"))
        enter(session, tenant=tenant_id)
        assert tuple(session.execute(_WHO).one()) == ("trellis_app", str(tenant_id))


def test_a_transaction_of_another_isolation_is_entered_and_keeps_it(engine):
    tenant_id = new_id()
    with Session(engine) as session:
        enter(session, tenant=tenant_id)
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        assert session.scalar(text("SHOW transaction_isolation")) == "repeatable read"
        assert tuple(session.execute(_WHO).one()) == ("trellis_app", str(tenant_id))


def test_a_scope_that_cannot_be_entered_says_why_and_leaves_the_connection_usable(engine, sessions):
    with Session(engine) as session:
        enter(session, role="nobody's")
        with pytest.raises(DBAPIError, match="nobody's"):
            session.execute(text("SELECT 1"))
    with sessions.app() as session:
        assert session.execute(_WHO).one().current_user == "trellis_app"


def test_a_connection_that_was_cut_is_told_as_such_and_replaced(engine, database_url):
    with _one_connection(database_url) as cut:
        served_by = _cut_when_idle(engine, cut)
        with pytest.raises(OperationalError), Sessions(cut).app() as session:
            session.execute(text("SELECT 1"))
        assert _served_by(cut) != served_by


def test_an_engine_that_asks_before_use_replaces_a_connection_that_was_cut(engine, database_url):
    with _one_connection(database_url) as cut:
        ask_before_use(cut)
        served_by = _cut_when_idle(engine, cut)
        assert _served_by(cut) != served_by


@contextmanager
def _one_connection(database_url):
    """An engine whose pool holds one connection."""
    engine = new_engine(database_url, pool_size=1, max_overflow=0)
    yield engine
    engine.dispose()


def _served_by(engine):
    with Sessions(engine).app() as session:
        return session.scalar(text("SELECT pg_backend_pid()"))


def _cut_when_idle(engine, cut):
    """Have the server end the process that serves a connection, while nobody uses it; returns its id."""
    served_by = _served_by(cut)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:process, 5000)"), {"process": served_by})
    return served_by


@pytest.mark.fault(76)
def test_a_foreign_call_is_refused_while_a_transaction_is_open(sessions):
    with sessions.tenant(new_id()) as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(OpenTransaction):
            refuse_open_transaction()
    refuse_open_transaction()


def test_a_transaction_that_failed_is_not_open_any_more(sessions):
    with pytest.raises(DBAPIError), sessions.tenant(new_id()) as session:
        session.execute(text("SELECT 1 / 0"))

    refuse_open_transaction()


def test_a_savepoint_that_ends_leaves_the_transaction_open(sessions):
    with sessions.tenant(new_id()) as session:
        with session.begin_nested():
            session.execute(text("SELECT 1"))
        with pytest.raises(OpenTransaction):
            refuse_open_transaction()


def test_another_threads_transaction_is_its_own_business(sessions):
    inside, leave = threading.Event(), threading.Event()

    def hold():
        with sessions.tenant(new_id()) as session:
            session.execute(text("SELECT 1"))
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait(10)
    refuse_open_transaction()
    leave.set()
    thread.join()


@pytest.mark.fault(76)
def test_every_connection_waits_for_statements_and_locks_no_longer_than_it_should(engine):
    with engine.connect() as connection:
        for setting, value in (
            ("statement_timeout", "15s"),
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "30s"),
            ("TimeZone", "UTC"),
        ):
            assert connection.scalar(text(f"SHOW {setting}")) == value


@pytest.mark.fault(83)
def test_an_error_does_not_show_the_values_of_its_statement(database_url):
    engine = new_engine(database_url)
    with pytest.raises(DBAPIError) as failed, engine.connect() as connection:
        connection.execute(text("SELECT * FROM nowhere WHERE secret = :secret"), {"secret": "hush-hush"})
    engine.dispose()

    assert "hush-hush" not in str(failed.value)
