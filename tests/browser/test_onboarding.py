"""A company whose two sides do not match goes from sign-in to live in one browser, on each platform. Each
page is looked at on the way: at both widths, by axe, and by keyboard where something is decided."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import Engine

from portal.cli.demo import PASSWORD
from portal.sync.registry import PLATFORMS
from tests.browser.conftest import VIEWS
from tests.browser.setups import SETUPS, Setup
from tests.browser.walk import Walk
from tests.conftest import empty
from tests.processes.product import Product, eventually, product

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.xdist_group("onboarding")]

OPERATOR = "operator@trellis.example"
_PATIENCE_MS = 60_000
# Nobody waits for the end of a large first sync, which would slow the others down.
SMALLEST_FIRST = sorted(SETUPS.values(), key=lambda setup: setup.things)
_FEW = 100
# An order that only polls tell of is there soon.
_PACE = {"TRELLIS_POLL_SECONDS": "10"}


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, database_url: str, redis_url: str, engine: Engine
) -> Iterator[Product]:
    empty(engine, redis_url)
    data: Path = tmp_path_factory.mktemp("onboarding")
    with product(data, database_url, redis_url, "none", **_PACE) as made:
        added = made.run(
            "user", "add", OPERATOR, "--name", "Opal", "--password", PASSWORD, "--staff", "operator"
        )
        assert added.returncode == 0, added.stderr
        # The rates themselves are another test's; here nobody waits for them.
        made.control("POST", "settings", {f"{key}_rate_limit": 0 for key in PLATFORMS})
        made.start("worker")
        yield made


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


def test_a_company_of_every_platform_is_set_up_here() -> None:
    assert set(SETUPS) == set(PLATFORMS)


@pytest.mark.promise("ON-1", "ON-2", "ON-3", "ON-4", "ON-5", "ON-7", "ON-9", "ON-10", "OR-3")
@pytest.mark.parametrize("setup", SMALLEST_FIRST, ids=lambda setup: setup.platform.key)
def test_a_company_goes_from_sign_in_to_live(walk: Callable[[], Walk], setup: Setup) -> None:
    operator, owner = walk(), walk()
    owner.mend(*setup.spoilt)
    make_the_company(operator, setup)
    join(owner, setup)
    connect(owner, setup)
    see_what_blocks(owner, setup)
    setup.decide(owner)
    check_again(owner, setup)
    preview(owner, setup)
    try_one_order(owner, setup)
    go_live(owner, setup)
    see_an_order_arrive(owner, setup)
    setup.afterwards(owner)
    assert operator.wrong + owner.wrong == []


def make_the_company(walk: Walk, setup: Setup) -> None:
    walk.page.goto(walk.shop.url)
    walk.page.get_by_label("E-mail").fill(OPERATOR)
    walk.page.get_by_label("Password").fill(PASSWORD)
    walk.press(walk.page.get_by_label("Password"))
    walk.follow("Make a company")
    fields = {"name": setup.company, "slug": setup.world, "timezone": setup.zone, "owner": setup.owner}
    for name, value in fields.items():
        walk.page.locator(f"#{name}").fill(value)
    walk.press(walk.button("Make it, and invite the owner"))
    walk.says(f"{setup.owner} is invited")


def join(walk: Walk, setup: Setup) -> None:
    """By the link in the mail, with a password of one's own."""
    mails, owner = f"{walk.shop.url}/demo/mail", setup.owner
    eventually("the mail came", lambda: owner in walk.page.request.get(mails).text(), within=60, every=0.5)
    walk.page.goto(mails)
    walk.press(walk.page.locator("article", has_text=owner).get_by_role("link").first)
    walk.look()
    walk.page.get_by_label("Name").fill("Olive Owner")
    walk.page.get_by_label("Password").fill(PASSWORD)
    walk.press(walk.button("Join"))
    walk.says("Connect Flourish first")
    walk.look()


def connect(walk: Walk, setup: Setup) -> None:
    """Type the keys of both sides, tell them where Trellis is, and choose the facility."""
    accounts = walk.shop.control("GET", "accounts")
    keys = {row["platform"]: row for row in accounts if row["world"] == setup.world}
    flourish_url = f"{walk.shop.sandbox_url}/flourish/external/api"
    walk.follow("Connect Flourish")
    enter(walk, api_key="wrong", base_url=flourish_url)
    walk.says("key")
    expect(walk.page.get_by_role("heading", level=1)).to_have_text("Connect Flourish")
    walk.look()
    enter(walk, api_key=keys["flourish"]["key"], base_url=flourish_url)
    walk.look()
    fill_in_flourishs_screen(walk, setup)
    walk.follow("Done: connect a sales platform")
    walk.follow(f"Connect {setup.platform.label}")
    own = keys[setup.platform.key]
    enter(walk, base_url=own["base_url"], **setup.credentials(own))
    walk.look()
    if setup.platform.webhook:
        address = walk.page.locator("#webhook-address").inner_text()
        walk.mend(
            (
                f"{setup.platform.key}/webhooks",
                {"company": setup.world, "url": address, "key": own["webhook_key"]},
            )
        )
    walk.follow("Done: choose the facility")
    walk.page.get_by_label(setup.facility).check()
    walk.press(walk.button("Choose, and call both sides"))
    walk.says("Both sides answered: it is ready.")


