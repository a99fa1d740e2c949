from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask

from portal import access
from portal.config import Settings
from portal.extensions import Sessions
from portal.models import Membership, User
from tests.web import crawl, factory
from tests.web.conftest import Visitor, built
from tests.web.crawl import Things
from tests.web.factory import Company

EXEMPT = ("webhooks",)


@pytest.fixture
def things(sessions: Sessions, company: Company) -> Things:
    return crawl.things(sessions, company)


def tenant_addresses(app: Flask, slug: str, things: Things, *, role: str = "") -> list[tuple[str, str]]:
    """Every route of a tenant as (method, address), with ids that exist in it; or only those of a role."""
    adapter = app.url_map.bind("localhost")
    found: list[tuple[str, str]] = []
    for rule in app.url_map.iter_rules():
        declared = access.declaration_of(app, rule.endpoint)
        theirs = declared and declared.permission in access.TENANT_PERMISSIONS.get(role, ())
        if "slug" in rule.arguments and (theirs or not role):
            values = {name: slug if name == "slug" else getattr(things, name) for name in rule.arguments}
            methods = set(rule.methods or ()) - {"HEAD", "OPTIONS"}
            found += [(method, adapter.build(rule.endpoint, values, method)) for method in methods]
    return found


def test_every_route_declares_what_it_needs(app):
    undeclared = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if access.declaration_of(app, rule.endpoint) is None
    ]
    assert undeclared == []


def test_every_permission_that_a_route_needs_is_given_to_some_role(app):
    given = frozenset().union(*access.TENANT_PERMISSIONS.values(), *access.STAFF_PERMISSIONS.values())
    needed = {
        declaration.permission
        for rule in app.url_map.iter_rules()
        if (declaration := access.declaration_of(app, rule.endpoint)) and declaration.permission
    }
    assert needed == given


def test_a_route_that_declares_nothing_is_closed(settings: Settings):
    with built(settings) as app:
        app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
        assert app.test_client().get("/forgotten").status_code == 404
        app.testing = True
        with pytest.raises(access.Undeclared):
            app.test_client().get("/forgotten")


def test_members_reach_every_page_of_their_tenant(app, company, admin, things):
    for method, address in tenant_addresses(app, company.slug, things):
        if method == "GET":
            assert admin.get(address, follow_redirects=True).status_code == 200, address


@pytest.mark.fault(74)
@pytest.mark.parametrize("role", ["owner", "admin", "viewer", "support", "operator"])
def test_a_foreign_tenant_does_not_exist_for_anybody(app, sessions, company, as_user, things, role):
    if role in ("support", "operator"):
        visitor = as_user(factory.user(sessions, staff_role=role))
    else:
        visitor = as_user(factory.member(sessions, factory.company(sessions), role))
    for method, address in tenant_addresses(app, company.slug, things):
        answer = visitor.get(address) if method == "GET" else visitor.post(address)
        assert answer.status_code == 404, (method, address)


@pytest.mark.fault(74)
def test_foreign_ids_under_the_own_tenant_do_not_exist(app, sessions, things, as_user):
    own = factory.company(sessions)
    visitor = as_user(factory.member(sessions, own, "owner"))
    for method, address in tenant_addresses(app, own.slug, things):
        # The names of a platform and of a channel are nobody's.
        foreign = {name: value for name, value in vars(things).items() if name not in ("platform", "channel")}
        if any(value in address for value in foreign.values()):
            answer = visitor.get(address) if method == "GET" else visitor.post(address)
            assert answer.status_code == 404, (method, address)


def test_viewers_look_and_do_nothing(app, company, viewer, things):
    theirs = tenant_addresses(app, company.slug, things, role="viewer")
    for method, address in tenant_addresses(app, company.slug, things):
        answer = viewer.get(address, follow_redirects=True) if method == "GET" else viewer.post(address)
        assert answer.status_code == (200 if (method, address) in theirs else 403), (method, address)
    assert {method for method, _ in theirs} == {"GET"}


def test_viewers_see_no_button_that_acts(company, viewer, things):
    pages = ("", f"orders/{things.link_id}", "problems", "connections", f"connections/{things.connection_id}")
    for address in pages:
        text = viewer.get(f"/t/{company.slug}/{address}").text
        assert "Look again" not in text
        assert "Retry" not in text
        assert "Pause writing" not in text
        assert "Test connection" not in text
        assert "Stop all writing" not in text


def test_signed_out_visitors_are_sent_to_sign_in_and_back(app, company, anybody, things):
    for method, address in tenant_addresses(app, company.slug, things):
        if method == "GET":
            answer = anybody.get(address)
            assert answer.status_code == 302
            assert (
                answer.location.startswith("/sign-in?next=%2Ft%2F") or "/sign-in?next=/t/" in answer.location
            )


def test_signed_out_fragments_are_redirected_as_a_whole(company, anybody):
    answer = anybody.get(f"/t/{company.slug}/orders", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/sign-in")


def test_a_form_without_a_token_is_refused_on_every_route(app, company, admin, things):
    for rule in app.url_map.iter_rules():
        if "POST" in rule.methods and rule.endpoint.partition(".")[0] not in EXEMPT:
            values = {
                name: company.slug if name == "slug" else getattr(things, name) for name in rule.arguments
            }
            address = app.url_map.bind("localhost").build(rule.endpoint, values, "POST")
            assert admin.client.post(address).status_code == 400, address


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
def test_a_form_from_another_site_is_refused_even_with_a_token(company, admin, things, headers):
    address = f"/t/{company.slug}/orders/{things.link_id}/look"
    assert admin.post(address, headers=headers).status_code == 400


def test_a_role_that_is_taken_away_is_gone_on_the_next_request(sessions, company, as_user):
    user: User = factory.member(sessions, company, "admin")
    visitor = as_user(user)
    assert visitor.get(f"/t/{company.slug}/").status_code == 200
    with sessions.tenant(company.id) as session:
        session.delete(session.get_one(Membership, (company.id, user.id)))
    assert visitor.get(f"/t/{company.slug}/").status_code == 404


def test_only_staff_see_the_support_area(sessions, admin, as_user: Callable[[User], Visitor]):
    assert admin.get("/support/").status_code == 404
    for role in ("support", "operator"):
        assert as_user(factory.user(sessions, staff_role=role)).get("/support/").status_code == 200


def test_nonsense_in_addresses_is_not_found(company, admin):
    for address in (
        f"orders/{uuid4()}",
        "orders/not-an-id",
        "runs/%00",
        f"connections/{uuid4()}/log",
        "nope",
    ):
        assert admin.get(f"/t/{company.slug}/{address}").status_code == 404
    assert admin.get("/t/no-such-tenant/").status_code == 404
