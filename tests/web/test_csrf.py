"""Forms: without their token, from elsewhere, or with more in them than was asked for."""

import re
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Engine, text

from portal.models import Base
from portal.sync import connecting
from tests.web import crawl, factory
from tests.web.conftest import Visitor
from tests.web.crawl import token_of

# What anybody does by looking: it is no change of anything.
_LOOKING = {"user_session"}
# What is gone after these was to go: an own session, a member, an invitation.
TAKE_AWAY = ("auth.sign_out", "people.remove", "people.resend", "people.revoke", "tokens.revoke")
GREEDY = {
    "role": "owner",
    "tenant_id": "00000000-0000-4000-8000-000000000001",
    "id": "00000000-0000-4000-8000-000000000002",
    "user_id": "00000000-0000-4000-8000-000000000003",
    "is_staff": "1",
    "staff_role": "operator",
    "may_act": "1",
    "second_factor": "1",
    "slug": "stolen",
}
NEXT = (
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "https://evil.example",
    "https:evil.example",
    "HTTPS://evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "%2f%2fevil.example",
    "/%2fevil.example",
    "/%5cevil.example",
    "/%252fevil.example",
    "/\tevil.example",
    "/\t/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\n/evil.example",
    "/%09/evil.example",
    "/%0d%0aLocation:%20https://evil.example",
    "//localhost@evil.example/",
    "/.evil.example\\..//",
    "evil.example",
)


def unsafe(app):
    """Every route that changes something, with one of its methods that do."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] not in crawl.MACHINES:
            for method in crawl.methods(rule):
                if method != "GET":
                    yield rule, method


@pytest.fixture
def things(sessions, company):
    return crawl.things(sessions, company)


@pytest.fixture(autouse=True)
def nobody_is_called(monkeypatch):
    """Every button is pressed here: the one that calls LeafLink and Flourish calls nobody."""
    monkeypatch.setattr(connecting, "test", lambda *_, **__: ())


@pytest.fixture
def owner(sessions, company, as_user):
    return as_user(factory.member(sessions, company, "owner"))


@pytest.fixture
def operator(sessions, as_user):
    return as_user(factory.user(sessions, staff_role="operator"))


def rows(engine: Engine, *columns: str) -> dict[str, str]:
    """A digest of every table; or of some columns, of the tables that have one of them."""
    found = {}
    with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            chosen = [name for name in columns if name in table.c]
            if table.name in _LOOKING or (columns and not chosen):
                continue
            what = f"ROW({', '.join(chosen)})::text" if columns else "t::text"
            query = f"SELECT coalesce(md5(string_agg({what}, '|' ORDER BY {what})), '') FROM {table.name} t"
            found[table.name] = connection.execute(text(query)).scalar_one()
    return found


FOREIGN = {
    "no token": ("", {}),
    "a wrong token": ("IjEi.x.y", {}),
    "another site": (None, {"Origin": "https://evil.example"}),
    "another port of this host": (None, {"Origin": "http://localhost:81"}),
    "no site": (None, {"Origin": "null"}),
    "a cross-site form": (None, {"Sec-Fetch-Site": "cross-site"}),
    "a sister's form": (None, {"Sec-Fetch-Site": "same-site"}),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_a_form_that_is_not_ours_changes_nothing(app, engine, company, things, owner, operator, what):
    wrong, headers = FOREIGN[what]
    before = rows(engine)
    for visitor in (owner, operator):
        token = token_of(visitor) if wrong is None else wrong
        for rule, method in unsafe(app):
            address = crawl.build(app, rule, company.slug, things)
            data = {"csrf_token": token} if token else {}
            answer = visitor.client.open(address, method=method, data=data, headers=headers)
            assert answer.status_code == 400, (what, method, address)
    assert rows(engine) == before


@pytest.mark.parametrize("header", ["X-CSRF-Token", "X-XSRF-Token"])
def test_a_token_in_a_header_that_we_do_not_send_is_none(company, things, owner, header):
    address = f"/t/{company.slug}/orders/{things.link_id}/look"
    assert owner.client.post(address, headers={header: token_of(owner)}).status_code == 400
    assert owner.client.post(address, headers={"X-CSRFToken": token_of(owner)}).status_code == 303


def test_a_token_of_another_session_is_none(company, things, owner, operator):
    address = f"/t/{company.slug}/orders/{things.link_id}/look"
    assert owner.client.post(address, data={"csrf_token": token_of(operator)}).status_code == 400


def test_only_what_machines_call_is_exempt_and_as_a_blueprint(app):
    csrf = app.extensions["csrf"]
    assert csrf._exempt_views == set()
    assert csrf._exempt_blueprints == {app.blueprints[name] for name in crawl.MACHINES}


def test_what_a_form_holds_beside_its_fields_is_ignored(app, engine, sessions, company, things, as_user):
    """Posted by an admin and by staff, who may give nobody any of it."""
    elsewhere = factory.company(sessions)
    greedy = {**GREEDY, "tenant_id": str(elsewhere.id)}
    privileges = ("tenant_id", "role", "staff_role", "may_act", "slug")
    visitors = [
        as_user(factory.member(sessions, company, "admin")),
        as_user(factory.user(sessions, staff_role="support")),
    ]
    owned = ("app_user", "membership", "tenant", "connection", "hub", "invitation", "support_grant")
    before = {name: digest for name, digest in rows(engine, *privileges).items() if name in owned}
    for visitor in visitors:
        for rule, method in unsafe(app):
            if rule.endpoint in TAKE_AWAY:
                continue
            address = crawl.build(app, rule, company.slug, things)
            data = {"csrf_token": token_of(visitor), **greedy}
            answer = visitor.client.open(address, method=method, data=data)
            assert answer.status_code in (200, 302, 303, 403, 404, 409, 410, 422, 429), address
        after = {name: digest for name, digest in rows(engine, *privileges).items() if name in owned}
        assert after == before


@pytest.mark.parametrize("who", ["owner", "nobody"])
def test_next_leads_nowhere_else(app, company, things, owner, anybody, who):
    visitor = owner if who == "owner" else anybody
    anybody.get("/sign-in")
    for rule in crawl.rules(app):
        if "next" not in crawl.source(app, rule) or rule.arguments:
            continue
        address = crawl.build(app, rule, company.slug, things)
        for foreign in NEXT:
            for method in crawl.methods(rule):
                if rule.endpoint in TAKE_AWAY:
                    continue
                asked = {"query_string": {"next": foreign}, "headers": {"Referer": "http://evil.example/"}}
                if method != "GET":
                    asked["data"] = {"csrf_token": token_of(visitor), "next": foreign}
                answer = visitor.client.open(address, method=method, **asked)
                location = urlsplit(answer.headers.get("Location", "/"))
                assert not location.netloc, (address, foreign)
                assert not location.scheme
                assert "evil" not in location.path
                assert not re.search(r'(href|action)="(\s*[a-z]+:|\s*//|/?\\)[^"]*evil', answer.text)


def test_signing_in_leads_nowhere_else(sessions, company, app):
    user = factory.member(sessions, company, "viewer")
    for foreign in ("//evil.example", "/\\evil.example", "/\t/evil.example"):
        visitor = Visitor(app)
        visitor.get("/sign-in", query_string={"next": foreign})
        data = {"email": user.email, "password": factory.PASSWORD, "next": foreign}
        assert visitor.post("/sign-in", data).location == "/"
