"""The way from nothing to a connected account, in the browser: what is asked, what is said, what is kept."""

from __future__ import annotations

import html
import re

import pytest
import requests
from sqlalchemy import select, text

from portal.models import AuditEvent, Connection, Facility, Hub, Secret, Stream
from portal.sync.audit import Actor
from portal.sync.connecting import go_live
from tests.cli import served
from tests.cli.served import AIQ_KEY, LEAFLINK_KEY, ORDO_KEY, WEBHOOK_KEY
from tests.web import factory, newcomers
from tests.web.conftest import first

# Never to come back in a page, whatever became of it.
TYPED = "typed-by-somebody-0123456789"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with served.sandbox(tmp_path_factory.mktemp("sandbox")) as there:
        yield there


@pytest.fixture(autouse=True)
def nobody_else(engine):
    """The one company of the sandbox is free again."""
    with engine.begin() as database:
        database.execute(text("UPDATE connection SET state = 'disconnected'"))


@pytest.fixture
def nothing(sessions):
    """A company that has nothing yet."""
    return newcomers.bare(sessions)


@pytest.fixture
def owner(sessions, nothing, as_user):
    return as_user(factory.member(sessions, nothing, "owner"))


@pytest.fixture
def new(nothing):
    return f"/t/{nothing.slug}/connections/new"


@pytest.fixture
def flourish(sandbox):
    return {"name": "Flourish", "api_key": sandbox[1], "base_url": f"{sandbox[0]}/flourish/external/api"}


@pytest.fixture
def leaflink(sandbox):
    return {
        "name": "LeafLink",
        "api_key": LEAFLINK_KEY,
        "webhook_key": WEBHOOK_KEY,
        "key_owner": "Dana",
        "base_url": f"{sandbox[0]}/leaflink/api/v2/",
    }


@pytest.fixture
def connect_flourish(owner, new, flourish):
    def connect(**more):
        owner.get(f"{new}/flourish")
        return owner.post(f"{new}/flourish", {**flourish, **more})

    return connect


@pytest.fixture
def connect(owner, new, leaflink, connect_flourish):
    """Connect LeafLink, and Flourish before it."""
    assert connect_flourish().status_code == 200

    def connect(**more):
        page = owner.get(f"{new}/leaflink").text
        return owner.post(f"{new}/leaflink", {"hub": hub_in(page), **leaflink, **more})

    return connect


@pytest.mark.promise("OR-11")
def test_a_platform_without_webhooks_asks_for_no_address_and_says_what_is_assumed(
    owner, nothing, new, sessions, sandbox, connect_flourish
):
    assert connect_flourish().status_code == 200
    form = owner.get(f"{new}/ordo")
    typed = {"name": "Ordo", "api_key": ORDO_KEY, "base_url": f"{sandbox[0]}/ordo/v1/"}

    answered = owner.post(f"{new}/ordo", {"hub": hub_in(form.text), **typed})

    text = words(answered)
    assert "Ordo answered" in text
    assert "There is nothing to enter in Ordo: it sends no webhooks." in text
    assert "/webhooks/" not in answered.text
    assert "Webhook" not in re.findall(r"<li[^>]*>(\w+)</li>", answered.text)
    (row,) = rows(sessions, nothing, Connection)
    assert (row.platform, row.state, row.company_name) == ("ordo", "draft", "Greenleaf Farms")
    shown = words(owner.get(f"/t/{nothing.slug}/connections/{row.id}"))
    for said in (form, shown):
        assert "Assumed Ordo publishes no API" in (said if isinstance(said, str) else words(said))
    assert "Ordo sends none: its changes come with the lists below." in shown


def hub_in(page):
    return first(r'name="hub"\s+value="([^"]+)"', page)


def rows(sessions, company, table):
    with sessions.tenant(company.id) as session:
        return session.scalars(select(table)).all()


def words(answer):
    """What is read on a page, without its tags."""
    main = answer.text.partition("<main")[2]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main)))


def fields_to_copy(text):
    """What stands in the fields to copy, by their ids."""
    found = re.findall(r'<input id="([\w-]+)"[^>]*?readonly[^>]*?value="([^"]*)"', text)
    return {name: html.unescape(value) for name, value in found}


def beside(answer, field):
    """What stands beside a field as its error."""
    return html.unescape(first(rf'id="{field}-error"[^>]*>\s*(.*?)\s*</p>', answer.text))


