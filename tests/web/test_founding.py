"""Making a company in the browser: what is entered, what is refused, how its owner comes in (ON-10)."""

from __future__ import annotations

import html

import pytest
from sqlalchemy import select

from portal.models import INSTALLATION_CHAIN, AuditEvent, Mail, Tenant
from portal.sync import mail
from tests.web import factory
from tests.web.conftest import Visitor, first

PAGE = "/support/companies/new"
GOOD = {
    "name": "Harvest Moon, Inc.",
    "slug": "harvest-moon",
    "timezone": "America/Denver",
    "owner": "Olive@Example.com",
}


@pytest.fixture
def operator(sessions, as_user):
    return as_user(factory.user(sessions, name="Opal Operator", staff_role="operator"))


def beside(answer, field):
    return html.unescape(first(rf'id="{field}-error"[^>]*>(.*?)</p>', answer.text))


def made(sessions, slug):
    with sessions.system() as session:
        return session.scalar(select(Tenant).where(Tenant.slug == slug))


def letter(sessions, app, tenant):
    with sessions.system() as session:
        (row,) = session.scalars(select(Mail).where(Mail.tenant_id == tenant.id)).all()
    return mail.opened(app.extensions["trellis"].settings.master_keys, row)


@pytest.mark.promise("ON-10")
def test_a_company_is_made_and_its_first_owner_comes_in_by_mail(app, sessions, operator):
    assert "Make a company" in operator.get("/support/").text
    operator.get(PAGE)

    assert operator.post(PAGE, GOOD).location == "/support/"

    tenant = made(sessions, "harvest-moon")
    assert (tenant.name, tenant.timezone) == ("Harvest Moon, Inc.", "America/Denver")
    assert "Olive@Example.com is invited" in operator.get("/support/").text
    with sessions.system() as session:
        acts = session.scalars(select(AuditEvent).where(AuditEvent.chain == INSTALLATION_CHAIN)).all()
    added = next(act for act in acts if act.action == "company.added")
    assert (added.actor, added.detail["slug"]) == ("Opal Operator", "harvest-moon")
    sent = letter(sessions, app, tenant)
    assert (sent.to, "as owner" in sent.text) == ("olive@example.com", True)

    olive = Visitor(app)
    olive.get(first(r"http://[^/]+(/invitations/\S+)", sent.text))
    olive.get("/invitation")
    answer = olive.post("/invitation", {"name": "Olive Owner", "password": "a quiet moon over hills"})
    assert answer.location == "/t/harvest-moon/"
    dashboard = olive.get("/t/harvest-moon/", follow_redirects=True).text
    assert "Connect Flourish first" in dashboard


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        ({"name": ""}, "name", "Enter the company's name."),
        ({"slug": "No Slug!"}, "slug", "is no slug: 3 to 40 lower-case letters"),
        ({"slug": "x"}, "slug", "is no slug"),
        ({"timezone": "Mars/Olympus"}, "timezone", "There is no time zone 'Mars/Olympus'"),
        ({"timezone": "../../etc/passwd"}, "timezone", "There is no time zone"),
        ({"timezone": ""}, "timezone", "Enter a time zone."),
        ({"owner": "nobody"}, "owner", "nobody"),
        ({"owner": ""}, "owner", "Enter the address of the first owner."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_made(sessions, operator, changed, field, says):
    operator.get(PAGE)
    answer = operator.post(PAGE, {**GOOD, "slug": "never-made", **changed})
    assert answer.status_code == 422
    assert says in beside(answer, field)
    assert made(sessions, "never-made") is None


def test_a_slug_is_proposed_that_nobody_has_or_had(sessions, operator):
    operator.get(PAGE)
    wish = {**GOOD, "name": "Café Löwe & Söhne", "slug": "", "owner": "a@example.com"}
    proposed = operator.post(PAGE, wish)
    assert (proposed.status_code, 'value="cafe-lowe-sohne"' in proposed.text) == (422, True)
    assert operator.post(PAGE, {**wish, "slug": "cafe-lowe-sohne"}).status_code == 303
    again = {**wish, "owner": "b@example.com"}
    assert 'value="cafe-lowe-sohne-2"' in operator.post(PAGE, again).text
    taken = operator.post(PAGE, {**again, "slug": "cafe-lowe-sohne"})
    assert "is taken, now or by an earlier tenant" in beside(taken, "slug")
    assert "Choose one" in beside(operator.post(PAGE, {**wish, "name": "北京"}), "slug")


def test_only_operators_make_companies(sessions, as_user, admin):
    support = as_user(factory.user(sessions, staff_role="support"))
    assert "Make a company" not in support.get("/support/").text
    for somebody in (support, admin):
        assert somebody.get(PAGE).status_code == 404
        assert somebody.post(PAGE, GOOD).status_code in (400, 404)
