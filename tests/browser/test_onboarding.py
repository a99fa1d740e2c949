"""A company whose two sides do not match goes from sign-in to live in one browser, each page looked at on the
way: at both widths, by axe, and by keyboard where something is decided."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import Engine

from portal.cli.demo import PASSWORD
from tests.browser.conftest import VIEWS, violations
from tests.conftest import empty
from tests.processes.product import Product, eventually, product

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.xdist_group("onboarding")]

OPERATOR, OWNER = "operator@trellis.example", "olive@sunrise.example"
WORLD, ZONE = "sunrise", "America/Denver"
_PATIENCE_MS = 60_000

# What is put right in the two systems themselves: a product that has another's SKU, an item without strain,
# reps without facility, not active, with another's address.
MENDED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("leaflink/products/90086", {"sku": "SR-PR5-GRECRA"}),
    ("flourish/items/SR-PR5-DURPOI", {"strain_name": "Durban Poison"}),
    ("flourish/sales-reps/hana.okafor@sunrise.example", {"facility_id": "00000003"}),
    ("flourish/sales-reps/marcus.bell@sunrise.example", {"active": True}),
    ("flourish/sales-reps/13", {"email": "sofia.lindqvist@sunrise.example"}),
)
BLOCKING = (
    "Match every product by SKU",
    "Match customers by license number",
    "Match sales reps by e-mail",
    "Give every strain-specific item a strain",
)


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, database_url: str, redis_url: str, engine: Engine
) -> Iterator[Product]:
    empty(engine, redis_url)
    data: Path = tmp_path_factory.mktemp("onboarding")
    with product(data, database_url, redis_url, "none") as made:
        added = made.run(
            "user", "add", OPERATOR, "--name", "Opal", "--password", PASSWORD, "--staff", "operator"
        )
        assert added.returncode == 0, added.stderr
        # The rate itself is another test's; here nobody waits for it.
        made.control("POST", "settings", {"leaflink_rate_limit": 0})
        made.start("worker")
        yield made


@dataclass
class Walk:
    """Somebody's way through the pages, and what was found wrong with them."""

    page: Page
    shop: Product
    wrong: list[str] = field(default_factory=list)

    def look(self) -> None:
        """Look at the page as it is: by axe at a desk in the light, and on a phone in the dark."""
        for view, scheme in (("desktop", "light"), ("phone", "dark")):
            self.page.set_viewport_size(VIEWS[view])  # type: ignore[arg-type]
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            self.wrong += [f"{view}: {found}" for found in violations(self.page)]
            if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                self.wrong.append(f"{view}: {self.page.url} scrolls sideways")
        self.page.set_viewport_size(VIEWS["desktop"])  # type: ignore[arg-type]

    def says(self, text: str) -> None:
        expect(self.page.locator("main")).to_contain_text(text)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def follow(self, name: str) -> None:
        """Follow a link by keyboard, and look where it leads."""
        self.press(self.page.get_by_role("link", name=name, exact=True).first)
        self.look()

    def press(self, target: Locator) -> None:
        """Do something by keyboard alone, and wait for the page that comes of it."""
        target.focus()
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")


@pytest.fixture
def walk(browser: Browser, shop: Product) -> Iterator[Callable[[], Walk]]:
    contexts = []

    def begin() -> Walk:
        context = browser.new_context(viewport=VIEWS["desktop"])  # type: ignore[arg-type]
        context.set_default_timeout(_PATIENCE_MS)
        contexts.append(context)
        return Walk(context.new_page(), shop)

    expect.set_options(timeout=_PATIENCE_MS)
    yield begin
    expect.set_options(timeout=5_000)
    for context in contexts:
        context.close()


@pytest.mark.promise("ON-1", "ON-2", "ON-3", "ON-4", "ON-5", "ON-7", "ON-9", "ON-10")
def test_a_company_goes_from_sign_in_to_live(walk: Callable[[], Walk]) -> None:
    operator, owner = walk(), walk()
    make_the_company(operator)
    join(owner)
    connect(owner)
    see_what_blocks(owner)
    decide_on_products(owner)
    mend_the_rest(owner)
    check_again(owner)
    preview(owner)
    try_one_order(owner)
    go_live(owner)
    assert operator.wrong + owner.wrong == []


