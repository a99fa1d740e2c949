"""Key rotation: everything is sealed anew while everything goes on, whatever ends it half-way."""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from dataclasses import replace

import pytest
from sqlalchemy import LargeBinary, func, select

from portal.identity import accounts
from portal.models import INSTALLATION_CHAIN, AuditEvent, AuditHead, Base, Hub, Mail, Secret, SignIn
from portal.sync import audit, mail, rotation, sealed, secrets
from portal.sync.audit.record import chain_key
from portal.sync.credentials import _store, seal_all
from portal.sync.engine.accounts import credentials

OLD, NEW = os.urandom(32), os.urandom(32)
ANN, BOB = audit.Actor("Ann"), audit.Actor("Bob")
OPERATOR = audit.Actor("command line")
FIELDS = 120


def with_keys(desk, **keys):
    return replace(desk, settings=replace(desk.settings, master_keys=keys))


@pytest.fixture
def old(desk):
    return with_keys(desk, old=OLD)


@pytest.fixture
def both(desk):
    return with_keys(desk, new=NEW, old=OLD)


@pytest.fixture
def new(desk):
    return with_keys(desk, new=NEW)


@pytest.fixture
def hub(old, tenant_id):
    """A hub with many credentials, and one of everything else that is sealed, with the old key."""
    keys = old.settings.master_keys
    with old.sessions.tenant(tenant_id) as session:
        row = Hub(
            tenant_id=tenant_id,
            name="F",
            base_url="https://x",
            state="live",
            auth_scheme="api key",
            webhook_token_hash=b"t" * 32,
        )
        session.add(row)
        session.flush()
        values = {f"field_{number}": f"the credential {number}" for number in range(FIELDS)}
        session.add_all(seal_all(old, tenant_id, row.id, values, ANN))
        audit.record(session, keys, tenant_id, "hub.added", actor=OPERATOR)
    with old.sessions.identity() as session:
        person = accounts.create_user(session, "ann@acme.example", "Ann", "correct horse battery")
        session.flush()
        codes = secrets.seal(keys, "JBSWY3DP", tenant_id="", owner_id=str(person.id), field="totp")
        session.get_one(SignIn, person.id).totp_sealed = codes.ciphertext
        mail.queue(session, keys, mail.Message("ann@acme.example", "Hello", "A link"), kind="test")
    return row


def kept(desk, tenant_id, hub):
    with desk.sessions.tenant(tenant_id) as session:
        return credentials(desk, session, hub)


def test_every_column_of_bytes_is_a_place_of_sealed_values_or_says_what_else_it_is():
    columns = {
        str(column)
        for table in Base.metadata.sorted_tables
        for column in table.c
        if isinstance(column.type, LargeBinary)
    }
    places = {f"{place.column.class_.__tablename__}.{place.column.key}" for place in sealed.PLACES}
    assert columns == places | sealed.DIGESTS | sealed.TEXTS
    assert not places & sealed.DIGESTS


@pytest.mark.fault(81)
def test_everything_is_sealed_with_the_new_key_and_the_old_one_can_go(both, new, tenant_id, hub):
    done = rotation.rotate(both, actor=OPERATOR)

    assert (done.complete, done.shut) == (True, [])
    assert set(done.anew) == {place.name for place in sealed.PLACES}
    assert all(set(by_key) == {"new"} for by_key in rotation.counts(new.sessions).values())
    assert kept(new, tenant_id, hub)["field_7"] == "the credential 7"
    with new.sessions.tenant(tenant_id) as session:
        audit.record(session, new.settings.master_keys, tenant_id, "hub.added", actor=OPERATOR)
        assert {row.last_four for row in session.scalars(select(Secret))} >= {"al 7", "l 70"}
        assert set(session.scalars(select(Secret.key_id))) == {"new"}
        assert set(session.scalars(select(Secret.set_by))) == {"Ann"}
    with new.sessions.system() as session:
        waiting = session.scalars(select(Mail)).one()
        assert mail.opened(new.settings.master_keys, waiting).text == "A link"
        noted = session.scalars(select(AuditEvent).where(AuditEvent.chain == INSTALLATION_CHAIN)).one()
        head = session.scalars(select(AuditHead.chain)).all()
    assert (noted.action, noted.detail["left"]) == ("credentials.rotated", 0)
    assert len(head) == 2


def test_a_second_run_has_nothing_to_do(both, tenant_id, hub):
    rotation.rotate(both, actor=OPERATOR)

    done = rotation.rotate(both, actor=OPERATOR)

    assert (done.complete, +done.anew) == (True, {})