@pytest.mark.promise("ON-1")
def test_from_nothing_to_live(desk, owner, nothing, new, sessions, connect):
    answered = connect()

    text = words(answered)
    assert "LeafLink answered" in text
    assert "Greenleaf Farms" in text
    assert "Sandbox" in text
    assert "All there" in text
    address = first(r"(http[^\s<]+/webhooks/leaflink/[\w-]{32})", answered.text)
    (row,) = rows(sessions, nothing, Connection)
    assert (row.state, row.name, row.key_owner) == ("draft", "LeafLink", "Dana")
    page = f"/t/{nothing.slug}/connections/{row.id}"
    shown = owner.get(page)
    assert "Choose the facility" in words(shown)
    assert address not in shown.text

    place = rows(sessions, nothing, Facility)[0]
    assert place.name in owner.get(f"{page}/facility").text
    assert owner.post(f"{page}/facility", {"facility": str(place.id)}).status_code == 303
    shown = words(owner.get(page))
    assert "Both sides answered: it is ready." in shown
    assert "No delivery of LeafLink has come yet" in shown

    assert "Orders that are placed in LeafLink from now on" in words(owner.get(f"{page}/go-live"))
    early = owner.post(f"{page}/go-live")
    assert (early.status_code, "The checks were not run yet" in words(early)) == (422, True)
    go_live(desk, nothing.id, row.id, actor=Actor("Dana"), despite="a test")
    assert rows(sessions, nothing, Connection)[0].state == "live"
    with sessions.tenant(nothing.id) as session:
        acts = session.scalars(select(AuditEvent.action).order_by(AuditEvent.seq)).all()
    assert [act for act in acts if act.startswith(("hub.", "connection."))] == [
        "hub.added",
        "connection.added",
        "connection.facility_chosen",
        "connection.tested",
        "connection.went_live",
    ]


def test_the_answer_of_flourish_names_its_facilities_and_what_to_enter_there(connect_flourish):
    answered = connect_flourish()
    text = words(answered)
    assert "Flourish answered" in text
    assert "Flourish company of" in text
    assert "Events to send" in text
    assert re.search(r"/webhooks/flourish/[\w-]{32}", answered.text)
    fields = fields_to_copy(answered.text)
    assert re.fullmatch("[0-9a-f]{64}", fields["signing-key"])
    assert (fields["header-1-key"], fields["header-2-key"]) == ("Trellis-Sender-1", "Trellis-Sender-2")
    assert len({fields["header-1-value"], fields["header-2-value"], fields["signing-key"]}) == 3


def test_a_signing_key_that_was_entered_is_not_shown_again(connect_flourish):
    answered = connect_flourish(webhook_key=TYPED)
    assert "the one that you entered here" in words(answered)
    assert TYPED not in answered.text


def test_without_flourish_nothing_else_is_offered(owner, new, nothing):
    text = words(owner.get(new))
    assert "Flourish comes first" in text
    assert "Connect LeafLink" not in text
    assert owner.get(f"{new}/leaflink").location == new
    assert owner.get(f"{new}/salesforce").status_code == 404
    assert "Connect Flourish" in words(owner.get(f"/t/{nothing.slug}/connections"))


REFUSED = (
    # What is changed, beside which field it is said, what is said.
    ({"api_key": TYPED}, "api_key", "The key is refused: LeafLink does not accept the key (401)"),
    (
        {"api_key": TYPED},
        "api_key",
        "revoked, and that it is a key of LeafLink's sandbox",
    ),
    ({"api_key": ""}, "api_key", "The API key is missing."),
    ({"api_key": "two words of a key"}, "api_key", "holds characters that no key has"),
    ({"api_key": "x" * 5000}, "api_key", "at most 4,096 characters"),
    ({"webhook_key": " "}, "webhook_key", "Company webhook key is missing."),
    ({"name": " "}, "name", "Give it a name."),
    ({"name": "n" * 81}, "name", "at most 80 characters"),
    ({"hub": "3f0e6c1c-0000-4000-8000-000000000000"}, "hub", "Choose one of the Flourish accounts"),
    ({"base_url": "https://evil.example/api/v2/"}, "base_url", "The host must be one of"),
    ({"base_url": "http://169.254.169.254/latest"}, "base_url", "must begin with https"),
    ({"base_url": "http://127.0.0.1:1/api/v2/"}, "", "That says nothing about the key: try again"),
)


@pytest.mark.promise("ON-1")
@pytest.mark.parametrize(("changed", "field", "says"), REFUSED)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_kept(
    connect, sessions, nothing, changed, field, says
):
    answer = connect(**{"name": "Our LeafLink", "webhook_key": f"{TYPED}-too", **changed})

    assert answer.status_code == 422
    assert says in (beside(answer, field) if field else words(answer))
    assert TYPED not in answer.text
    assert rows(sessions, nothing, Connection) == []
    if "name" not in changed:
        assert 'value="Our LeafLink"' in answer.text
    assert 'value="Dana"' in answer.text


REFUSED_BY_FLOURISH = (
    ({"api_key": TYPED}, "api_key", "a key of Flourish's sandbox"),
    ({"username": "dana@example.com"}, "username", "The user name of a key is no e-mail address."),
    ({"username": "somebody"}, "api_key", "The key is refused"),
    ({"api_key": "a b"}, "api_key", "hold characters"),
)


