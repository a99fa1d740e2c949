"""An act and its row in the audit are one transaction, and rows of a chain have one order."""

from __future__ import annotations

import contextlib
import threading

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from portal.models import INSTALLATION_CHAIN, AuditEvent, AuditHead
from portal.sync import audit, secrets
from portal.sync.audit.chain import FIELDS, link_hash
from portal.sync.audit.record import chain_key

DANA = audit.Actor("Dana Reyes", role="owner", address="203.0.113.7", reference="f00d")


def act(desk, tenant_id, **more):
    with desk.sessions.tenant(tenant_id) as session:
        audit.record(session, desk.settings.master_keys, tenant_id, "connection.paused", actor=DANA, **more)


def rows(desk, tenant_id):
    with desk.sessions.tenant(tenant_id) as session:
        return session.scalars(select(AuditEvent).order_by(AuditEvent.seq)).all()


def test_each_act_is_bound_to_all_acts_before_it(desk, tenant_id):
    for name in ("LeafLink", "Ordo"):
        act(desk, tenant_id, subject=audit.Subject("connection", "7", name), detail={"reason": "stock count"})

    with desk.sessions.tenant(tenant_id) as session:
        head = session.get_one(AuditHead, tenant_id)
    key, before = chain_key(desk.settings.master_keys, tenant_id, head.sealed_key), b""
    for row in rows(desk, tenant_id):
        before = link_hash(key, before, {name: getattr(row, name) for name in FIELDS})
        assert row.hash == before
    assert (head.seq, head.hash) == (2, before)


def test_an_act_that_is_rolled_back_was_never_recorded_and_leaves_no_gap(desk, tenant_id):
    act(desk, tenant_id)
    with contextlib.suppress(RuntimeError), desk.sessions.tenant(tenant_id) as session:
        audit.record(session, desk.settings.master_keys, tenant_id, "connection.paused", actor=DANA)
        raise RuntimeError
    act(desk, tenant_id)

    assert [row.seq for row in rows(desk, tenant_id)] == [1, 2]


def test_acts_at_once_stand_one_behind_the_other(desk, tenant_id):
    threads = [threading.Thread(target=act, args=(desk, tenant_id)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [row.seq for row in rows(desk, tenant_id)] == list(range(1, 9))


def test_secrets_and_personal_data_do_not_get_into_it(desk, tenant_id):
    act(desk, tenant_id, detail={"api_key": "canary-1", "phone": "555-0100", "text": "from dana@example.com"})

    kept = str(rows(desk, tenant_id)[0].detail)
    assert not any(word in kept for word in ("canary", "0100", "dana@"))


def test_an_act_without_words_is_a_bug(desk, tenant_id):
    with pytest.raises(KeyError), desk.sessions.tenant(tenant_id) as session:
        audit.record(session, desk.settings.master_keys, tenant_id, "something", actor=DANA)


def test_a_company_writes_into_its_own_chain_only(desk, tenant_id):
    with pytest.raises(DBAPIError, match="row-level security"), desk.sessions.tenant(tenant_id) as session:
        audit.record(session, desk.settings.master_keys, INSTALLATION_CHAIN, "signed_in", actor=DANA)


@pytest.mark.parametrize("statement", ["UPDATE audit_event SET actor = 'nobody'", "DELETE FROM audit_event"])
def test_not_even_the_owner_of_the_tables_rewrites_it(desk, tenant_id, engine, statement):
    act(desk, tenant_id)

    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement))


def test_a_chain_whose_key_is_gone_is_not_written_on_with_another(desk, tenant_id):
    act(desk, tenant_id)

    with pytest.raises(secrets.CannotOpen), desk.sessions.tenant(tenant_id) as session:
        audit.record(session, {"k9": b"9" * 32}, tenant_id, "connection.paused", actor=DANA)
