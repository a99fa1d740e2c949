"""A person says which customer of Flourish somebody is who ordered in a shop (AQ-7)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import requests
from sqlalchemy import select

from portal.models import AuditEvent, Connection, Facility, Link, Problem, TimelineEvent, new_id
from portal.sync import customer_choice
from portal.sync.audit import Actor
from portal.sync.connecting import add_connection, add_hub
from portal.sync.customer_choice import CannotChoose, Glimpse, glimpse
from portal.sync.retail import Person
from tests.cli import served
from tests.cli.served import LEAFLINK_KEY, WEBHOOK_KEY

ANN = Actor("Ann")
ADA = Person(
    first_name="Ada",
    last_name="Moreno",
    email="ada@mail.example",
    phone="+1 (510) 555-0100",
    born=date(1960, 1, 3),
    patient_id="MMJ-GR-1000",
)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with served.sandbox(tmp_path_factory.mktemp("sandbox")) as there:
        yield there


@pytest.fixture
def connection_id(desk, tenant_id, sandbox):
    url, key = sandbox
    requests.post(f"{url}/control/reset", json={}, timeout=30).raise_for_status()
    hub = add_hub(
        desk,
        tenant_id,
        name="Flourish",
        base_url=f"{url}/flourish/external/api",
        credentials={"api_key": key},
        actor=ANN,
    )
    with desk.tenant(tenant_id) as session:
        facility = session.scalars(select(Facility.flourish_id)).first()
    return add_connection(
        desk,
        tenant_id,
        hub_id=hub.id,
        platform_key="leaflink",
        name="Shop",
        credentials={"api_key": LEAFLINK_KEY, "webhook_key": WEBHOOK_KEY},
        facility=facility,
        actor=ANN,
        base_url=f"{url}/leaflink/api/v2/",
    ).id


@pytest.fixture
def customers(sandbox):
    """Flourish's own customers, as its staff see them."""
    found = requests.get(f"{sandbox[0]}/control/state?of=customers", timeout=30).json()
    return [one for one in found["flourish"]["customers"] if one["company"] == "greenleaf"]


@pytest.fixture
def change(sandbox):
    """Change a customer in Flourish as its staff do."""

    def change(customer, **fields):
        answer = requests.post(
            f"{sandbox[0]}/control/flourish/retail/customers/{customer['id']}", json=fields, timeout=30
        )
        assert answer.status_code == 200, answer.text

    return change


@pytest.fixture
def order(desk, tenant_id, connection_id):
    """Have an order that waits for a person, with the problem that says why."""

    def make(code="customer_several", customers=(), **changed):
        with desk.tenant(tenant_id) as session:
            connection = session.get_one(Connection, connection_id)
            values = {
                "foreign_id": f"number-{code}",
                "state": "stuck",
                "decision_code": code,
                "decision_text": "Somebody has to say who it is.",
                "dirty_seq": 1,
                "done_seq": 1,
            } | changed
            link = Link(
                id=new_id(),
                tenant_id=tenant_id,
                connection_id=connection_id,
                hub_id=connection.hub_id,
                kind="order",
                label="41",
                placed_at=datetime.now(UTC),
                **values,
            )
            session.add(link)
            session.flush()
            link.due_at = None
            session.add(
                Problem(
                    tenant_id=tenant_id,
                    connection_id=connection_id,
                    link_id=link.id,
                    subject_id=link.id,
                    code=code,
                    cause="",
                    title="Who is it?",
                    text="",
                    next_step="Choose the customer.",
                    who="tenant",
                    evidence={"customers": [one["id"] for one in customers]},
                )
            )
            return link.id

    return make


def read(desk, tenant_id, link_id):
    with desk.tenant(tenant_id) as session:
        return session.get_one(Link, link_id)


def told(desk, tenant_id):
    """What the story and the audit say."""
    with desk.tenant(tenant_id) as session:
        story = list(session.scalars(select(TimelineEvent.title)))
    with desk.sessions.system() as session:
        audited = select(AuditEvent.detail).where(AuditEvent.action == "order.customer_chosen")
        return story, list(session.scalars(audited))


@pytest.mark.promise("AQ-7")
@pytest.mark.parametrize(
    ("person", "seen"),
    [
        (ADA, Glimpse("Ada Moreno", "1960", "…0100", "a…@mail.example", "…1000")),
        (Person(first_name="Ada", patient_id="1000"), Glimpse("Ada", patient_id="…")),
        (Person(phone="12345", email="no address"), Glimpse()),
    ],
)
def test_of_a_person_as_much_is_shown_as_tells_two_apart(person, seen):
    assert glimpse(person) == seen