def make_the_company(walk: Walk) -> None:
    walk.page.goto(walk.shop.url)
    walk.page.get_by_label("E-mail").fill(OPERATOR)
    walk.page.get_by_label("Password").fill(PASSWORD)
    walk.press(walk.page.get_by_label("Password"))
    walk.follow("Make a company")
    for name, value in (("name", "Sunrise Brands"), ("slug", WORLD), ("timezone", ZONE), ("owner", OWNER)):
        walk.page.locator(f"#{name}").fill(value)
    walk.press(walk.button("Make it, and invite the owner"))
    walk.says(f"{OWNER} is invited")


def join(walk: Walk) -> None:
    """By the link in the mail, with a password of one's own."""
    mails = f"{walk.shop.url}/demo/mail"
    eventually("the mail came", lambda: OWNER in walk.page.request.get(mails).text(), within=60, every=0.5)
    walk.page.goto(mails)
    walk.press(walk.page.locator("article", has_text=OWNER).get_by_role("link").first)
    walk.look()
    walk.page.get_by_label("Name").fill("Olive Owner")
    walk.page.get_by_label("Password").fill(PASSWORD)
    walk.press(walk.button("Join"))
    walk.says("Connect Flourish first")
    walk.look()


def connect(walk: Walk) -> None:
    """Type the keys of both sides, tell both where Trellis is, and choose the facility."""
    url, accounts = walk.shop.sandbox_url, walk.shop.control("GET", "accounts")
    keys = {row["platform"]: row for row in accounts if row["world"] == WORLD}
    walk.follow("Connect Flourish")
    enter(walk, api_key="wrong", base_url=f"{url}/flourish/external/api")
    walk.says("key")
    expect(walk.page.get_by_role("heading", level=1)).to_have_text("Connect Flourish")
    walk.look()
    enter(walk, api_key=keys["flourish"]["key"], base_url=f"{url}/flourish/external/api")
    walk.look()
    page = walk.page
    names = [page.locator(f"#header-{number}-key").input_value() for number in (1, 2)]
    values = [page.locator(f"#header-{number}-value").input_value() for number in (1, 2)]
    key, address = (page.locator(f"#{field}").input_value() for field in ("signing-key", "webhook-address"))
    register(walk, "flourish", address, key, headers=dict(zip(names, values, strict=True)))

    walk.follow("Done: connect a sales platform")
    walk.follow("Connect LeafLink")
    webhook_key = keys["leaflink"]["webhook_key"]
    enter(
        walk,
        api_key=keys["leaflink"]["key"],
        webhook_key=webhook_key,
        base_url=f"{url}/leaflink/api/v2/",
    )
    walk.look()
    register(walk, "leaflink", walk.page.locator("#webhook-address").inner_text(), webhook_key)
    walk.follow("Done: choose the facility")
    walk.page.get_by_label("Sunrise Oakland Distribution").check()
    walk.press(walk.button("Choose, and call both sides"))
    walk.says("Both sides answered: it is ready.")


def enter(walk: Walk, **typed: str) -> None:
    for name, value in typed.items():
        walk.page.locator(f"#{name}").fill(value)
    walk.press(walk.button("Try it, and connect"))


def register(walk: Walk, platform: str, address: str, key: str, **more: object) -> None:
    """What a person enters in the other system's own pages."""
    body = {"company": WORLD, "url": address, "key": key, **more}
    walk.shop.control("POST", f"{platform}/webhooks", body)


def see_what_blocks(walk: Walk) -> None:
    walk.says("Going live waits for the checks.")
    walk.look()
    walk.follow("Check both sides")
    check_everything(walk, "Check everything")
    walk.says("11 of 23 ready – 4 block go-live.")
    walk.look()
    walk.says(f"Going live needs first: {'; '.join(BLOCKING)}.")


def check_everything(walk: Walk, name: str) -> None:
    walk.press(walk.button(name))
    walk.page.wait_for_selector("#checklist:not([hx-get])")


