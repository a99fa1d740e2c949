"""Connecting: proven with a real call before anything is saved, and switched on and off."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, text

from portal.models import AuditEvent, Connection, Facility, Hub, Secret, Stream
from portal.sync import connecting
from portal.sync.audit import Actor
from portal.sync.connecting import add_connection, add_hub, go_live
from portal.sync.credentials import CannotConnect, replace_key
from portal.sync.rates import set_rate
from tests.cli import served
from tests.cli.served import LEAFLINK_KEY, WEBHOOK_KEY

GOOD = {"api_key": LEAFLINK_KEY, "webhook_key": WEBHOOK_KEY}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with served.sandbox(tmp_path_factory.mktemp("sandbox")) as there:
        yield there


@pytest.fixture
def connect_hub(desk, tenant_id, sandbox):
    def connect(**changed):
        url, key = sandbox
        values: dict[str, Any] = {
            "name": "Flourish",
            "base_url": f"{url}/flourish/external/api",
            "credentials": {"api_key": key},
            "actor": Actor("Adam"),
        }
        return add_hub(desk, tenant_id, **(values | changed))

    return connect


@pytest.fixture
def hub(connect_hub):
    return connect_hub()


@pytest.fixture
def connect(desk, tenant_id, sandbox, hub):
    with desk.tenant(tenant_id) as session:
        facility = session.scalars(select(Facility.name).order_by(Facility.flourish_id)).first()

    def connect(**changed):
        values: dict[str, Any] = {
            "hub_id": hub.id,
            "platform_key": "leaflink",
            "name": "LeafLink",
            "credentials": GOOD,
            "facility": facility,
            "actor": Actor("Adam"),
            "base_url": f"{sandbox[0]}/leaflink/api/v2/",
        }
        return add_connection(desk, tenant_id, **(values | changed))

    return connect


def read(desk, tenant_id, query):
    with desk.tenant(tenant_id) as session:
        return session.scalars(query).all()


def state(desk, tenant_id, connection_id):
    with desk.tenant(tenant_id) as session:
        return session.get_one(Connection, connection_id).state


def test_a_hub_is_saved_with_its_facilities_its_stream_and_sealed_secrets(desk, tenant_id, hub, sandbox):
    (row,) = read(desk, tenant_id, select(Hub))
    assert (row.state, row.company_name) == ("live", hub.company)
    assert len(read(desk, tenant_id, select(Facility))) == 2
    assert [one.name for one in read(desk, tenant_id, select(Stream))] == ["flourish.orders"]
    sealed = read(desk, tenant_id, select(Secret))
    assert {one.field for one in sealed} == {
        "api_key",
        "webhook_key",
        "webhook_header_1",
        "webhook_header_2",
        "webhook_token",
    }
    assert not any(sandbox[1].encode() in one.ciphertext for one in sealed)
    assert hub.webhook_url.startswith(f"{desk.settings.public_url}/webhooks/flourish/")


def test_a_signing_key_that_was_entered_is_kept_and_else_one_is_made(connect_hub):
    assert connect_hub(name="a", signing_key="entered by hand").signing_key == "entered by hand"
    assert len(connect_hub(name="b").signing_key) == 64


def test_a_signing_key_among_the_credentials_is_kept(connect_hub, sandbox):
    made = connect_hub(credentials={"api_key": sandbox[1], "webhook_key": "entered on the form"})

    assert made.signing_key == "entered on the form"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"credentials": {"api_key": "wrong"}}, "refused"),
        ({"credentials": {}}, "API key is missing"),
        ({"base_url": "https://evil.example/external/api"}, "must be one of"),
        ({"base_url": "http://app.flourishsoftware.com/external/api"}, "https"),
        ({"base_url": "not an address"}, "not a web address"),
        ({"base_url": "http://127.0.0.1:1/external/api"}, "Nothing was saved"),
    ],
)
def test_a_hub_that_does_not_work_is_not_saved(desk, tenant_id, connect_hub, changed, says):
    with pytest.raises(CannotConnect, match=says):
        connect_hub(**changed)

    assert read(desk, tenant_id, select(Hub)) == []
    assert read(desk, tenant_id, select(Secret)) == []


def test_a_name_that_is_taken_is_said_in_words(connect_hub, hub):
    with pytest.raises(CannotConnect, match="There is one called Flourish already"):
        connect_hub()


@pytest.mark.fault(73)
def test_a_connection_is_ready_with_its_streams_and_names_the_company(desk, tenant_id, connect):
    made = connect()

    (row,) = read(desk, tenant_id, select(Connection))
    assert (row.state, row.company_name, row.key_owner) == ("ready", made.company, made.company)
    assert row.live_since is None
    streams = read(desk, tenant_id, select(Stream).where(Stream.connection_id == row.id))
    assert [one.name for one in streams] == ["orders"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"credentials": {"api_key": "wrong", "webhook_key": "w"}}, "refused"),
        ({"credentials": {"api_key": LEAFLINK_KEY}}, "webhook key is missing"),
        ({"credentials": {}}, "API key"),
        ({"credentials": {"api_key": "two words", "webhook_key": "w"}}, "no key has"),
        ({"facility": "Atlantis"}, "has no facility 'Atlantis'; it has"),
        ({"base_url": "http://127.0.0.1:1/api/v2/"}, "Nothing was saved"),
    ],
)
def test_a_connection_that_does_not_work_is_not_saved(desk, tenant_id, connect, changed, says):
    with pytest.raises(CannotConnect, match=says):
        connect(**changed)

    assert read(desk, tenant_id, select(Connection)) == []


@pytest.mark.fault(72)
def test_one_company_is_live_in_one_connection_however_its_address_is_written(
    desk, tenant_id, connect, sandbox
):
    first, address = connect(), f"{sandbox[0]}/leaflink/api/v2"
    with pytest.raises(CannotConnect, match="connected already, as LeafLink"):
        connect(name="Again", base_url=address)
    # Two that began at the same moment: going live is where one of them is refused.
    with desk.tenant(tenant_id) as session:
        session.execute(text("UPDATE connection SET company_ref = 'x'"))
    second = connect(name="Again", base_url=address)
    with desk.tenant(tenant_id) as session:
        ref = session.get_one(Connection, second.id).company_ref
        session.get_one(Connection, first.id).company_ref = ref
    go_live(desk, tenant_id, first.id, actor=Actor("Adam"), despite="a test")

    with pytest.raises(CannotConnect, match="already live in another connection"):
        go_live(desk, tenant_id, second.id, actor=Actor("Adam"), despite="a test")
    assert state(desk, tenant_id, second.id) == "ready"


def test_going_live_notes_since_when_and_polls_at_once(desk, tenant_id, connect):
    made = connect()
    since = datetime(2026, 3, 1, tzinfo=UTC)
    with desk.tenant(tenant_id) as session:
        session.execute(text("UPDATE stream SET due_at = now() + interval '1 day'"))

    go_live(desk, tenant_id, made.id, actor=Actor("Adam"), since=since, despite="a test")
    go_live(desk, tenant_id, made.id, actor=Actor("Adam"), despite="a test")  # again changes nothing

    (row,) = read(desk, tenant_id, select(Connection))
    assert (row.state, row.live_since) == ("live", since)
    with desk.tenant(tenant_id) as session:
        due = select(Stream.name).where(Stream.connection_id == made.id, Stream.due_at <= text("now()"))
        assert session.scalars(due).all() == ["orders"]


@pytest.mark.fault(73)
@pytest.mark.parametrize("before", ["paused", "disconnected", "needs_credentials", "checking"])
def test_only_what_is_ready_goes_live(desk, tenant_id, connect, before):
    made = connect()
    with desk.tenant(tenant_id) as session:
        session.execute(text("UPDATE connection SET state = :state"), {"state": before})

    with pytest.raises(CannotConnect, match="only a ready connection goes live"):
        go_live(desk, tenant_id, made.id, actor=Actor("Adam"), despite="a test")


def test_testing_calls_both_sides_with_the_stored_keys(desk, tenant_id, connect, hub):
    made = connect()

    assert connecting.test(desk, tenant_id, made.id, actor=Actor("Adam")) == ()
    assert connecting.test_hub(desk, tenant_id, hub.id, actor=Actor("Adam")) == ()

    with desk.tenant(tenant_id) as session:
        session.execute(text("UPDATE connection SET base_url = 'http://127.0.0.1:1/api/v2/'"))
    (finding,) = connecting.test(desk, tenant_id, made.id, actor=Actor("Adam"))
    assert finding.title.startswith("LeafLink cannot be reached")
    assert "nothing about the key" in finding.next_step


@pytest.mark.fault(23, 25)
def test_a_refused_key_is_replaced_and_the_connection_goes_on(desk, tenant_id, connect):
    made = connect()
    go_live(desk, tenant_id, made.id, actor=Actor("Adam"), despite="a test")
    with desk.tenant(tenant_id) as session:
        connection = session.get_one(Connection, made.id)
        connection.state = "needs_credentials"

    replace_key(desk, tenant_id, connection, {"api_key": LEAFLINK_KEY}, actor=Actor("Eve"))

    assert state(desk, tenant_id, made.id) == "live"
    with desk.tenant(tenant_id) as session:
        secret = session.scalars(
            select(Secret).where(Secret.owner_id == made.id, Secret.field == "api_key")
        ).one()
    assert secret.set_by == "Eve"
    assert connecting.test(desk, tenant_id, made.id, actor=Actor("Adam")) == ()


@pytest.mark.fault(25, 73)
@pytest.mark.parametrize(
    ("key", "says"),
    [("ll-nobody-key", "refused"), ("ll-sunrise-key", "opens Sunrise Brands, not Greenleaf Farms")],
)
def test_a_key_that_does_not_fit_replaces_nothing(desk, tenant_id, connect, key, says):
    made = connect()
    with desk.tenant(tenant_id) as session:
        connection = session.get_one(Connection, made.id)

    with pytest.raises(CannotConnect, match=says):
        replace_key(desk, tenant_id, connection, {"api_key": key}, actor=Actor("Eve"))

    assert connecting.test(desk, tenant_id, made.id, actor=Actor("Adam")) == ()


@pytest.mark.fault(23, 25)
def test_a_hubs_key_is_replaced_too(desk, tenant_id, hub, sandbox):
    with desk.tenant(tenant_id) as session:
        row = session.get_one(Hub, hub.id)
        row.state = "needs_credentials"

    replace_key(desk, tenant_id, row, {"api_key": sandbox[1]}, actor=Actor("Eve"))

    assert read(desk, tenant_id, select(Hub.state)) == ["live"]


def test_each_act_on_accounts_is_one_row_of_the_audit(desk, tenant_id, connect, hub, sandbox):
    made, adam = connect(), Actor("Adam", role="admin")
    with desk.tenant(tenant_id) as session:
        connection, flourish = session.get_one(Connection, made.id), session.get_one(Hub, hub.id)
    keys = desk.settings.master_keys
    go_live(desk, tenant_id, made.id, actor=adam, despite="a test")
    go_live(desk, tenant_id, made.id, actor=adam, despite="a test")  # it was live already
    for act in (connecting.pause, connecting.pause, connecting.resume, connecting.resume):
        with desk.tenant(tenant_id) as session:
            act(session, keys, made.id, actor=adam)
    connecting.test(desk, tenant_id, made.id, actor=adam)
    connecting.test_hub(desk, tenant_id, hub.id, actor=adam)
    replace_key(desk, tenant_id, connection, {"api_key": LEAFLINK_KEY}, actor=adam)
    replace_key(desk, tenant_id, flourish, {"api_key": sandbox[1]}, actor=adam)
    with desk.tenant(tenant_id) as session:
        set_rate(session, keys, session.get_one(Connection, made.id), 2.5, actor=adam)

    rows = read(desk, tenant_id, select(AuditEvent).order_by(AuditEvent.seq))
    assert [(row.action, row.subject) for row in rows] == [
        ("hub.added", "Flourish"),
        ("connection.added", "LeafLink"),
        ("connection.went_live", "LeafLink"),
        ("connection.paused", "LeafLink"),
        ("connection.resumed", "LeafLink"),
        ("connection.tested", "LeafLink"),
        ("connection.tested", "Flourish"),
        ("credentials.replaced", "LeafLink"),
        ("credentials.replaced", "Flourish"),
        ("connection.rate_changed", "LeafLink"),
    ]
    replaced = next(row for row in rows if row.action == "credentials.replaced")
    assert replaced.detail == {"fields": [f"api_key …{LEAFLINK_KEY[-4:]}"]}
    assert rows[-1].detail == {"calls_per_second": "2.5", "before": "the usual"}
    kept = str([row.detail for row in rows])
    assert not any(secret in kept for secret in (LEAFLINK_KEY, WEBHOOK_KEY, sandbox[1]))