def fill_in_flourishs_screen(walk: Walk, setup: Setup) -> None:
    """Copy field by field what the page shows: address, signing key, both headers, and the events to tick."""

    def shown(name: str) -> str:
        return walk.page.locator(f"#{name}").input_value()

    headers = {shown(f"header-{number}-key"): shown(f"header-{number}-value") for number in (1, 2)}
    events = re.search(r"Events to send: (.*?)\.", walk.page.locator("main").inner_text())
    assert events is not None
    screen: dict[str, Any] = {"headers": headers, "events": events[1].split(", ")}
    screen |= {"company": setup.world, "url": shown("webhook-address"), "key": shown("signing-key")}
    walk.mend(("flourish/webhooks", screen))


def enter(walk: Walk, **typed: str) -> None:
    for name, value in typed.items():
        walk.page.locator(f"#{name}").fill(value)
    walk.press(walk.button("Try it, and connect"))


def see_what_blocks(walk: Walk, setup: Setup) -> None:
    walk.says("Going live waits for the checks.")
    walk.look()
    walk.follow("Check both sides")
    walk.check("Check everything")
    walk.says(setup.found)
    walk.look()
    walk.says(f"Going live needs first: {'; '.join(setup.blocking)}.")


def check_again(walk: Walk, setup: Setup) -> None:
    walk.follow("Get ready")
    walk.check("Check everything again")
    walk.says(setup.mended)
    walk.look()


def preview(walk: Walk, setup: Setup) -> None:
    walk.mend(setup.order, setup.order)
    walk.follow("Preview the first sync")
    day = datetime.now(ZoneInfo(setup.zone)).date().isoformat()
    walk.page.get_by_label("Send orders placed since").fill(day)
    walk.press(walk.button("Start the preview"))
    # Nobody loads the page again: it does so itself once the preview is made.
    walk.page.wait_for_selector("text=Go live with this preview")
    walk.says("2 orders are created")
    walk.look()


def try_one_order(walk: Walk, setup: Setup) -> None:
    here = walk.page.url
    walk.page.locator("select[name=thing]").select_option("order")
    walk.press(walk.button("Show"))
    walk.press(walk.page.get_by_role("button", name="Sync this one").first)
    expect(walk.page.locator("#story")).to_contain_text(re.compile(r"Created \d{8}"))
    walk.says("Both sides agree")
    assert orders(walk, setup) == 1
    walk.page.goto(here.removesuffix("/preview"))
    walk.says("What the first sync would do was previewed.")
    walk.look()


def go_live(walk: Walk, setup: Setup) -> None:
    for kind, name in (("connection", setup.platform.label), ("hub", "Flourish")):
        faster = walk.shop.run(kind, "rate", name, "50", "--tenant", setup.world)
        assert faster.returncode == 0, faster.stderr
    walk.follow("Go live")
    walk.press(walk.button("Go live with the preview"))
    walk.says("Live. The first sync begins now.")
    walk.says(f" of {setup.things} products and orders of the preview are done")
    if setup.things < _FEW:
        done = f"{setup.things} of {setup.things} products"
        expect(walk.page.locator("#first-sync")).to_contain_text(done, timeout=2 * _PATIENCE_MS)
    walk.look()
    walk.follow(setup.platform.label)
    walk.says("It reads and writes on both sides.")


def see_an_order_arrive(walk: Walk, setup: Setup) -> None:
    """One that is placed now is in Flourish without anybody's doing, and the promises are kept."""
    walk.mend(setup.order)
    eventually("the order is in Flourish", lambda: orders(walk, setup) == 3, within=60, every=0.5)
    eventually("every promise is kept", lambda: walk.shop.run("check").returncode == 0, within=180)


def orders(walk: Walk, setup: Setup) -> int:
    """How many orders the company has in Flourish."""
    found = walk.shop.control("GET", f"state?of={setup.made}")["flourish"][setup.made]
    return sum(one["company"] == setup.world for one in found)
