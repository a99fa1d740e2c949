"""What a person says of an order from before go-live: brought in, left alone, or joined."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import requests
from sqlalchemy import select

from portal.models import AuditEvent, Connection, Facility, Link, Operation, TimelineEvent, new_id
from portal.sync import earlier, rivals
from portal.sync.audit import Actor
from portal.sync.connecting import add_connection, add_hub, go_live
from portal.sync.credentials import CannotConnect
from portal.sync.mapping.intake import BRING_IN, LEAVE_ALONE
from tests.cli import served
from tests.cli.served import LEAFLINK_KEY, WEBHOOK_KEY
from tests.sandbox.doors import outbound_body

ANN = Actor("Ann")
GOOD = {"api_key": LEAFLINK_KEY, "webhook_key": WEBHOOK_KEY}
LICENSE = "C10-0000217-LIC"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with served.sandbox(tmp_path_factory.mktemp("sandbox")) as there:
        yield there


@pytest.fixture
def facility(desk, tenant_id, sandbox):
    """The facility that a connection's orders go to, of a hub that is connected."""
    url, key = sandbox
    requests.post(f"{url}/control/reset", json={}, timeout=30).raise_for_status()
    add_hub(
        desk,
        tenant_id,
        name="Flourish",
        base_url=f"{url}/flourish/external/api",
        credentials={"api_key": key},
        actor=ANN,
    )
    with desk.tenant(tenant_id) as session:
        return session.scalars(select(Facility).order_by(Facility.flourish_id)).first()


@pytest.fixture
def connection_id(desk, tenant_id, sandbox, facility):
    return add_connection(
        desk,
        tenant_id,
        hub_id=facility.hub_id,
        platform_key="leaflink",
        name="LeafLink",
        credentials=GOOD,
        facility=facility.flourish_id,
        actor=ANN,
        base_url=f"{sandbox[0]}/leaflink/api/v2/",
    ).id


@pytest.fixture
def flourish(sandbox, facility):
    """Make an order in Flourish, as its staff or its own integration does."""

    def make(origin="Flourish", **fields):
        body = {
            "facility_id": facility.flourish_id,
            "origin": origin,
            "order": outbound_body(discounts=[], **fields),
        }
        answer = requests.post(f"{sandbox[0]}/control/flourish/orders", json=body, timeout=30)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return make


@pytest.fixture
def order(desk, tenant_id, connection_id):
    """Have an order from before go-live, as it is listed."""

    def make(label="9bf6e2fa", **changed):
        with desk.tenant(tenant_id) as session:
            connection = session.get_one(Connection, connection_id)
            values = {
                "id": new_id(),
                "tenant_id": tenant_id,
                "connection_id": connection_id,
                "hub_id": connection.hub_id,
                "kind": "order",
                "foreign_id": f"number-{label}",
                "label": label,
                "placed_at": datetime.now(UTC) - timedelta(hours=1),
                "state": "skipped",
                "decision_code": "before_go_live",
                "decision_text": "It was placed before.",
                "dirty_seq": 1,
                "done_seq": 1,
                "snapshot": {
                    "customer": {"name": "X", "license": LICENSE},
                    "money": {"total": "1.00", "tax": "0"},
                },
            } | changed
            link = Link(**values)
            session.add(link)
            session.flush()
            link.due_at = None
            return link.id

    return make


def read(desk, tenant_id, link_id):
    with desk.tenant(tenant_id) as session:
        return session.get_one(Link, link_id)


def acts(desk):
    with desk.sessions.system() as session:
        rows = session.scalars(select(AuditEvent).where(AuditEvent.action.like("order.%")))
        return [(row.action, row.detail) for row in rows]


def decide(desk, tenant_id, ids, choice):
    with desk.tenant(tenant_id) as session:
        return earlier.decide(session, desk.settings.master_keys, tenant_id, ids, choice, actor=ANN)


