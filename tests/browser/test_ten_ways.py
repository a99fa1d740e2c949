"""Ways in which an order goes wrong, on each platform: a page says what happened and what to do, somebody
does it, in Trellis or where the page sends them, and it is resolved.

All orders are placed first, on one running product, so that most waits pass side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, text

from portal.cli.demo import PASSWORD
from portal.sync.registry import PLATFORMS
from tests.browser import ways
from tests.browser.conftest import VIEWS
from tests.browser.walk import Call
from tests.browser.ways import Seller, Way
from tests.conftest import empty
from tests.processes.product import Process, Product, eventually, product

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.xdist_group("ten-ways")]

_PATIENCE_MS = 45_000
# Tries follow quickly. Nothing is polled by itself, so that a silent webhook is noticed when somebody asks.
_PACE = {"TRELLIS_POLL_SECONDS": "600", "TRELLIS_BACKOFF_CAP_SECONDS": "2"}
# Where a worker dies whose write has no known outcome: on one order, again and again, and on no other.
_POISON = {"TRELLIS_CRASH_AT": "before_settle_look"}
COMPANY, ELSEWHERE = "greenleaf", "sunrise"
SKU, OTHER_SKU = "GL-FL35-BLUDRE", "GL-PR1-BLUDRE"

Order = dict[str, Any]


@dataclass
class Shop:
    """The product, its one worker, and the order of each way."""

    product: Product
    worker: Process
    orders: Mapping[str, Order]


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, database_url: str, redis_url: str, engine: Engine
) -> Iterator[Shop]:
    empty(engine, redis_url)
    data: Path = tmp_path_factory.mktemp("ten-ways")
    with product(data, database_url, redis_url, **_PACE) as made:
        made.control("POST", "settings", {"leaflink_rate_limit": 0})
        ask_for_reps(engine)
        worker = made.start("worker", **_POISON)
        eventually("every list was read once", lambda: not unread(engine), every=0.2)
        yield Shop(made, worker, place_all(made))


def ask_for_reps(engine: Engine) -> None:
    """Orders go to the facility that takes none without a sales rep."""
    with engine.begin() as connection:
        moved = connection.execute(
            text(
                "UPDATE connection SET facility_id = facility.id FROM facility"
                " WHERE facility.hub_id = connection.hub_id AND facility.sales_rep_required"
                " AND connection.platform = 'leaflink'"
            )
        )
        assert moved.rowcount == 2


def unread(engine: Engine) -> int:
    """How many lists of orders were never read: what is placed before that is no news."""
    query = text("SELECT count(*) FROM stream WHERE name LIKE '%orders' AND last_ok_at IS NULL")
    with engine.connect() as connection:
        return int(connection.execute(query).scalar_one())


def place_all(made: Product) -> Mapping[str, Order]:
    """Place the order of each way that is wrong from the beginning; the poisoned one first and alone, as the
    first creation loses its answer."""
    made.fault("flourish", "commit-then-drop", only="POST /outbound-orders", times=1)
    orders = {"poison": place(made)}
    eventually("the answer of the creation is lost", lambda: made.posts() >= 1, every=0.2)
    made.control("POST", f"flourish/items/{OTHER_SKU}", {"sku": f"{OTHER_SKU}-OLD"})
    orders["sku"] = place(made, lines=[{"sku": OTHER_SKU, "quantity": 24}])
    orders |= {way.name: place_wrong(made, seller, way) for seller, way in ways.every()}
    orders["edit"] = place(made)
    orders["money"] = place(made, status="Draft")
    only = f"/orders-received/{orders['money']['number']}"
    made.fault("leaflink", "wrong-total", argument=7, only=only)
    made.control("POST", f"leaflink/orders/{orders['money']['number']}/submit")
    made.fault("leaflink", "webhook-drop")
    orders |= {f"silent {which}": place_elsewhere(made) for which in (1, 2)}
    return orders


def place(made: Product, **changed: Any) -> Order:
    return made.place_order(**{"lines": [{"sku": SKU, "quantity": 24}], **changed})


def place_wrong(made: Product, seller: Seller, way: Way) -> Order:
    for path, body in (*way.spoil, seller.place(way)):
        answer = made.control("POST", path, dict(body))
    placed: Order = answer
    return placed


def place_elsewhere(made: Product) -> Order:
    return made.place_order(company=ELSEWHERE, lines=[{"sku": SKU.replace("GL-", "SR-"), "quantity": 24}])


@dataclass
class Desk:
    """Somebody at Trellis, with the sandbox's console in another tab."""

    page: Page
    console: Page
    product: Product
    company: str

    def address(self, path: str) -> str:
        return f"{self.product.url}/t/{self.company}/{path}"

    def come_in(self, company: str) -> None:
        """Be at the desk of another company."""
        if company != self.company:
            self.page.context.clear_cookies()
            self.company = company
            sign_in(self)

    def open(self, order: Order, called: str = "") -> None:
        """Search for an order as people do: by what it is called."""
        number = called or order["short_id"]
        eventually("the order is known", lambda: self._finds(number), within=45, every=0.5)

    def act(self, seller: Seller, order: Order, action: str) -> None:
        """Have staff do something with an order in Flourish."""
        (there,) = self.product.flourish_orders(order, seller.ref)
        self.product.control("POST", f"flourish/orders/{there['id']}/{action}")

    def mend(self, order: Order, calls: Iterable[Call]) -> None:
        """Have something changed in the other systems."""
        for path, body in calls:
            self.product.control("POST", path.format(**order), dict(body))

    def _finds(self, number: str) -> bool:
        self.page.goto(self.address(f"orders?q={number}"))
        return "/orders/" in self.page.url

    def says(self, *words: str) -> None:
        """The page comes to say this, without being loaded again."""
        for each in words:
            expect(self.page.locator("main")).to_contain_text(each)

    def is_resolved(self) -> None:
        """The order is in Flourish, and nothing is open about it."""
        expect(self.page.locator("#order-verdict")).to_contain_text("Both sides agree")
        expect(self.page.locator("#order-problems section")).to_have_count(0)

    def retry(self) -> None:
        self.page.get_by_role("button", name="Retry now").first.click()

    def problem(self, title: str) -> None:
        """Find a problem in the list of open ones, and open it."""
        rows = self.page.get_by_role("region", name="One by one")
        found = rows.get_by_role("link", name=title).first

        def is_listed() -> bool:
            self.page.goto(self.address("problems"))
            return found.count() > 0

        eventually(f"a problem is listed: {title}", is_listed, within=45, every=0.5)
        found.click()

    def is_closed(self, because: str) -> None:
        """The problem whose page is open closes by itself."""

        def says_so() -> bool:
            self.page.reload()
            return because in self.page.locator("main").inner_text()

        eventually(f"it is closed: {because}", says_so, within=45, every=0.5)

    def go_to_console(self, path: str) -> None:
        self.console.goto(f"{self.product.sandbox_url}/{self.company}/{path}")


