"""Disconnecting: what stops, what stays, and how a connection is taken up again."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.models import AuditEvent, Connection, Facility, Link, Problem, Secret, Tenant, new_id
from portal.sync import audit, disconnecting, facility_choice
from portal.sync.connecting import add_connection, add_hub, go_live, pause
from portal.sync.credentials import CannotConnect, replace_key
from portal.sync.engine import breaker
from portal.sync.engine.endpoints import TOKEN_FIELD
from portal.sync.errors import ConnectionBroken
from tests.cli import served
from tests.cli.served import LEAFLINK_KEY, WEBHOOK_KEY

ADAM = audit.Actor("Adam")
GOOD = {"api_key": LEAFLINK_KEY, "webhook_key": WEBHOOK_KEY}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with served.sandbox(tmp_path_factory.mktemp("sandbox")) as there:
        yield there


def connect(desk, tenant_id, sandbox, **more):
    """Both sides of the sandbox's clean company; the connection is a draft."""
    url, key = sandbox
    hub = add_hub(
        desk,
        tenant_id,
        name="Main",
        base_url=f"{url}/flourish/external/api",
        credentials={"api_key": key},
        actor=ADAM,
    )
    return add_connection(
        desk,
        tenant_id,
        hub_id=hub.id,
        platform_key="leaflink",
        name="LeafLink",
        base_url=f"{url}/leaflink/api/v2/",
        credentials=GOOD,
        actor=ADAM,
        **more,
    )


@pytest.fixture
def draft(desk, tenant_id, sandbox):
    return connect(desk, tenant_id, sandbox).id


@pytest.fixture
def facilities(desk, tenant_id, draft):
    with desk.tenant(tenant_id) as session:
        return session.scalars(select(Facility).order_by(Facility.flourish_id)).all()


@pytest.fixture
def live(desk, tenant_id, draft, facilities):
    facility_choice.choose(desk, tenant_id, draft, facilities[0].id, actor=ADAM)
    facility_choice.check(desk, tenant_id, draft, actor=ADAM)
    go_live(desk, tenant_id, draft, actor=ADAM, despite="a test")
    return draft


def read(desk, tenant_id, connection_id):
    with desk.tenant(tenant_id) as session:
        return session.get_one(Connection, connection_id)


def leave(desk, tenant_id, connection_id, reason="We sell elsewhere now"):
    with desk.tenant(tenant_id) as session:
        disconnecting.disconnect(session, desk.settings.master_keys, connection_id, actor=ADAM, reason=reason)


def acts(desk, tenant_id):
    with desk.tenant(tenant_id) as session:
        return session.scalars(select(AuditEvent.action).order_by(AuditEvent.seq)).all()


@pytest.mark.promise("ON-1")
def test_a_connection_is_a_draft_until_its_facility_is_chosen_and_ready_once_both_sides_answer(
    desk, tenant_id, draft, facilities
):
    assert read(desk, tenant_id, draft).state == "draft"

    facility_choice.choose(desk, tenant_id, draft, facilities[0].id, actor=ADAM)
    assert read(desk, tenant_id, draft).state == "checking"

    assert facility_choice.check(desk, tenant_id, draft, actor=ADAM) == ()
    assert read(desk, tenant_id, draft).state == "ready"
    assert acts(desk, tenant_id)[-2:] == ["connection.facility_chosen", "connection.tested"]


def test_it_stays_being_checked_while_a_side_does_not_answer(desk, tenant_id, draft, facilities):
    facility_choice.choose(desk, tenant_id, draft, facilities[0].id, actor=ADAM)
    with desk.tenant(tenant_id) as session:
        session.get_one(Connection, draft).base_url = "http://127.0.0.1:1/api/v2/"

    (finding,) = facility_choice.check(desk, tenant_id, draft, actor=ADAM)

    assert finding.code == "test_failed"
    assert read(desk, tenant_id, draft).state == "checking"


def test_only_a_facility_of_its_own_flourish_that_is_active_is_chosen(desk, tenant_id, draft, facilities):
    with pytest.raises(CannotConnect, match="Choose one of the facilities"):
        facility_choice.choose(desk, tenant_id, draft, new_id(), actor=ADAM)
    with desk.tenant(tenant_id) as session:
        session.get_one(Facility, facilities[1].id).active = False
    with pytest.raises(CannotConnect, match="not active in Flourish"):
        facility_choice.choose(desk, tenant_id, draft, facilities[1].id, actor=ADAM)
    assert read(desk, tenant_id, draft).state == "draft"


def test_the_facility_of_a_live_connection_stays(desk, tenant_id, live, facilities):
    with pytest.raises(CannotConnect, match="stays as it is"):
        facility_choice.choose(desk, tenant_id, live, facilities[1].id, actor=ADAM)