@pytest.mark.promise("LL-29")
@pytest.mark.parametrize(
    ("choice", "act"), [(BRING_IN, "order.brought_in"), (LEAVE_ALONE, "order.left_alone")]
)
def test_many_are_decided_at_once_and_pressing_twice_changes_nothing_more(
    desk, tenant_id, order, choice, act
):
    ids = [order("A"), order("B")]

    assert decide(desk, tenant_id, ids, choice) == 2
    assert decide(desk, tenant_id, ids, choice) == 0

    links = [read(desk, tenant_id, one) for one in ids]
    assert [(link.choices, link.dirty_seq) for link in links] == [({"intake": choice}, 2)] * 2
    assert all(link.due_at for link in links)
    ((action, detail),) = acts(desk)
    assert (action, sorted(detail["orders"])) == (act, ["A", "B"])
    with desk.tenant(tenant_id) as session:
        assert len(session.scalars(select(TimelineEvent.title)).all()) == 2


def test_somebody_may_change_their_mind_until_it_is_in_flourish(desk, tenant_id, order):
    link_id = order("A", decision_code="left_alone", choices={"intake": LEAVE_ALONE})
    assert decide(desk, tenant_id, [link_id], BRING_IN) == 1

    gone = order("B", flourish_id="00000009")
    later = order("C", decision_code="bring_in", state="waiting")
    assert decide(desk, tenant_id, [gone, new_id()], LEAVE_ALONE) == 0
    assert decide(desk, tenant_id, [gone, later], BRING_IN) == 0
    # What is about to come in may be left alone, too.
    assert decide(desk, tenant_id, [later], LEAVE_ALONE) == 1


@pytest.mark.promise("LL-29")
def test_what_flourish_has_already_is_found_by_number_destination_and_total(desk, tenant_id, order, flourish):
    by_number = flourish(original_order_id="9bf6e2fa")
    by_total = flourish(
        original_order_id="else",
        order_lines=[{"sku": by_number["order_lines"][0]["sku"], "order_qty": 3, "unit_price": 7}],
        charges=[],
    )
    flourish(
        original_order_id="stranger",
        order_lines=[{"sku": by_number["order_lines"][0]["sku"], "order_qty": 1, "unit_price": 1}],
        charges=[],
    )
    taken = flourish(original_order_id="9bf6e2fa")
    order("other", flourish_id=taken["id"])
    license_number = by_number["destination"]["license_number"]
    link_id = order(
        snapshot={
            "customer": {"license": license_number.split(" ")[0]},
            "money": {"total": "23.10", "tax": "2.10"},
        }
    )

    found = earlier.matches(desk, tenant_id, link_id)

    assert [(one.order.id, one.same_number, one.same_total) for one in found] == [
        (by_number["id"], True, False),
        (by_total["id"], False, True),
    ]
    assert all(one.same_destination for one in found)
    assert found[1].order.total == Decimal("21")


@pytest.mark.promise("LL-29")
def test_an_order_is_joined_with_the_one_that_it_is_once(desk, tenant_id, order, flourish):
    there, link_id, second = flourish(), order("A"), order("B")

    earlier.join(desk, tenant_id, link_id, there["id"], actor=ANN)

    link = read(desk, tenant_id, link_id)
    assert (link.flourish_id, link.flourish_kind, link.base) == (there["id"], "outbound", None)
    assert link.due_at is not None
    assert acts(desk) == [("order.joined", {"flourish_order": there["id"]})]
    with pytest.raises(earlier.CannotLink, match="joined with that order already"):
        earlier.join(desk, tenant_id, link_id, there["id"], actor=ANN)
    with pytest.raises(earlier.CannotLink, match="Another order is joined"):
        earlier.join(desk, tenant_id, second, there["id"], actor=ANN)
    assert read(desk, tenant_id, second).flourish_id is None


