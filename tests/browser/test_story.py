"""The story of the product, walked in Chromium: an order placed by a buyer, followed on its own page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import Engine

from portal.cli.demo import PASSWORD
from portal.sync.registry import PLATFORMS
from tests.browser.conftest import violations
from tests.browser.links import pages_of
from tests.browser.ways import SELLERS, Seller
from tests.conftest import empty
from tests.processes.product import Product, eventually, product

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.xdist_group("story")]

VIEWS = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 900}}


@dataclass(frozen=True)
class Story:
    """How an order is placed in the sandbox's console, and what becomes of it.

    Args:
        console: the page of those who place it.
        buttons: what they press, one after the other.
        arrived: what its page says of that, as a pattern: it may be seen before what is pressed last.
        typed: what is entered before, by its label.
        confirmed: who confirms it on its page, where that is somebody else, and what they press.
        staff: whose page of the order in Flourish it is.
        steps: what staff press in Flourish, each with the status that the platform has by then, as a pattern.
    """

    console: str
    buttons: tuple[str, ...]
    arrived: str
    steps: tuple[tuple[str, str], ...]
    typed: Mapping[str, str] = field(default_factory=dict)
    confirmed: tuple[str, str] | None = None
    staff: str = "warehouse"


STORIES = {
    "leaflink": Story(
        "buyer/orders/",
        ("Order 3 random lines",),
        "Order submitted",
        (("Partially allocate", "Accepted"), ("Allocate", "Fulfilled"), ("Ship", "Shipped")),
    ),
    "ordo": Story(
        "rep/orders/",
        ("Draft 3 random lines", "Confirm"),
        "Order confirmed",
        (("Allocate", "Awaiting Delivery"), ("Ship", "(Delivered|Paid)")),
    ),
    "aiq": Story(
        "shopper/shelf/",
        ("Place order",),
        "Order (pending|confirmed)",
        (("Pack", "READY_FOR_PICKUP"), ("Complete", "CLOSED")),
        typed={"Quantity of Verde Blue Dream 3.5g Jar": "2"},
        confirmed=("shop", "Confirm"),
        staff="counter",
    ),
}

# As long as a person is willing to watch; the figure itself is measured by `make bench`.
_PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, database_url: str, redis_url: str, engine: Engine
) -> Iterator[Product]:
    empty(engine, redis_url)
    data: Path = tmp_path_factory.mktemp("story")
    with product(data, database_url, redis_url, TRELLIS_POLL_SECONDS="10") as made:
        made.start("worker")
        yield made


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=VIEWS["desktop"])  # type: ignore[arg-type]
    context.set_default_timeout(_PATIENCE_MS)
    yield context
    context.close()


def sign_in(page: Page, shop: Product, email: str = "admin@greenleaf.example") -> None:
    page.goto(shop.url)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r"/(t|support)/"))


def listen(page: Page) -> list[str]:
    """Collect what the browser's console complains about, refused content included."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


def place_order_in_the_console(context: BrowserContext, shop: Product, platform: str = "leaflink") -> str:
    """Place an order as its people do; returns the number that they call it by."""
    seller, story = SELLERS[platform], STORIES[platform]
    before = called(shop, seller)
    console = context.new_page()
    console.goto(f"{shop.sandbox_url}/{seller.company}/{story.console}")
    for name, value in story.typed.items():
        console.get_by_label(name).fill(value)
    for button in story.buttons:
        console.get_by_role("button", name=button).click()
        console.wait_for_load_state()
    if story.confirmed is not None:
        part, button = story.confirmed
        console.goto(console.url.replace(f"/{story.console.partition('/')[0]}/", f"/{part}/"))
        console.get_by_role("button", name=button).click()
    (label,) = called(shop, seller) - before
    expect(console.locator("main")).to_contain_text(label)
    console.close()
    return label