@pytest.mark.promise("ON-1")
def test_disconnecting_stops_everything_destroys_the_keys_and_keeps_the_history(desk, tenant_id, live):
    with desk.tenant(tenant_id) as session:
        connection = session.get_one(Connection, live)
        waiting = _link(connection, "waiting")
        session.add_all((waiting, _link(connection, "settled")))
        session.flush()
        session.add(
            Problem(
                tenant_id=tenant_id,
                connection_id=live,
                subject_id=waiting.id,
                link_id=waiting.id,
                code="sku_unknown",
                title="No item",
                next_step="Make it.",
                who="tenant",
            )
        )

    leave(desk, tenant_id, live)

    row = read(desk, tenant_id, live)
    assert (row.state, row.live_since, row.company_name) == ("disconnected", None, "Greenleaf Farms")
    with desk.tenant(tenant_id) as session:
        assert session.scalars(select(Secret).where(Secret.owner_id == live)).all() == []
        links = session.scalars(select(Link).order_by(Link.state)).all()
        problem = session.scalars(select(Problem)).one()
        told = session.scalars(select(AuditEvent).order_by(AuditEvent.seq.desc()).limit(1)).one()
    assert [(one.state, one.decision_code, one.due_at) for one in links] == [
        ("settled", "agree", None),
        ("skipped", "disconnected", None),
    ]
    assert problem.closed_because == "Adam disconnected it."
    assert (told.action, told.detail["reason"]) == ("connection.disconnected", "We sell elsewhere now")
    assert LEAFLINK_KEY not in str(told.detail)


def test_a_reason_is_asked_for_and_nothing_is_done_twice(desk, tenant_id, live):
    with pytest.raises(CannotConnect, match="Say why"):
        leave(desk, tenant_id, live, reason="  ")
    assert read(desk, tenant_id, live).state == "live"
    leave(desk, tenant_id, live)
    with pytest.raises(CannotConnect, match="disconnected already"):
        leave(desk, tenant_id, live)


@pytest.mark.promise("ON-1")
def test_it_is_connected_again_with_a_key_of_the_same_company_and_goes_live_anew(desk, tenant_id, live):
    with desk.tenant(tenant_id) as session:
        session.add(_link(session.get_one(Connection, live), "waiting"))
    before = read(desk, tenant_id, live).webhook_token_hash
    leave(desk, tenant_id, live)
    with pytest.raises(CannotConnect, match="opens Sunrise Brands, not Greenleaf Farms"):
        disconnecting.connect_again(desk, tenant_id, live, {**GOOD, "api_key": "ll-sunrise-key"}, actor=ADAM)

    made = disconnecting.connect_again(desk, tenant_id, live, GOOD, actor=ADAM)

    row = read(desk, tenant_id, live)
    assert (row.state, made.company) == ("checking", "Greenleaf Farms")
    assert row.webhook_token_hash != before
    with desk.tenant(tenant_id) as session:
        fields = set(session.scalars(select(Secret.field).where(Secret.owner_id == live)))
    assert fields == {"api_key", "webhook_key", TOKEN_FIELD}
    facility_choice.check(desk, tenant_id, live, actor=ADAM)
    go_live(desk, tenant_id, live, actor=ADAM, despite="a test")
    with desk.tenant(tenant_id) as session:
        taken_up = session.scalars(select(Link)).one()
    assert (taken_up.state, taken_up.due_at is not None) == ("waiting", True)


def test_after_that_the_company_may_be_live_elsewhere_and_not_here_any_more(desk, tenant_id, live, sandbox):
    other = new_id()
    with desk.sessions.system() as session:
        session.add(Tenant(id=other, slug=f"other-{other.hex[-8:]}", name="Other", timezone="UTC"))
    with pytest.raises(CannotConnect, match="which is not one of yours") as refused:
        connect(desk, other, sandbox)
    assert "LeafLink" not in str(refused.value)
    leave(desk, tenant_id, live)
    _live_elsewhere(desk, other, sandbox)

    with pytest.raises(CannotConnect, match="which is not one of yours"):
        disconnecting.connect_again(desk, tenant_id, live, GOOD, actor=ADAM)
    assert read(desk, tenant_id, live).state == "disconnected"


def test_a_key_that_was_refused_while_it_was_disconnected_does_not_bring_it_back(desk, tenant_id, live):
    leave(desk, tenant_id, live)
    with desk.tenant(tenant_id) as session:
        row = session.get_one(Connection, live)
        breaker.stop(session, row, row, ConnectionBroken("does not accept the key (401)"))
    assert read(desk, tenant_id, live).state == "disconnected"


def test_a_paused_connection_whose_key_is_replaced_stays_paused(desk, tenant_id, live):
    with desk.tenant(tenant_id) as session:
        pause(session, desk.settings.master_keys, live, actor=ADAM)
        row = session.get_one(Connection, live)
        breaker.stop(session, row, row, ConnectionBroken("does not accept the key (401)"))

    replace_key(desk, tenant_id, read(desk, tenant_id, live), {"api_key": LEAFLINK_KEY}, actor=ADAM)

    assert read(desk, tenant_id, live).state == "paused"


def _live_elsewhere(desk, tenant_id, sandbox):
    with desk.tenant(tenant_id) as session:
        hub_id = session.scalars(select(Facility.hub_id)).first()
        place = session.scalars(select(Facility.name)).first()
    made = add_connection(
        desk,
        tenant_id,
        hub_id=hub_id,
        platform_key="leaflink",
        name="LeafLink",
        base_url=f"{sandbox[0]}/leaflink/api/v2/",
        credentials=GOOD,
        facility=place or "",
        actor=ADAM,
    )
    go_live(desk, tenant_id, made.id, actor=ADAM, despite="a test")


def _link(connection, state):
    return Link(
        tenant_id=connection.tenant_id,
        connection_id=connection.id,
        hub_id=connection.hub_id,
        kind="order",
        foreign_id=f"number of {state}",
        state=state,
        decision_code="agree" if state == "settled" else "sku_unknown",
        due_at=None,
    )