def test_what_is_not_there_or_cancelled_or_worked_on_is_not_joined(
    desk, tenant_id, order, flourish, sandbox, facility
):
    link_id, there = order("A"), flourish()
    with pytest.raises(earlier.CannotLink, match="has no order 404"):
        earlier.join(desk, tenant_id, link_id, "404", actor=ANN)

    busy = order("B", lease_owner="w", lease_until=datetime.now(UTC) + timedelta(minutes=1))
    with pytest.raises(earlier.CannotLink, match="being worked on"):
        earlier.join(desk, tenant_id, busy, there["id"], actor=ANN)
    with desk.tenant(tenant_id) as session:
        link = session.get_one(Link, link_id)
        session.add(
            Operation(
                tenant_id=tenant_id,
                connection_id=link.connection_id,
                hub_id=link.hub_id,
                link_id=link_id,
                kind="create_order",
                system="flourish",
                natural_key="order:x",
                once=True,
                request={},
                fence=1,
            )
        )
    with pytest.raises(earlier.CannotLink, match="being worked on"):
        earlier.join(desk, tenant_id, link_id, there["id"], actor=ANN)

    url = f"{sandbox[0]}/control/flourish/orders/{there['id']}/cancel"
    requests.post(url, json={}, timeout=30).raise_for_status()
    with pytest.raises(earlier.CannotLink, match="is cancelled"):
        earlier.join(desk, tenant_id, order("C"), there["id"], actor=ANN)


@pytest.mark.promise("LL-29")
def test_nobody_goes_live_beside_flourishs_own_integration_unless_they_insist(
    desk, tenant_id, connection_id, flourish, facility
):
    there = flourish("Leaflink")

    with pytest.raises(CannotConnect) as refused:
        go_live(desk, tenant_id, connection_id, actor=ANN, despite="a test")

    assert f"still makes orders: {there['id']} in {facility.name}" in str(refused.value)
    with desk.tenant(tenant_id) as session:
        assert session.get_one(Connection, connection_id).state == "ready"

    go_live(desk, tenant_id, connection_id, actor=ANN, despite_rival=True, despite="a test")
    go_live(desk, tenant_id, connection_id, actor=ANN, despite="a test")  # it is live already
    with desk.tenant(tenant_id) as session:
        assert session.get_one(Connection, connection_id).state == "live"


def test_orders_of_staff_or_of_another_facility_keep_nobody_from_going_live(
    desk, tenant_id, connection_id, flourish, facility, sandbox
):
    flourish("Flourish")
    flourish("Online")
    with desk.tenant(tenant_id) as session:
        other = session.scalars(
            select(Facility.flourish_id).where(Facility.flourish_id != facility.flourish_id)
        ).first()
    body = {"facility_id": other, "origin": "Leaflink", "order": outbound_body()}
    requests.post(f"{sandbox[0]}/control/flourish/orders", json=body, timeout=30).raise_for_status()

    go_live(desk, tenant_id, connection_id, actor=ANN, despite="a test")


@pytest.fixture
def products(sandbox):
    """Change a product in LeafLink: as a program does it by the API, or as a person does it in the app."""
    url = sandbox[0]

    def change(sku, *, by_program, **fields):
        if not by_program:
            answer = requests.post(f"{url}/control/leaflink/products/{sku}", json=fields, timeout=30)
            return answer.raise_for_status()
        key = {"Authorization": f"App {LEAFLINK_KEY}"}
        found = requests.get(f"{url}/leaflink/api/v2/products/?sku={sku}", headers=key, timeout=30).json()
        place = f"{url}/leaflink/api/v2/products/{found['results'][0]['id']}/"
        return requests.patch(place, json=fields, headers=key, timeout=30).raise_for_status()

    return change


@pytest.mark.promise("LL-29")
def test_products_that_another_program_writes_to_are_named_before_trellis_does(
    desk, tenant_id, connection_id, products
):
    assert rivals.product_writers(desk, tenant_id, connection_id) is None
    products("GL-PR1-BLUDRE", by_program=False, quantity="500")
    products("GL-FL35-BLUDRE", by_program=True, quantity="500")
    products("GL-FL14-BLUDRE", by_program=True, available_inventory="400")

    said = rivals.product_writers(desk, tenant_id, connection_id)

    assert said is not None
    assert said.startswith(
        "2 products in LeafLink were changed in the last 3 days without anybody editing them"
    )
    assert ": GL-FL14-BLUDRE, GL-FL35-BLUDRE. An order" in said


def test_what_trellis_writes_to_products_itself_is_no_rivals(desk, tenant_id, connection_id, products):
    products("GL-FL35-BLUDRE", by_program=True, quantity="500")
    with desk.tenant(tenant_id) as session:
        session.get_one(Connection, connection_id).catalogue_since = datetime.now(UTC)

    assert rivals.product_writers(desk, tenant_id, connection_id) is None