@pytest.fixture
def desk(browser: Browser, shop: Shop) -> Iterator[Desk]:
    context = browser.new_context(viewport=VIEWS["desktop"])  # type: ignore[arg-type]
    context.set_default_timeout(_PATIENCE_MS)
    expect.set_options(timeout=_PATIENCE_MS)
    yield sign_in(Desk(context.new_page(), context.new_page(), shop.product, COMPANY))
    expect.set_options(timeout=5_000)
    context.close()


def sign_in(desk: Desk) -> Desk:
    desk.page.goto(desk.product.url)
    desk.page.get_by_label("E-mail").fill(f"admin@{desk.company}.example")
    desk.page.get_by_label("Password").fill(PASSWORD)
    desk.page.get_by_role("button", name="Sign in").click()
    desk.page.wait_for_url(re.compile(r"/t/"))
    return desk


def test_an_unknown_sku_is_corrected_in_flourish(desk: Desk, shop: Shop) -> None:
    desk.open(shop.orders["sku"])
    desk.says(f"{OTHER_SKU} is unknown in Flourish", "Give the item this SKU in Flourish")

    desk.go_to_console("warehouse/items/")
    desk.console.get_by_label("SKU or name").fill(OTHER_SKU)
    desk.console.keyboard.press("Enter")
    desk.console.get_by_role("link", name=re.compile(OTHER_SKU)).first.click()
    desk.console.get_by_label("SKU", exact=True).fill(OTHER_SKU)
    desk.console.get_by_role("button", name="Change item").click()
    desk.retry()

    desk.is_resolved()


def test_a_total_that_does_not_add_up_is_shown_with_both_sums(desk: Desk, shop: Shop) -> None:
    desk.open(shop.orders["money"])
    desk.says("do not add up", "Check prices, discount, shipping and tax")

    desk.console.goto(f"{desk.product.sandbox_url}/faults")
    desk.console.get_by_role("button", name="Switch off wrong-total on leaflink").click()
    desk.retry()

    desk.is_resolved()


def test_a_webhook_that_fell_silent_is_switched_on_again(desk: Desk, shop: Shop) -> None:
    desk.come_in(ELSEWHERE)
    ask_for_changes(desk, shop.orders["silent 1"])
    desk.problem("LeafLink has sent no webhook")
    desk.says("Check whether it is still switched on", "Polling brings changes in meanwhile")
    problem = desk.page.url
    desk.open(shop.orders["silent 1"])
    desk.is_resolved()

    desk.console.goto(f"{desk.product.sandbox_url}/faults")
    desk.console.get_by_role("button", name="Switch off webhook-drop on leaflink").click()
    desk.open(place_elsewhere(desk.product))
    ask_for_changes(desk, shop.orders["silent 2"])

    desk.page.goto(problem)
    desk.is_closed("Webhooks arrive again.")