@pytest.mark.fault(81)
def test_killed_half_way_it_goes_on_where_it_was(both, new, tenant_id, hub):
    class Killed(BaseException):
        pass

    def kill(_line):
        raise Killed

    with contextlib.suppress(Killed):
        rotation.rotate(both, actor=OPERATOR, tell=kill)
    half = rotation.counts(both.sessions)["stored credentials"]
    assert 0 < half["new"] < FIELDS
    assert len(kept(both, tenant_id, hub)) == FIELDS

    assert rotation.rotate(both, actor=OPERATOR).complete
    assert len(kept(new, tenant_id, hub)) == FIELDS


class Load:
    """Workers that open every credential again and again, and somebody who replaces two of them."""

    def __init__(self, worker, replacer, tenant_id, hub):
        self.tenant_id, self.hub = tenant_id, hub
        self.over = threading.Event()
        self.failures = []
        self.latest = dict.fromkeys(("field_3", f"field_{FIELDS - 1}"), "")
        self.threads = [threading.Thread(target=self.open_all, args=(worker,)) for _ in range(3)]
        self.threads.append(threading.Thread(target=self.replace, args=(replacer,)))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_error):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def open_all(self, desk):
        while not self.over.is_set():
            try:
                assert len(kept(desk, self.tenant_id, self.hub)) == FIELDS
            except Exception as error:  # noqa: BLE001 - whatever it is fails the test
                self.failures.append(error)

    def replace(self, desk):
        for number in itertools.count():
            for field in self.latest:
                self.latest[field] = f"replaced {number}"
                with desk.sessions.tenant(self.tenant_id) as session:
                    _store(
                        session,
                        seal_all(desk, self.tenant_id, self.hub.id, {field: self.latest[field]}, BOB),
                    )
            if self.over.is_set():
                return


@pytest.mark.fault(81)
def test_under_load_every_credential_opens_all_the_time_and_a_key_that_is_replaced_meanwhile_wins(
    both, new, tenant_id, hub
):
    # Whoever replaces keys seals with the old one still: that process was not started again yet.
    with Load(both, with_keys(both, old=OLD, new=NEW), tenant_id, hub) as load:
        for _ in range(3):
            rotation.rotate(both, actor=OPERATOR)

    assert load.failures == []
    assert rotation.rotate(both, actor=OPERATOR).complete
    found = kept(new, tenant_id, hub)
    assert {field: found[field] for field in load.latest} == load.latest
    assert len(found) == FIELDS


def test_a_value_that_was_replaced_after_it_was_read_is_left_alone(both, tenant_id, hub, monkeypatch):
    place = sealed.PLACES[0]
    (batch, *_) = rotation._batches(both, place)
    row = batch[0]
    with both.sessions.tenant(tenant_id) as session:
        secret = session.get_one(Secret, row[0])
        secret.ciphertext = seal_all(both, tenant_id, hub.id, {secret.field: "the newest"}, BOB)[0].ciphertext

    assert not rotation._seal_anew(both, place, row, rotation.Rotated())
    assert kept(both, tenant_id, hub)[secret.field] == "the newest"


@pytest.mark.fault(81)
def test_what_no_key_opens_is_named_and_left_and_everything_else_goes_on(old, new, desk, tenant_id, hub):
    third = with_keys(desk, third=os.urandom(32), old=OLD)
    with old.sessions.tenant(tenant_id) as session:
        stray = session.scalars(select(Secret).where(Secret.field == "field_0")).one()
        stray.ciphertext = seal_all(new, tenant_id, hub.id, {"field_0": "x"}, ANN)[0].ciphertext

    done = rotation.rotate(third, actor=OPERATOR)

    assert (done.complete, done.left, len(done.shut)) == (False, 1, 1)
    assert "'new' is not configured" in done.shut[0]
    with third.sessions.tenant(tenant_id) as session:
        counted = select(func.count()).select_from(Secret).where(Secret.key_id == "third")
        assert session.scalar(counted) == FIELDS - 1


def test_a_chain_keeps_its_key(old, both, new, tenant_id, hub):
    def key(desk):
        with desk.sessions.tenant(tenant_id) as session:
            row = session.scalars(select(AuditHead)).one()
            return chain_key(desk.settings.master_keys, tenant_id, row.sealed_key)

    before = key(old)
    rotation.rotate(both, actor=OPERATOR)
    assert key(new) == before