@pytest.mark.parametrize(("changed", "field", "says"), REFUSED_BY_FLOURISH)
def test_flourish_refuses_in_words_too(connect_flourish, sessions, nothing, changed, field, says):
    answer = connect_flourish(**changed)

    assert answer.status_code == 422
    assert says in beside(answer, field)
    assert TYPED not in answer.text
    assert rows(sessions, nothing, Hub) == rows(sessions, nothing, Secret) == []


def test_spaces_that_were_copied_along_do_no_harm(connect, sessions, nothing):
    assert connect(api_key=f"\t{LEAFLINK_KEY} \n", name="  Leaf \x00 Link ").status_code == 200
    assert rows(sessions, nothing, Connection)[0].name == "Leaf Link"


def test_a_name_and_a_company_are_connected_once(connect, connect_flourish, owner, new):
    assert connect(name="LeafLink").status_code == 200
    assert 'value="LeafLink 2"' in owner.get(f"{new}/leaflink").text
    again = connect(name="Another")
    assert "This company is connected already, as LeafLink." in beside(again, "api_key")
    other = connect(name="LeafLink", api_key="ll-sunrise-key")
    assert "There is one called LeafLink already" in beside(other, "name")
    assert "There is one called Flourish already" in beside(connect_flourish(), "name")


def test_of_a_company_that_is_live_elsewhere_nothing_more_is_told(connect, sessions, sandbox, nothing):
    other = factory.company(sessions, name="Quagga Farms")
    with sessions.tenant(other.id) as session:
        row = session.get_one(Connection, other.connection_id)
        row.base_url, row.company_ref = f"{sandbox[0]}/leaflink/api/v2/", "3721"

    answer = connect()

    assert "live in another connection, which is not one of yours" in beside(answer, "api_key")
    assert "Quagga" not in answer.text
    assert rows(sessions, nothing, Connection) == []


def test_a_key_that_lacks_a_permission_is_kept_and_what_it_lacks_is_named(connect, sandbox):
    asked = {"company": "greenleaf", "permissions": {"products": "read", "customers": "none"}}
    requests.post(f"{sandbox[0]}/control/leaflink/keys/lesser", json=asked, timeout=10).raise_for_status()

    text = words(connect(api_key="lesser"))

    assert "Missing Customers: Read" in text
    assert "Missing Products: Read & Write" in text
    assert "All there" not in text


def test_a_revoked_key_is_told_from_nothing_else(connect, sandbox):
    asked = {"company": "greenleaf", "active": False}
    requests.post(f"{sandbox[0]}/control/leaflink/keys/gone", json=asked, timeout=10).raise_for_status()
    assert "has not expired or been revoked" in beside(connect(api_key="gone"), "api_key")


def test_who_tries_too_often_or_may_not_is_sent_away(app, owner, new, sessions, nothing, as_user):
    owner.get(f"{new}/flourish")
    answers = [owner.post(f"{new}/flourish", {"api_key": ""}).status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]
    viewer = as_user(factory.member(sessions, nothing, "viewer"))
    for address in (new, f"{new}/flourish", f"{new}/leaflink"):
        assert viewer.get(address).status_code == 403
    page = words(viewer.get(f"/t/{nothing.slug}/connections"))
    assert "Flourish is not connected" in page
    assert "Connect Flourish" not in page


def test_a_platform_that_asks_to_wait_says_nothing_about_the_key(connect, sandbox, sessions, nothing):
    fault = {"fault": "429", "platform": "leaflink", "argument": 7, "times": 1}
    requests.post(f"{sandbox[0]}/control/faults", json=fault, timeout=10).raise_for_status()

    answer = connect()

    assert "LeafLink asked to call less often. Wait 7 seconds, then send this again." in words(answer)
    assert rows(sessions, nothing, Connection) == []


def test_nothing_is_polled_or_written_before_it_is_live(connect, sessions, nothing):
    connect()
    assert [stream.last_ok_at for stream in rows(sessions, nothing, Stream)] == [None, None]


@pytest.mark.promise("AQ-1")
def test_of_an_aiq_store_the_id_is_told_and_nothing_but_the_address_of_its_webhook_is_secret(
    owner, new, sandbox, connect_flourish
):
    connect_flourish()
    asked = {
        "name": "AIQ",
        "api_key": AIQ_KEY,
        "base_url": f"{sandbox[0]}/aiq/2023-03/",
        "hub": first(r'name="hub"\s+value="([^"]+)"', owner.get(f"{new}/aiq").text),
    }
    refused = owner.post(f"{new}/aiq", {**asked, "venue": ""})
    beside = html.unescape(first(r'id="venue-error">([^<]+)<', refused.text))

    assert refused.status_code == 422
    store = first(r"Greenleaf Oakland \((\w+)\)", beside)
    connected = owner.post(f"{new}/aiq", {**asked, "venue": store})

    assert "Greenleaf Oakland" in connected.text
    assert "this address is the only secret" in connected.text
    assert "/webhooks/aiq/" in connected.text