def ask_for_changes(desk: Desk, order: Order) -> None:
    """Somebody misses an order, and has the platforms asked for it."""
    desk.page.goto(desk.address(f"orders?q={order['number']}-missed"))
    desk.page.get_by_role("button", name="Ask the platforms now").click()
    desk.says("The platforms are asked for new and changed orders now.")


def test_orders_of_every_platform_go_wrong_here() -> None:
    assert set(ways.SELLERS) == set(PLATFORMS)
    assert all(seller.ways for seller in ways.SELLERS.values())


def named(one: Seller | Way) -> str:
    return one.name if isinstance(one, Way) else one.platform


@pytest.mark.parametrize(("seller", "way"), list(ways.every()), ids=named)
def test_what_its_page_says_is_wrong_is_put_right(desk: Desk, shop: Shop, seller: Seller, way: Way) -> None:
    order = shop.orders[way.name]
    desk.come_in(seller.company)
    desk.open(order, str(order[seller.called]))
    if way.staff:
        desk.is_resolved()
    for action, status in way.staff:
        desk.act(seller, order, action)
        if status:
            desk.says(f"{status} in {PLATFORMS[seller.platform].label}")
    desk.says(*way.says)

    desk.mend(order, way.mend)
    for action in way.mend_by:
        desk.act(seller, order, action)
    if way.answer:
        desk.page.get_by_role("button", name=way.answer).click()
    if way.is_asked_for:
        desk.retry()

    desk.is_resolved()


def test_an_edit_after_allocation_is_shown_and_undone(desk: Desk, shop: Shop) -> None:
    order = shop.orders["edit"]
    desk.open(order)
    desk.is_resolved()
    (in_flourish,) = desk.product.flourish_orders(order)
    desk.go_to_console(f"warehouse/orders/{in_flourish['id']}")
    desk.console.get_by_role("button", name="Allocate", exact=True).click()
    desk.says("Fulfilled in LeafLink")
    change_quantity(desk, order, "48")
    desk.says("edited in LeafLink", "24", "48", "Make the change in Flourish")

    change_quantity(desk, order, "24")

    desk.is_resolved()


def change_quantity(desk: Desk, order: Order, quantity: str) -> None:
    desk.go_to_console(f"seller/orders/{order['number']}")
    desk.console.get_by_label(f"Quantity of {SKU}").fill(quantity)
    desk.console.get_by_role("button", name="Change quantities").click()


def test_an_order_that_kills_its_worker_is_left_alone_until_somebody_retries_it(
    desk: Desk, shop: Shop
) -> None:
    desk.open(shop.orders["poison"])
    desk.says("The worker died 3 times on this order", "An operator looks at the worker's log")

    shop.worker.stop()
    shop.worker = desk.product.start("worker")
    desk.retry()

    desk.is_resolved()
    assert len(desk.product.flourish_orders(shop.orders["poison"])) == 1


def test_a_storm_of_429_is_waited_out(desk: Desk) -> None:
    desk.product.fault("leaflink", "429", argument=3)
    order = place(desk.product)
    desk.open(order)
    desk.says("LeafLink", "Trellis tries again by itself")

    desk.product.control("DELETE", "faults")

    desk.is_resolved()


def test_a_revoked_key_is_replaced(desk: Desk) -> None:
    desk.product.control("POST", "leaflink/keys/ll-greenleaf-key", {"active": False})
    order = place(desk.product)
    desk.problem("The key of")
    desk.says("An admin replaces the key")

    desk.product.control("POST", "leaflink/keys/ll-greenleaf-anew", {"company": COMPANY, "active": True})
    desk.page.get_by_role("link", name="Replace the key").click()
    desk.page.get_by_role("link", name=re.compile("Replace LeafLink key|Replace")).first.click()
    desk.page.get_by_label("API key").fill("ll-greenleaf-anew")
    desk.page.get_by_role("button", name="Try it, and replace").click()

    desk.open(order)
    desk.is_resolved()


def test_an_upstream_that_is_down_is_waited_for(desk: Desk) -> None:
    desk.product.fault("flourish", "500")
    orders = [place(desk.product) for _ in range(6)]
    desk.open(orders[0])
    desk.says("Flourish", "Trellis tries again by itself")
    desk.problem("Calls fail again and again")
    desk.says("Nothing needs to be done")

    desk.product.control("DELETE", "faults")

    desk.is_closed("It answers again.")
    desk.open(orders[0])
    desk.is_resolved()
