"""Pages on which a person says which customer it is who ordered in a shop: whom they show, and to whom."""

from __future__ import annotations

import re

import pytest
import requests
from sqlalchemy import select

from portal.models import Facility, Link
from portal.sync.audit import Actor
from portal.sync.connecting import add_connection, add_hub
from tests.cli import served
from tests.cli.served import LEAFLINK_KEY, WEBHOOK_KEY
from tests.web import factory, newcomers
from tests.web.acts import recorded
from tests.web.conftest import first

DEMO = Actor("Dana")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with served.sandbox(tmp_path_factory.mktemp("sandbox")) as there:
        yield there


@pytest.fixture
def customers(sandbox):
    found = requests.get(f"{sandbox[0]}/control/state?of=customers", timeout=30).json()
    return [one for one in found["flourish"]["customers"] if one["company"] == "greenleaf"]


@pytest.fixture
def shop(app, sessions, sandbox):
    """A company whose two sides answer."""
    url, key = sandbox
    tenant, desk = newcomers.bare(sessions), app.extensions["trellis"].desk
    hub = add_hub(
        desk,
        tenant.id,
        name="Flourish",
        base_url=f"{url}/flourish/external/api",
        credentials={"api_key": key},
        actor=DEMO,
    )
    connection = add_connection(
        desk,
        tenant.id,
        hub_id=hub.id,
        platform_key="leaflink",
        name="Shop",
        base_url=f"{url}/leaflink/api/v2/",
        credentials={"api_key": LEAFLINK_KEY, "webhook_key": WEBHOOK_KEY},
        actor=DEMO,
    )
    with sessions.tenant(tenant.id) as session:
        facility = session.scalars(select(Facility.id)).first()
    return factory.Company(tenant.id, tenant.slug, hub.id, facility, connection.id)


@pytest.fixture
def order(sessions, shop, customers):
    """An order that may be one of two customers', and its address."""

    def make(code="customer_several"):
        with sessions.tenant(shop.id) as session:
            row = factory.order(
                session, shop, label="41", state="stuck", flourish_id=None, decision_code=code
            )
            evidence = {"customers": [one["id"] for one in customers[:2]]}
            factory.problem(session, row, code=code, cause="", title="Who is it?", evidence=evidence)
            return f"/t/{shop.slug}/orders/{row.id}"

    return make


@pytest.fixture
def owner(sessions, shop, as_user):
    return as_user(factory.member(sessions, shop, "owner"))


def choices(sessions, shop):
    with sessions.tenant(shop.id) as session:
        return session.scalars(select(Link.choices)).one()


def words(text):
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


@pytest.mark.promise("AQ-7")
def test_the_page_of_the_order_leads_to_who_it_may_be_shown_in_part(owner, order, customers):
    page = order()
    text = owner.get(page).text
    for offered in ("Which customer is it?", "See who it may be", "Make a new customer"):
        assert offered in text
    assert "See who it may be" in owner.get(f"{page}/customer").text

    answer = owner.post(f"{page}/customer/look")

    assert answer.status_code == 200
    for one in customers[:2]:
        assert f"It is this customer: {one['id']}" in answer.text
        shown = words(answer.text)
        assert f"{one['first_name']} {one['last_name']}" in shown
        assert f" {one['dob'][:4]} …{one['phone'][-4:]} " in shown
        for hidden in (one["dob"], one["phone"], one["email"], one["patient_id"] or one["dob"]):
            assert hidden not in answer.text


@pytest.mark.promise("AQ-7")
def test_a_button_says_who_it_is(sessions, shop, owner, order, customers):
    page = order()
    owner.get(page)

    answer = owner.post(f"{page}/customer", {"customer": customers[1]["id"]})

    assert answer.status_code == 303
    assert "Noted. Trellis goes on with this order now." in owner.get(page).text
    assert choices(sessions, shop) == {"customer": customers[1]["id"]}
    assert f"It is customer {customers[1]['id']} of Flourish" in words(owner.get(page).text)
    (act,) = recorded(sessions, shop.id, "order.customer_chosen")
    assert act.detail == {"customer": customers[1]["id"]}


def test_another_button_says_that_it_is_somebody_new(sessions, shop, owner, order):
    page = order("customer_phone_of_another")
    owner.get(page)

    owner.post(f"{page}/customer", {"customer": "new"})

    assert choices(sessions, shop) == {"customer": "new"}
    assert "It is somebody new" in words(owner.get(f"{page}/customer").text)


@pytest.mark.parametrize(
    ("typed", "said"), [(" ", "Enter the id"), ("99999999", "Flourish has no customer 99999999.")]
)
def test_who_cannot_be_it_is_refused_with_the_reason(sessions, shop, owner, order, typed, said):
    page = order()
    owner.get(page)

    answer = owner.post(f"{page}/customer", {"customer": typed})

    assert (answer.status_code, said in answer.text) == (422, True)
    assert choices(sessions, shop) == {}


def test_where_nobody_can_be_made_that_is_not_offered(owner, order):
    text = owner.get(order("customer_no_email")).text

    assert "Id of a customer in Flourish" in text
    assert "Make a new customer" not in text


@pytest.mark.parametrize("code", ["customer_banned", "customer_too_young", "sku_unknown"])
def test_what_no_choice_may_help_offers_none(owner, order, code):
    page = order(code)

    assert "Which customer is it?" not in owner.get(page).text
    assert owner.get(f"{page}/customer").location.endswith(page)
    assert owner.post(f"{page}/customer/look").status_code == 404
    assert owner.post(f"{page}/customer", {"customer": "new"}).status_code == 404


def test_a_viewer_is_shown_nobody_and_decides_nothing(sessions, shop, as_user, order):
    viewer, page = as_user(factory.member(sessions, shop, "viewer")), order()

    assert "Which customer is it?" not in viewer.get(page).text
    assert viewer.get(f"{page}/customer").status_code == 403
    assert viewer.post(f"{page}/customer/look").status_code == 403
    assert viewer.post(f"{page}/customer", {"customer": "new"}).status_code == 403


def test_the_page_of_the_problem_leads_to_the_choice(owner, shop, order):
    page = order()
    listed = owner.get(f"/t/{shop.slug}/problems").text
    problem = first(rf"(/t/{shop.slug}/problems/[0-9a-f-]{{36}})", listed)

    assert f"{page}#customer-title" in owner.get(problem).text


def test_who_cannot_be_asked_is_said(owner, order, sandbox):
    page = order()
    fault = {"fault": "500", "platform": "flourish"}
    made = requests.post(f"{sandbox[0]}/control/faults", json=fault, timeout=30)
    assert made.status_code == 201, made.text
    try:
        answer = owner.post(f"{page}/customer/look")
    finally:
        requests.delete(f"{sandbox[0]}/control/faults", timeout=30)

    assert answer.status_code == 502
    assert "They could not be read" in answer.text
