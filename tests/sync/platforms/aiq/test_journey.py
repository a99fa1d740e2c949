"""An order's way to Flourish and its statuses' way back, and an item's way to the menu, by the rules alone:
step by step what the engine is to do, over real HTTP with both simulated systems."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import requests

from portal.sync.addresses import check_address
from portal.sync.decisions import CatalogueRules, Rules
from portal.sync.domain import FacilityFacts
from portal.sync.drafts import PutProduct
from portal.sync.flourish import FLOURISH
from portal.sync.http import Caller
from portal.sync.mapping.draft import marker
from portal.sync.mapping.identity import Make, Use
from portal.sync.mapping.keys import sku_key
from portal.sync.mapping.offers import carry_offers, compare
from portal.sync.mapping.retail_draft import retail_draft, without_strain
from portal.sync.mapping.shop_holds import holds_of
from portal.sync.mapping.shop_stock import StockReading, offer
from portal.sync.platforms.aiq import authorise
from portal.sync.platforms.aiq.client import AiqClient
from portal.sync.platforms.aiq.intake import Purpose, hindrance, purpose
from portal.sync.platforms.aiq.labs import labs_of
from portal.sync.platforms.aiq.listing import Listing, listing
from portal.sync.platforms.aiq.menu import Place, plan_place
from portal.sync.platforms.aiq.status import WAITS_FOR_ROUTE, wanted
from portal.sync.platforms.aiq.terms import LABEL
from portal.sync.retail import Shopper
from portal.sync.shopping import IdentityRules, Store
from tests.cli import served
from tests.sync.mapping.shoppers import who_is

HOME, DAY = "00000001", date(2026, 11, 28)
RULES = Rules(
    connection_id="c1",
    platform_label=LABEL,
    intake_statuses=frozenset({"CONFIRMED"}),
    status_table={},
    facility=FacilityFacts(HOME, "Oakland", "", "America/Los_Angeles", sales_rep_required=False),
    live_since=datetime(2026, 1, 1, tzinfo=UTC),
)
MENU_RULES = CatalogueRules("c1", LABEL, fields=(), writes_stock=True)


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    with served.sandbox(tmp_path_factory.mktemp("sandbox")) as (url, key):
        requests.post(f"{url}/control/settings", json={"aiq_per_second": 0}, timeout=20).raise_for_status()
        yield url, key


def calls(url, path, headers):
    address = check_address(f"{url}{path}", hosts=(), allow_loopback=True)
    return Caller(address, headers, label="x", turnstile=lambda: None, user_agent="T")


@pytest.fixture
def aiq(town):
    with calls(town[0], "/aiq/2023-03/", authorise({"api_key": "aq-greenleaf-key"})) as caller:
        yield AiqClient(caller, AiqClient(caller, "").venues()[0].ref)


@pytest.fixture
def flourish(town):
    url, key = town
    with calls(url, "/flourish/external/api/", FLOURISH.authorise({"api_key": key})) as caller:
        yield FLOURISH.connect(caller)


@pytest.fixture
def control(town):
    def ask(path, **body):
        answer = requests.post(f"{town[0]}/control/{path}", json=body, timeout=20)
        assert answer.ok, answer.text
        return answer.json()

    return ask


def customer_of(flourish, shopper):
    """Who somebody is in Flourish; made there if nobody is."""
    end = who_is(flourish.retail, shopper, IdentityRules())
    if isinstance(end, Make):
        return flourish.retail.create_customer(end.draft).id
    assert isinstance(end, Use)
    return end.customer_id


def send(flourish, order):
    """Make the retail order for an order of AIQ; returns its id."""
    for_whom = purpose(order, Store("CA", is_medical=True), DAY)
    assert isinstance(for_whom, Purpose)
    assert hindrance(order) is None
    shopper = Shopper(order.person, not for_whom.is_recreational, DAY, "CA", order.customer.address)
    items = {
        one.sku: found.item for one in order.lines for found in flourish.retail.shop_items_by_sku(one.sku)
    }
    assert without_strain(order, items) == ()
    draft = retail_draft(
        order,
        RULES,
        customer_id=customer_of(flourish, shopper),
        is_recreational=for_whom.is_recreational,
        carried=carry_offers(order.offered, order.offers, {}),
        items=items,
    )
    return flourish.retail.create_order(draft)


@pytest.mark.promise("AQ-6")
@pytest.mark.promise("AQ-9")
@pytest.mark.parametrize("hand_over", ["IN_STORE", "DELIVERY"])
@pytest.mark.parametrize("medical", [True, False])
@pytest.mark.parametrize(
    "offers", [[], ["Half off"], ["Half off", "Tenth off the cart"], ["Buy one, get one"]]
)
def test_an_order_comes_to_flourish_as_the_shopper_placed_it(
    aiq, flourish, control, hand_over, medical, offers
):
    lines = [{"sku": one.sku, "quantity": 2} for one in menu(aiq)[:2]]
    placed = control("aiq/orders", lines=lines, offers=offers, pickUpType=hand_over, medical=medical,
                     customer="new", status="CONFIRMED")  # fmt: skip
    order = aiq.order(placed["id"])

    flourish_id = send(flourish, order)
    made = flourish.retail.order(flourish_id)

    assert (made.status, made.original_order_id) == ("Submitted", str(placed["orderId"]))
    assert made.notes[0] == marker(RULES, placed["id"])
    assert made.fulfilment is order.fulfilment
    assert [(one.sku, one.eaches) for one in made.lines if one.sku] in (
        [],
        [(one.sku, one.eaches) for one in order.lines],
    )
    assert [one.unit_price for one in made.lines] == [one.case_price for one in order.lines]
    assert compare(order.discount, made.discount, order.offered).holds
    # As if the answer had been lost: it is known again among all that this customer has ordered.
    theirs = flourish.retail.orders(customer_id=made.customer_id)
    assert [one.id for one in theirs if marker(RULES, placed["id"]) in one.notes] == [flourish_id]


def menu(aiq):
    """What can be bought, most of it first."""
    every = [product for page in aiq.products(None) for product in page.rows if product.listed]
    return sorted(every, key=lambda one: -one.available)


# What staff do in Flourish, and the status in AIQ that follows.
PICKUP = (("pack", "READY_FOR_PICKUP"), ("complete", "CLOSED"))
DELIVERY = (("pack", "CONFIRMED"), ("route", "OUT_FOR_DELIVERY"), ("complete", "CLOSED"))
UNDELIVERABLE = (("pack", "CONFIRMED"), ("route", "OUT_FOR_DELIVERY"), ("undeliverable", "CANCELLED"))
CANCELLED = (("cancel", "CANCELLED"),)


@pytest.mark.promise("AQ-10")
@pytest.mark.parametrize(
    ("hand_over", "steps"),
    [("IN_STORE", PICKUP), ("DELIVERY", DELIVERY), ("DELIVERY", UNDELIVERABLE), ("CURB_SIDE", CANCELLED)],
)
def test_what_staff_do_in_flourish_shows_in_aiq(aiq, flourish, control, hand_over, steps):
    lines = [{"sku": menu(aiq)[0].sku, "quantity": 1}]
    number = control("aiq/orders", lines=lines, pickUpType=hand_over, customer="new", status="CONFIRMED")[
        "id"
    ]
    flourish_id = send(flourish, aiq.order(number))
    aiq.tell(number, {"posOrderId": flourish_id}, "")

    for action, status in steps:
        control(f"flourish/retail/orders/{flourish_id}/{action}")
        found = wanted(aiq.order(number), flourish.retail.order(flourish_id).status)
        assert found.finding is None
        if found.status:
            aiq.move(number, found.status)
        assert aiq.order(number).status == status
        assert (found.note == WAITS_FOR_ROUTE) == (action == "pack" and hand_over == "DELIVERY")
    assert aiq.order(number).external_ids == {"posOrderId": flourish_id}
    assert wanted(aiq.order(number), flourish.retail.order(flourish_id).status) == replace(
        found, status="", note=""
    )


@pytest.mark.promise("AQ-2")
@pytest.mark.promise("AQ-11")
def test_an_item_comes_to_the_menu_with_its_labs_and_what_is_left_of_it(aiq, flourish):
    sku = next(one.sku for one in menu(aiq) if one.strains)
    (item,) = flourish.retail.shop_items_by_sku(sku)
    began = datetime.now(UTC)
    stock = flourish.stock_of(item.item.id, HOME, by_lot=True)
    labs = labs_of(tuple(flourish.retail.labs(tuple(stock.lots))), stock.lots, item.claims)
    chosen = {"sync_terpenes": True, "category_table": {item.item.custom_subcategory: "FLOWER"}}
    shown = listing(item, labs, chosen)
    assert isinstance(shown, Listing)
    left = offer(StockReading(stock.sellable, began), ()).quantity
    place = Place(item.item.id, sku, shown, left, aiq.products_by_sku(sku)[0])
    decision = plan_place(place, base=None, rules=MENU_RULES)
    assert isinstance(decision.action, PutProduct)

    put = aiq.put_product(decision.action.item_id, decision.action.draft)

    again = plan_place(replace(place, product=put), base=decision.action.base, rules=MENU_RULES)
    assert (again.code, again.action) == ("agree", None)
    assert (put.sku, put.quantity, put.category) == (sku, left, "FLOWER")
    assert put.name == (item.shop_name or item.retail_name)
    assert set(shown.fields["labs"]) >= {"thcA", "thcAContentUnit"} or labs.warnings
    assert left > Decimal(0)


@pytest.mark.promise("AQ-11")
@pytest.mark.parametrize("lowers", [False, True], ids=["submitted lowers nothing", "submitted lowers it"])
def test_what_is_ordered_is_never_offered_again_until_it_is_sold(aiq, flourish, control, lowers):
    """No source says whether an order lowers what is sellable before it is packed: never is it too much."""
    control("settings", flourish_submitted_lowers_sellable=lowers)
    sku = menu(aiq)[0].sku
    (item,) = flourish.retail.shop_items_by_sku(sku)
    before = flourish.stock_of(item.item.id, HOME).sellable
    lines = [{"sku": sku, "quantity": 3}]
    number = control("aiq/orders", lines=lines, customer="new", status="CONFIRMED")["id"]

    def offered(made=None):
        """Look at both orders, then read the figure."""
        holds = holds_of(
            aiq.order(number),
            made,
            seen_since=datetime.now(UTC),
            skus={item.item.id: sku},
            platform_holds=False,
        )
        began = datetime.now(UTC)
        sellable = flourish.stock_of(item.item.id, HOME).sellable
        return offer(StockReading(sellable, began), holds[sku_key(sku)]).quantity

    assert offered() == before - 3
    flourish_id = send(flourish, aiq.order(number))
    assert offered(flourish.retail.order(flourish_id)) == before - (6 if lowers else 3)
    for action in ("pack", "complete"):
        control(f"flourish/retail/orders/{flourish_id}/{action}")
        assert offered(flourish.retail.order(flourish_id)) == before - 3