def called(shop: Product, seller: Seller) -> set[str]:
    """What people call the orders that a company has on its platform."""
    rows = shop.control("GET", "state?of=orders")[seller.platform]["orders"]
    return {str(row[seller.called]) for row in rows if row["company"] == seller.company}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_order_is_watched_from_the_buyers_click_to_shipped_without_a_reload(
    context: BrowserContext, shop: Product, platform: str
) -> None:
    company, told = SELLERS[platform].company, STORIES[platform]
    page = context.new_page()
    complaints = listen(page)
    sign_in(page, shop, f"admin@{company}.example")
    label = place_order_in_the_console(context, shop, platform)

    see_it_listed(page, f"{shop.url}/t/{company}/orders", label)
    page.get_by_role("link", name=label).first.click()
    page.evaluate("window.untouched = true")
    story = page.locator("#story")
    expect(story).to_contain_text(re.compile(told.arrived), timeout=_PATIENCE_MS)
    expect(story).to_contain_text("Bring it in", timeout=_PATIENCE_MS)
    expect(story).to_contain_text("Created 0", timeout=_PATIENCE_MS)

    number = re.search(r"Created (\d{8})", story.inner_text())
    assert number is not None
    console = context.new_page()
    for button, status in told.steps:
        console.goto(f"{shop.sandbox_url}/{company}/{told.staff}/orders/{number[1]}")
        console.get_by_role("button", name=button, exact=True).click()
        expect(story).to_contain_text(
            re.compile(f"{status} in {PLATFORMS[platform].label}"), timeout=_PATIENCE_MS
        )

    expect(page.locator("main")).to_contain_text("Both sides agree")
    assert page.evaluate("window.untouched") is True, "the page was loaded again"
    assert story.locator("> li").count() >= 10
    assert complaints == []


def see_it_listed(page: Page, address: str, label: str) -> None:
    """Wait for the list of orders to show one. What no webhook tells of takes a poll."""

    def is_there() -> bool:
        page.goto(address)
        return page.get_by_role("link", name=label).count() > 0

    eventually(f"{label} is listed", is_there, within=45, every=1.0)


def test_the_sync_log_grows_by_itself(context: BrowserContext, shop: Product) -> None:
    page = context.new_page()
    complaints = listen(page)
    sign_in(page, shop)
    page.goto(f"{shop.url}/t/greenleaf/connections")
    page.locator("main td a[href*='/connections/']").first.click()
    page.get_by_role("link", name="Sync log").click()
    log = page.get_by_role("log")
    before = log.locator(".row").count()
    label = place_order_in_the_console(context, shop)
    expect(log).to_contain_text(f"order {label}", timeout=_PATIENCE_MS)
    expect(log).to_contain_text("Flourish: Created", timeout=_PATIENCE_MS)
    assert log.locator(".row").count() > before
    assert complaints == []


@pytest.mark.parametrize(
    "email",
    [
        "admin@greenleaf.example",
        "viewer@greenleaf.example",
        "admin@sunrise.example",
        "support@trellis.example",
    ],
)
def test_links_of_every_kind_lead_somewhere(context: BrowserContext, shop: Product, email: str) -> None:
    shop.place_order(company="sunrise", lines=2)
    page = context.new_page()
    sign_in(page, shop, email)
    reached = pages_of(page, f"{shop.url}/")
    assert len(reached) > 1
    assert {address: answer for address, answer in reached.items() if answer.status >= 400} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", list(VIEWS))
def test_axe_finds_nothing_on_any_page(browser: Browser, shop: Product, scheme: str, view: str) -> None:
    context = browser.new_context(viewport=VIEWS[view], color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{shop.url}/")
    found = violations(page)
    sign_in(page, shop)
    page.goto(f"{shop.url}/t/greenleaf/orders")
    order = page.locator("main table a").first.get_attribute("href") or ""
    page.goto(f"{shop.url}/t/greenleaf/runs")
    run = page.locator("main table a").first.get_attribute("href") or ""
    page.goto(f"{shop.url}/t/greenleaf/connections")
    connection = page.locator("main a[href*='/connections/']").first.get_attribute("href") or ""
    for path in (
        "/t/greenleaf/",
        "/t/greenleaf/orders",
        order,
        "/t/greenleaf/problems",
        "/t/greenleaf/runs",
        run,
        "/t/greenleaf/connections",
        connection,
        f"{connection}/log",
    ):
        page.goto(shop.url + path)
        found += violations(page)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is {wide} px wider than the {view}"
    context.close()
    assert found == []


@pytest.mark.parametrize("view", list(VIEWS))
def test_axe_finds_nothing_in_the_sandboxes_console(browser: Browser, shop: Product, view: str) -> None:
    context = browser.new_context(viewport=VIEWS[view])  # type: ignore[arg-type]
    page = context.new_page()
    found = []
    for path in (
        "/",
        "/greenleaf/buyer/orders/",
        "/greenleaf/buyer/orders/new",
        "/faults",
        "/ledger",
        "/webhooks",
    ):
        page.goto(shop.sandbox_url + path)
        found += violations(page)
    context.close()
    assert found == []
