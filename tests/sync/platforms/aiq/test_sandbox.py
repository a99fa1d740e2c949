"""Our client against the sandbox's AIQ, over real HTTP: what it reads is what the sandbox writes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import requests

from portal.sync.addresses import check_address
from portal.sync.domain import Stage
from portal.sync.drafts import ProductDraft
from portal.sync.errors import ConnectionBroken, Rejected, Retryable
from portal.sync.http import Caller
from portal.sync.mapping.money import add_up
from portal.sync.platforms.aiq import authorise
from portal.sync.platforms.aiq.client import AiqClient
from portal.sync.platforms.aiq.labs import Labs
from portal.sync.platforms.aiq.listing import Listing, listing
from portal.sync.platforms.aiq.terms import LABEL
from portal.sync.retail import Fulfilment
from tests.cli import served
from tests.sync.platforms.aiq.examples import shop_item

KEY = "aq-greenleaf-key"


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with served.sandbox(tmp_path_factory.mktemp("sandbox")) as (address, _key):
        # How the limit is kept, the tests of the sandbox say.
        requests.post(
            f"{address}/control/settings", json={"aiq_per_second": 0}, timeout=20
        ).raise_for_status()
        yield address


def calls_of(url, key=KEY):
    address = check_address(f"{url}/aiq/2023-03/", hosts=(), allow_loopback=True)
    return Caller(address, authorise({"api_key": key}), label=LABEL, turnstile=lambda: None, user_agent="T")


@pytest.fixture(scope="module")
def venue(url):
    with calls_of(url) as calls:
        return AiqClient(calls, "").venues()[0].ref


@pytest.fixture
def unknown():
    return []


@pytest.fixture
def store(url, venue, unknown):
    with calls_of(url) as calls:
        yield AiqClient(calls, venue, notice=lambda *what: unknown.append(what))


@pytest.fixture
def control(url):
    def ask(path, **body):
        answer = requests.post(f"{url}/control/aiq/{path}", json=body, timeout=20)
        assert answer.ok, answer.text
        return answer.json()

    return ask


def shelf(store):
    return [product for page in store.products(None) for product in page.rows]


@pytest.mark.promise("AQ-1")
def test_the_key_opens_its_store(store, venue):
    company = store.company()

    assert (company.ref, company.missing_permissions) == (venue, ())
    assert company.name


@pytest.mark.promise("AQ-1")
def test_another_key_opens_nothing_and_no_store_of_another_organisation(url, venue):
    for key, error in (("nobody", ConnectionBroken), ("aq-sunrise-key", ConnectionBroken)):
        with calls_of(url, key) as calls, pytest.raises(error):
            AiqClient(calls, venue).company()


@pytest.mark.promise("AQ-6")
@pytest.mark.promise("AQ-9")
def test_an_order_is_read_as_it_was_placed_with_no_field_unknown(store, unknown, control):
    placed = control("orders", lines=3, offers=["Half off", "Tenth off the cart"], pickUpType="DELIVERY",
                     medical=True, status="CONFIRMED")  # fmt: skip

    found = store.order(placed["id"])

    assert unknown == []
    assert (found.number, found.label, found.stage) == (placed["id"], str(placed["orderId"]), Stage.OPEN)
    assert (found.fulfilment, len(found.lines)) == (Fulfilment.DELIVERY, 3)
    assert found.customer.address.line_1 == placed["deliveryAddress"]["street"]
    assert found.person.patient_id == placed["medicalId"]
    assert [offer.name for line in found.offered for offer in line.offers] == ["Half off"] * 3
    assert [offer.name for offer in found.offers] == ["Tenth off the cart"]
    assert add_up(found, 4).holds


def test_an_order_of_the_other_store_is_not_found(store, url, control):
    with calls_of(url) as calls:
        other = AiqClient(calls, "").venues()[1].ref
    placed = control("orders", lines=1, venue=other)

    assert store.order(placed["id"]) is None
    assert placed["id"] not in {hint.ref for page in store.changed_orders(None) for hint in page.hints}


def test_changes_are_found_from_a_time_on_whatever_the_status(store, control):
    placed = [control("orders", lines=1) for _ in range(3)]
    since = store.order(placed[0]["id"]).updated_at

    found = {hint.ref: hint for page in store.changed_orders(since) for hint in page.hints}

    assert found.keys() >= {one["id"] for one in placed}
    last = max(hint.updated_at for hint in found.values())
    assert next(store.changed_orders(last + timedelta(seconds=1))).hints == ()


@pytest.mark.promise("AQ-10")
def test_an_order_is_moved_told_its_id_and_released(store, control):
    number = control("orders", lines=1, status="CONFIRMED")["id"]

    store.move(number, "READY_FOR_PICKUP")
    store.tell(number, {"posOrderId": "00000042"}, "")
    store.release(number)

    found = store.order(number)
    assert (found.status, found.external_ids, found.is_released) == (
        "READY_FOR_PICKUP",
        {"posOrderId": "00000042"},
        True,
    )
    store.move(number, "CANCELLED")
    assert store.order(number).cancelled_by == "POS"


@pytest.mark.promise("AQ-10")
def test_what_is_over_stays_so_and_what_is_the_shops_is_left_to_it(store, control):
    over = control("orders", lines=1, status="CONFIRMED")["id"]
    control(f"orders/{over}/cancel")
    pending = control("orders", lines=1)["id"]

    with pytest.raises(Retryable):
        store.move(over, "CLOSED")
    with pytest.raises(Rejected):
        store.move(pending, "READY_FOR_PICKUP")
    assert store.order(over).status == "CANCELLED"


def test_products_are_read_with_no_field_unknown(store, unknown):
    products = shelf(store)

    assert unknown == []
    assert len({product.ref for product in products}) == len(products) == 20
    assert store.product(products[0].ref) == products[0]
    assert store.products_by_sku(products[0].sku) == (products[0],)


@pytest.mark.promise("AQ-14")
def test_what_the_menu_shows_of_an_item_is_what_aiq_takes(store, unknown):
    labs = Labs(
        {"thc": Decimal("20.5"), "thcContentUnit": "%"}, {"limonene": Decimal(1), "limoneneContentUnit": "%"}
    )
    found = listing(
        shop_item(sku="GL-NEW-9", brand="Kitchen", description="Sweet & sour", strain="Blue Dream",
                  strain_type="Hybrid", unit_weight=Decimal("3.5"), weight_uom="g"),
        labs,
        {"sync_terpenes": True},
    )  # fmt: skip
    assert isinstance(found, Listing)

    made = store.put_product(
        "00000999", ProductDraft(found.sku, {**found.fields, "quantity": Decimal(7)}, {})
    )

    assert unknown == []
    assert (made.sku, made.name, made.brand, made.available) == ("GL-NEW-9", "Gummies", "Kitchen", 7)
    assert (made.category, made.strain_class, made.price) == ("EDIBLES", "HYBRID", Decimal("8.65"))
    again = store.put_product(
        "00000999", ProductDraft(found.sku, {"quantity": Decimal(5), "enable": False}, {})
    )
    assert (again.ref, again.name, again.available, again.listed) == (made.ref, "Gummies", 5, False)


@pytest.mark.promise("AQ-11")
def test_aiq_keeps_back_what_is_ordered_until_it_is_released(store, control):
    product = next(one for one in shelf(store) if one.available >= 4)
    placed = control("orders", lines=[{"sku": product.sku, "quantity": 2}], status="CONFIRMED")

    held = store.product(product.ref)
    store.release(placed["id"])
    released = store.product(product.ref)

    assert (held.quantity, held.available) == (product.quantity, product.available - 2)
    assert released.available == product.available


@pytest.mark.promise("AQ-2")
def test_a_store_that_was_deleted_is_not_taken_for_an_empty_one(store, control, venue):
    control(f"venues/{venue}", deleted=True)
    try:
        with pytest.raises(ConnectionBroken, match="no store"):
            list(store.products(None))
    finally:
        control(f"venues/{venue}", deleted=False)
