"""A check that breaks denies: whatever is wrong with it, nothing is served (OWASP A10:2025)."""

from dataclasses import dataclass

import pytest
from flask_wtf import csrf

from portal import access, web
from portal.blueprints import webhooks
from portal.identity import accounts, people, random_tokens, throttle
from portal.identity import sessions as of_people
from portal.models import Connection
from portal.queries import tenancy
from tests.sync.engine.shop import open_shop
from tests.web import endpoints, factory


class Broken(Exception):
    """What a check that broke raises; nothing handles it."""


def broken(*_args, **_more):
    raise Broken


@pytest.fixture
def served(app, monkeypatch):
    """The application as it serves: a bug becomes a page, not the test's failure."""
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    return app


@dataclass(frozen=True)
class Check:
    """A check that pages go through, and who would be served if it worked."""

    where: object
    name: str
    who: str = "admin"


CHECKS = (
    Check(access, "declaration_of"),
    Check(access, "current_person"),
    Check(access, "resolve"),
    Check(access, "_require_member"),
    Check(access, "needs_second_factor"),
    Check(access, "_ask_for_more"),
    Check(access.Here, "may"),
    Check(access, "enter"),
    Check(tenancy, "of_person"),
    Check(tenancy, "granted", who="support"),
    Check(people, "_load"),
    Check(of_people, "find"),
    Check(random_tokens, "digest"),
    Check(access, "_require_staff", who="staff"),
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_page_is_not_served_when_a_check_breaks(
    served, sessions, company, admin, as_user, monkeypatch, check
):
    address = "/support/" if check.who == "staff" else f"/t/{company.slug}/orders"
    if check.who == "admin":
        visitor = admin
        assert visitor.get(address).status_code == 200
    else:
        visitor = as_user(factory.user(sessions, staff_role="support"))
    monkeypatch.setattr(check.where, check.name, broken)
    for headers in ({}, {"HX-Request": "true"}):
        answer = visitor.client.get(address, headers=headers)
        assert answer.status_code in (401, 404, 500)
        assert "Orders" not in answer.text
        assert company.slug not in answer.text


def state_of(session, company):
    with session.tenant(company.id) as opened:
        return opened.get_one(Connection, company.connection_id).state


@pytest.mark.parametrize(
    ("where", "name"),
    [
        (csrf, "validate_csrf"),
        (web, "_check_origin"),
        (access.Here, "may"),
        (access, "_ask_for_more"),
        (throttle.Throttle, "allow"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nothing_is_done_when_a_check_of_a_form_breaks(
    served, sessions, company, admin, monkeypatch, where, name
):
    admin.get(f"/t/{company.slug}/connections/{company.connection_id}")
    monkeypatch.setattr(where, name, broken)
    act = "test" if name == "allow" else "pause"
    answer = admin.post(f"/t/{company.slug}/connections/{company.connection_id}/{act}")
    assert answer.status_code == 500
    assert state_of(sessions, company) == "live"


@pytest.mark.parametrize(
    ("where", "name"),
    [(accounts, "verify"), (throttle.Throttle, "sign_in"), (of_people, "begin"), (csrf, "validate_csrf")],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nobody_is_signed_in_when_a_check_of_signing_in_breaks(
    served, sessions, company, anybody, monkeypatch, where, name
):
    user = factory.member(sessions, company, "admin")
    anybody.get("/sign-in")
    monkeypatch.setattr(where, name, broken)
    answer = anybody.post("/sign-in", {"email": user.email, "password": factory.PASSWORD})
    assert answer.status_code == 500
    monkeypatch.undo()
    assert anybody.get(f"/t/{company.slug}/").status_code == 302


@pytest.mark.parametrize("name", ["examine", "_inbox", "floodgate"])
def test_no_webhook_is_kept_when_its_check_breaks(served, desk, tenant_id, monkeypatch, name):
    endpoint = endpoints.open_endpoint(open_shop(desk, tenant_id))
    body = endpoints.order_webhook()
    monkeypatch.setattr(webhooks, name, broken)
    answer = served.test_client().post(endpoint.path, data=body, headers=endpoint.signed(body))
    assert answer.status_code == 500
    assert endpoint.deliveries() == []


def test_the_page_of_a_bug_says_nothing_of_the_inside(served, company, admin, monkeypatch):
    def telling(*_):
        raise Broken("SELECT password_hash FROM app_user; Flask 3.1; /srv/portal/access.py")

    monkeypatch.setattr(access, "resolve", telling)
    answer = admin.get(f"/t/{company.slug}/")
    assert answer.status_code == 500
    told = answer.text + str(answer.headers)
    for inside in (
        "SELECT",
        "password_hash",
        "Flask",
        "Werkzeug",
        "Python/",
        "access.py",
        "Traceback",
        "Broken",
    ):
        assert inside not in told
    assert answer.headers["X-Request-ID"] in answer.text


def test_debugging_is_off(app):
    assert app.debug is False
    assert "werkzeug.debug" not in repr(app.wsgi_app)
