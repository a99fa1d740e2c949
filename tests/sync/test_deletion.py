"""The end of a company: asked for, taken back or carried out, and nothing left but its name and its audit."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update

from portal.models import INSTALLATION_CHAIN, AuditEvent, Base, Connection, Hub, Tenant
from portal.sync import audit, deletion, nightly
from portal.sync.audit.record import length
from portal.sync.engine.desk import Desk
from portal.sync.engine.gate import why_no_writes
from portal.sync.engine.inbox import Inbox
from tests.models.rows import fill

DAY = timedelta(days=1)
WITH_ROWS = {table.name for table in Base.metadata.sorted_tables if "tenant_id" in table.c}


def of_everything(desk: Desk, slug: str) -> dict[str, Any]:
    """A tenant with a row in every table, mail, a member and an audit."""
    ids: dict[str, Any] = fill(desk.sessions, slug)
    with desk.sessions.tenant(ids["tenant"]) as session:
        session.execute(
            text("INSERT INTO membership (tenant_id, user_id, role) VALUES (:tenant, :agent, 'owner')"), ids
        )
        session.execute(
            text("INSERT INTO mail (id, tenant_id, kind, sealed) VALUES (:proof, :tenant, 'test', 'x')"), ids
        )
        tenant_id = UUID(str(ids["tenant"]))
        audit.record(session, desk.settings.master_keys, tenant_id, "company.added", actor=audit.Actor("Ann"))
    return ids


@pytest.fixture
def ours(desk):
    return of_everything(desk, "ours")


@pytest.fixture
def theirs(desk):
    return of_everything(desk, "theirs")


def rows(engine, tenant_id):
    """How many rows of a tenant each table has, seen by nobody's rules."""
    with engine.connect() as connection:
        return {
            name: connection.scalar(
                text(f"SELECT count(*) FROM {name} WHERE tenant_id = :id"), {"id": tenant_id}
            )
            for name in WITH_ROWS
        }


def the_week_is_over(engine):
    with engine.begin() as connection:
        connection.execute(
            update(Tenant)
            .where(Tenant.delete_at.is_not(None))
            .values(
                delete_at=func.now(), purge_due_at=func.now(), proof_due_at=func.now() + timedelta(days=1)
            )
        )


def ask(desk, tenant_id):
    with desk.tenant(tenant_id) as session:
        return deletion.ask(session, tenant_id, actor="Ann")


def acts(desk):
    with desk.sessions.system() as session:
        query = select(AuditEvent.action, AuditEvent.subject, AuditEvent.detail)
        return session.execute(
            query.where(AuditEvent.chain == INSTALLATION_CHAIN).order_by(AuditEvent.seq)
        ).all()


def test_after_it_no_table_holds_a_row_of_the_company_and_another_one_is_untouched(
    desk, engine, ours, theirs
):
    before = rows(engine, theirs["tenant"])
    assert set(before.values()) == {1}

    assert not deletion.carry_out(desk, ours["tenant"])

    assert set(rows(engine, ours["tenant"]).values()) == {0}
    assert rows(engine, theirs["tenant"]) == before
    with desk.sessions.system() as session:
        row = session.scalars(select(Tenant).where(Tenant.id == ours["tenant"])).one()
        assert (row.slug, row.name) == ("ours", "A deleted company")
        assert row.retired_at is not None
        assert length(session, ours["tenant"]) == 1
    (begun, deleted) = acts(desk)
    assert [begun.action, deleted.action] == ["company.deletion_begun", "company.deleted"]
    assert deleted.subject == "ours"
    assert dict(deleted.detail["rows"]) == dict.fromkeys(WITH_ROWS, 1)
    assert Inbox(desk).endpoint("leaflink", "any") is None


def test_killed_half_way_it_goes_on_and_tells_once_of_all_that_there_was(desk, engine, ours, monkeypatch):
    class Killed(BaseException):
        pass

    dropped = []

    def kill(*arguments):
        dropped.append(drop(*arguments))
        if len(dropped) == 9:
            raise Killed

    drop = deletion._drop
    monkeypatch.setattr(deletion, "_drop", kill)
    with contextlib.suppress(Killed):
        deletion.carry_out(desk, ours["tenant"])
    monkeypatch.undo()
    assert 0 < sum(rows(engine, ours["tenant"]).values()) < len(WITH_ROWS)

    while deletion.carry_out(desk, ours["tenant"], seconds=0):
        pass

    assert set(rows(engine, ours["tenant"]).values()) == {0}
    assert [act.action for act in acts(desk)] == ["company.deletion_begun", "company.deleted"]
    assert dict(acts(desk)[-1].detail["rows"]) == dict.fromkeys(WITH_ROWS, 1)


def test_from_the_moment_it_is_asked_for_nothing_is_written_until_it_is_taken_back(desk, ours):
    def why():
        with desk.tenant(ours["tenant"]) as session:
            return why_no_writes(session, ours["connection"])

    assert why() == ""
    assert ask(desk, ours["tenant"])
    assert why() == "the company is to be deleted"
    assert not ask(desk, ours["tenant"])
    with desk.tenant(ours["tenant"]) as session:
        assert deletion.take_back(session, ours["tenant"])
        assert not deletion.take_back(session, ours["tenant"])
    assert why() == ""


def test_the_nightly_job_deletes_who_is_due_and_nobody_else(desk, engine, ours, theirs):
    assert ask(desk, ours["tenant"])
    nightly.purge(desk, ours["tenant"])
    assert set(rows(engine, ours["tenant"]).values()) == {1}

    the_week_is_over(engine)
    assert not nightly.purge(desk, ours["tenant"])
    assert not nightly.purge(desk, theirs["tenant"])

    assert set(rows(engine, ours["tenant"]).values()) == {0}
    assert set(rows(engine, theirs["tenant"]).values()) == {1}


def test_a_deletion_whose_worker_died_is_taken_up_again_within_minutes(desk, engine, ours):
    assert ask(desk, ours["tenant"])
    the_week_is_over(engine)

    nightly.run_due(desk)

    with desk.sessions.system() as session:
        again = session.scalars(select(Tenant.purge_due_at - func.now())).one()
    assert again.total_seconds() <= 600
    assert desk.redis.exists(f"trellis:ring:purge:{ours['tenant']}")


def test_nobody_works_for_a_company_that_is_being_deleted(desk, ours):
    deletion._begin(desk, ours["tenant"], audit.Actor("Trellis"))
    with desk.tenant(ours["tenant"]) as session:
        assert set(session.scalars(select(Connection.state))) == {"disconnected"}
        assert set(session.scalars(select(Hub.state))) == {"disconnected"}