@pytest.mark.promise("AQ-7")
def test_whom_the_review_names_is_read_from_flourish_with_what_keeps_the_order_from_them(
    desk, tenant_id, customers, order, change
):
    first, second, third, fourth = customers[:4]
    change(second, customer_disciplinary_status="banned")
    change(third, merged_into=first["id"])
    link_id = order(customers=[first, second, third, fourth, {"id": "99999999"}])
    change(fourth, is_active=False)

    found = customer_choice.choosing(desk, tenant_id, link_id).candidates

    assert [one.id for one in found] == [first["id"], second["id"], third["id"], fourth["id"], "99999999"]
    assert found[0].seen.name == f"{first['first_name']} {first['last_name']}"
    assert first["dob"] not in str(found)
    assert first["email"] not in str(found)
    assert first["phone"] not in str(found)
    assert [one.hindrance.partition(". ")[0] for one in found] == [
        "",
        f"Flourish has customer {second['id']} as banned",
        f"Customer {third['id']} is part of {first['id']} in Flourish now: choose that one.",
        f"Customer {fourth['id']} is not active in Flourish",
        "Flourish has no customer 99999999.",
    ]


@pytest.mark.promise("AQ-7", "ON-9")
def test_who_is_named_is_taken_down_with_who_said_so_and_no_personal_data(desk, tenant_id, customers, order):
    chosen = customers[0]["id"]
    link_id = order(customers=customers[:2])

    for _ in range(2):
        customer_choice.name(desk, tenant_id, link_id, chosen, actor=ANN)

    link = read(desk, tenant_id, link_id)
    assert (link.choices, link.dirty_seq, link.due_at is not None) == ({"customer": chosen}, 2, True)
    story, audited = told(desk, tenant_id)
    assert story == [f"Said that it is for customer {chosen} of Flourish"]
    assert audited == [{"customer": chosen}]


@pytest.mark.promise("AQ-7")
def test_somebody_new_is_to_be_made_and_then_it_is_somebody_known_after_all(
    desk, tenant_id, customers, order
):
    link_id = order("customer_phone_of_another", customers[:1])

    customer_choice.make_new(desk, tenant_id, link_id, actor=ANN)
    assert read(desk, tenant_id, link_id).choices == {"customer": "new"}
    customer_choice.name(desk, tenant_id, link_id, customers[0]["id"], actor=ANN)

    assert read(desk, tenant_id, link_id).choices == {"customer": customers[0]["id"]}


@pytest.mark.parametrize("code", ["customer_refused", "customer_no_email", "customer_incomplete"])
def test_nobody_is_made_of_whom_flourish_would_refuse_but_somebody_known_may_be_named(
    desk, tenant_id, customers, order, code
):
    link_id = order(code)

    with pytest.raises(CannotChoose):
        customer_choice.make_new(desk, tenant_id, link_id, actor=ANN)
    customer_choice.name(desk, tenant_id, link_id, customers[0]["id"], actor=ANN)

    assert read(desk, tenant_id, link_id).choices == {"customer": customers[0]["id"]}


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("customer_banned", {}),
        ("customer_too_young", {}),
        ("agree", {}),
        ("customer_several", {"flourish_id": "00000009"}),
    ],
)
def test_what_no_choice_may_help_takes_none(desk, tenant_id, customers, order, code, changed):
    link_id = order(code, customers[:1], **changed)

    for act, said in ((customer_choice.make_new, ()), (customer_choice.name, (customers[0]["id"],))):
        with pytest.raises(CannotChoose, match="does not wait"):
            act(desk, tenant_id, link_id, *said, actor=ANN)

    assert read(desk, tenant_id, link_id).choices == {}


def test_who_was_chosen_and_is_banned_since_may_be_another_after_all(desk, tenant_id, customers, order):
    link_id = order("customer_banned", customers[:1], choices={"customer": customers[0]["id"]})

    customer_choice.name(desk, tenant_id, link_id, customers[1]["id"], actor=ANN)

    assert read(desk, tenant_id, link_id).choices == {"customer": customers[1]["id"]}


def test_an_order_is_for_nobody_whom_flourish_does_not_have_or_does_not_sell_to(
    desk, tenant_id, customers, order, change
):
    link_id = order(customers=customers[:1])
    change(customers[0], customer_disciplinary_status="banned")

    for customer, why in (("99999999", "no customer 99999999"), (customers[0]["id"], "as banned")):
        with pytest.raises(CannotChoose, match=why):
            customer_choice.name(desk, tenant_id, link_id, customer, actor=ANN)

    assert read(desk, tenant_id, link_id).choices == {}
