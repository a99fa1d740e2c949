"""Pages that replace a key: proven by a real call first, and never shown again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal.identity import accounts
from portal.models import Connection, Facility, Secret, UserSession, utc_now
from portal.sync import audit
from portal.sync.connecting import add_connection, add_hub, go_live
from portal.sync.engine.accounts import credentials
from tests.cli import served
from tests.cli.served import LEAFLINK_KEY, WEBHOOK_KEY
from tests.web import factory
from tests.web.conftest import Visitor

TYPED = "typed-by-somebody-0123456789"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with served.sandbox(tmp_path_factory.mktemp("sandbox")) as there:
        yield there


@pytest.fixture
def connected(desk, tenant, sandbox):
    """A company that is connected to both sides of the sandbox: its connection, with its hub."""
    url, key = sandbox
    hub = add_hub(
        desk,
        tenant.id,
        name="Main",
        base_url=f"{url}/flourish/external/api",
        credentials={"api_key": key},
        actor=audit.Actor("A"),
    )
    with desk.tenant(tenant.id) as session:
        facility = session.scalars(select(Facility.name)).first()
    made = add_connection(
        desk,
        tenant.id,
        hub_id=hub.id,
        platform_key="leaflink",
        name="LeafLink",
        credentials={"api_key": LEAFLINK_KEY, "webhook_key": WEBHOOK_KEY},
        facility=facility or "",
        actor=audit.Actor("Ann"),
        base_url=f"{url}/leaflink/api/v2/",
    )
    go_live(desk, tenant.id, made.id, actor=audit.Actor("Ann"), despite="a test")
    return made


@pytest.fixture
def page(tenant, connected):
    return f"/t/{tenant.slug}/connections/{connected.id}"


@pytest.fixture
def people(desk, tenant, app):
    """Sign somebody of this company in."""

    def enter(role):
        person = factory.user(desk.sessions, name="Dana Reyes")
        with desk.sessions.tenant(tenant.id) as session:
            accounts.add_member(session, tenant.id, person.id, role)
        visitor = Visitor(app)
        visitor.sign_in(person.email)
        return visitor

    return enter


@pytest.fixture
def dana(people):
    return people("admin")


def plain(desk, tenant, connected):
    with desk.tenant(tenant.id) as session:
        return credentials(desk, session, session.get_one(Connection, connected.id))


def test_a_key_that_works_is_sealed_and_the_company_named(desk, tenant, connected, page, dana):
    assert "Replace LeafLink key" in dana.get(page).text
    asked = dana.get(f"{page}/keys").text
    assert "…-key" in asked
    assert "by Ann" in asked

    answer = dana.post(f"{page}/keys", {"api_key": f"  {LEAFLINK_KEY} ", "webhook_key": TYPED})

    assert (answer.status_code, answer.location) == (303, page)
    shown = dana.get(page).text
    assert f"answered for {connected.company}" in shown
    assert "Dana Reyes" in shown
    assert TYPED not in shown
    assert plain(desk, tenant, connected) | {"webhook_token": ""} == {
        "api_key": LEAFLINK_KEY,
        "webhook_key": TYPED,
        "webhook_token": "",
    }


def test_a_key_that_does_not_work_is_not_saved_and_not_shown_again(desk, tenant, connected, page, dana):
    before = plain(desk, tenant, connected)
    dana.get(f"{page}/keys")

    answer = dana.post(f"{page}/keys", {"api_key": TYPED, "webhook_key": f"{TYPED}-too"})

    assert answer.status_code == 422
    assert "The key is refused" in answer.text
    assert TYPED not in answer.text
    assert plain(desk, tenant, connected) == before


def test_nothing_entered_and_too_much_entered_is_said_so(page, dana):
    dana.get(f"{page}/keys")
    assert "Enter what is to be replaced." in dana.post(f"{page}/keys", {"api_key": " "}).text
    answer = dana.post(f"{page}/keys", {"api_key": "x" * 5000, "tenant_id": "1", "set_by": "Eve"})
    assert (answer.status_code, "at most 4,096 characters" in answer.text) == (422, True)


def test_flourish_is_asked_for_its_own_key(desk, tenant, page, dana, sandbox):
    assert "User name of an older key" in dana.get(f"{page}/flourish-keys").text
    assert dana.post(f"{page}/flourish-keys", {"api_key": TYPED}).status_code == 422
    assert dana.post(f"{page}/flourish-keys", {"api_key": sandbox[1]}).status_code == 303
    with desk.tenant(tenant.id) as session:
        fields = session.scalars(select(Secret.field).where(Secret.set_by == "Dana Reyes")).all()
    assert set(fields) == {"api_key", "username"}


def test_a_connection_whose_key_was_refused_goes_on(desk, tenant, connected, page, dana):
    with desk.tenant(tenant.id) as session:
        session.get_one(Connection, connected.id).state = "needs_credentials"
    dana.get(f"{page}/keys")
    dana.post(f"{page}/keys", {"api_key": LEAFLINK_KEY})
    with desk.tenant(tenant.id) as session:
        assert session.get_one(Connection, connected.id).state == "live"


def test_keys_are_tried_so_often_only(page, dana):
    dana.get(f"{page}/keys")
    answers = [dana.post(f"{page}/keys", {"api_key": ""}).status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]


def test_who_did_not_prove_lately_who_they_are_is_asked_to(app, desk, page, dana):
    if "auth.confirm" not in app.view_functions:
        pytest.skip("the page that asks comes with signing in")
    with desk.sessions.identity() as session:
        session.execute(update(UserSession).values(proven_at=utc_now() - timedelta(minutes=6)))
    assert dana.get(f"{page}/keys").status_code == 302


@pytest.mark.parametrize("address", ["keys", "flourish-keys"])
def test_who_may_only_look_cannot_replace_a_key(page, people, address):
    viewer = people("viewer")
    assert "Replace LeafLink key" not in viewer.get(page).text
    assert viewer.get(f"{page}/{address}").status_code == 403
    assert viewer.post(f"{page}/{address}", {"api_key": TYPED}).status_code == 403