def decide_on_products(walk: Walk) -> None:
    """One near product is accepted; all others are decided on in a file."""
    walk.press(walk.page.locator("#check-sku"))
    walk.look()
    walk.follow("Open the list")
    walk.press(walk.button("They are the same: sr-pr1-bludre and SR-PR1-BLUDRE"))
    walk.says("Said to be the same: 1.")
    with walk.page.expect_download() as download:
        walk.page.get_by_role("link", name="Download as CSV").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    for row in rows:
        row["decision"] = {"near": "same", "missing right": "leave out"}.get(row["state"], "")
    walk.follow("Upload decisions")

    upload(walk, [{**row, "decision": row["decision"] and "yes"} for row in rows])
    walk.says("Nothing was changed: 6 rows are wrong")
    walk.look()
    upload(walk, rows)
    walk.look()
    walk.press(walk.button("Apply all 6"))
    walk.says("Done: 6 decisions.")


def upload(walk: Walk, rows: list[dict[str, str]]) -> None:
    written = io.StringIO()
    writer = csv.DictWriter(written, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    file = {"name": "sku.csv", "mimeType": "text/csv", "buffer": written.getvalue().encode()}
    walk.page.get_by_label("CSV in UTF-8").set_input_files(file)  # type: ignore[arg-type]
    walk.press(walk.button("Look through"))


def mend_the_rest(walk: Walk) -> None:
    """In the two systems themselves, by hand, and by a waiver."""
    for path, change in MENDED:
        walk.shop.control("POST", path, {"company": WORLD, **change})
    walk.follow("Checks")
    walk.press(walk.page.locator("#check-rep"))
    walk.follow("Open the list")
    walk.page.get_by_label("Sales rep in LeafLink").fill("jordan@sunrise.example")
    walk.page.get_by_label("Sales rep in Flourish").fill("jordan.whitfield@sunrise.example")
    walk.press(walk.page.get_by_label("Sales rep in Flourish"))
    walk.says("Said to be the same: 1.")
    walk.follow("Checks")
    walk.press(walk.page.locator("#check-license"))
    walk.press(walk.button("Waive"))
    walk.look()
    walk.page.get_by_label("Why it need not be ready").fill("They get their destinations this week")
    walk.press(walk.button("Waive"))
    walk.says("Waived: Match customers by license number.")
    walk.follow("Get ready")


def check_again(walk: Walk) -> None:
    check_everything(walk, "Check everything again")
    walk.says("16 of 23 ready – nothing blocks go-live.")
    walk.look()


def preview(walk: Walk) -> None:
    for _ in range(2):
        walk.shop.place_order(company=WORLD, lines=2)
    walk.follow("Preview the first sync")
    day = datetime.now(ZoneInfo(ZONE)).date().isoformat()
    walk.page.get_by_label("Send orders placed since").fill(day)
    walk.press(walk.button("Start the preview"))
    # Nobody loads the page again: it does so itself once the preview is made.
    walk.page.wait_for_selector("text=Go live with this preview")
    walk.says("2 orders are created")
    walk.look()


def try_one_order(walk: Walk) -> None:
    here = walk.page.url
    walk.page.locator("select[name=thing]").select_option("order")
    walk.press(walk.button("Show"))
    walk.press(walk.page.get_by_role("button", name="Sync this one").first)
    expect(walk.page.locator("#story")).to_contain_text(re.compile(r"Created \d{8}"))
    walk.says("Both sides agree")
    assert len(walk.shop.control("GET", "state?of=orders")["flourish"]["orders"]) == 1
    walk.page.goto(here.removesuffix("/preview"))
    walk.says("What the first sync would do was previewed.")
    walk.look()


def go_live(walk: Walk) -> None:
    for kind, name in (("connection", "LeafLink"), ("hub", "Flourish")):
        faster = walk.shop.run(kind, "rate", name, "50", "--tenant", WORLD)
        assert faster.returncode == 0, faster.stderr
    walk.follow("Go live")
    walk.press(walk.button("Go live with the preview"))
    walk.says("Live. The first sync begins now.")
    done = "387 of 387 products and orders of the preview are done"
    expect(walk.page.locator("#first-sync")).to_contain_text(done, timeout=2 * _PATIENCE_MS)
    walk.look()
    walk.follow("LeafLink")
    walk.says("It reads and writes on both sides.")
    orders = walk.shop.control("GET", "state?of=orders")["flourish"]["orders"]
    assert len(orders) == 2
    checked = walk.shop.run("check")
    assert checked.returncode == 0, checked.stdout
