"""How a company is set up for each platform, from nothing to live: what test_onboarding knows of a platform
besides what the platform declares. Another platform is one record more."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from portal.sync.contract import Platform
from portal.sync.platforms.aiq import AIQ
from portal.sync.platforms.leaflink import LEAFLINK
from portal.sync.platforms.ordo import ORDO
from tests.browser.walk import Call, Walk
from tests.processes.product import eventually


@dataclass(frozen=True)
class Setup:
    """How a company is set up.

    Args:
        platform: what it sells through.
        world: whose keys the sandbox has, and where the two sides do not match yet.
        company: its name.
        zone: where it is.
        facility: where its orders go.
        spoilt: what is made not to match besides.
        afterwards: what is looked at on the platform itself once it is live.
        found: what the first check comes to.
        blocking: the titles of the checks that keep it from going live then.
        decide: how people make the two sides match, in Trellis and by hand.
        mended: what the last check comes to.
        order: how an order is placed that may come in.
        things: how many products and orders the first sync is about.
        made: which of Flourish's lists they are in once they came in.
    """

    platform: Platform
    world: str
    company: str
    zone: str
    facility: str
    found: str
    blocking: tuple[str, ...]
    decide: Callable[[Walk], None]
    mended: str
    order: Call
    things: int
    spoilt: tuple[Call, ...] = ()
    afterwards: Callable[[Walk], None] = lambda walk: None
    made: str = "orders"

    @property
    def owner(self) -> str:
        """Who is invited."""
        return f"olive@{self.world}.example"

    def credentials(self, account: Mapping[str, Any]) -> dict[str, str]:
        """What is typed into the platform's form, of what the sandbox says of the account."""
        fields = (one.name for one in self.platform.credentials)
        known = {"api_key": account["key"], "webhook_key": account.get("webhook_key")}
        known["venue"] = next((venue["id"] for venue in account.get("venues", ())), None)
        return {name: known[name] for name in fields if known.get(name)}


# What is put right in LeafLink and Flourish themselves: a product that has another's SKU, an item without
# strain, reps without facility, not active, with another's address.
_LEAFLINK_MENDED: tuple[Call, ...] = (
    ("leaflink/products/90086", {"company": "sunrise", "sku": "SR-PR5-GRECRA"}),
    ("flourish/items/SR-PR5-DURPOI", {"company": "sunrise", "strain_name": "Durban Poison"}),
    (
        "flourish/sales-reps/hana.okafor@sunrise.example",
        {"company": "sunrise", "facility_id": "00000003"},
    ),
    ("flourish/sales-reps/marcus.bell@sunrise.example", {"company": "sunrise", "active": True}),
    ("flourish/sales-reps/13", {"company": "sunrise", "email": "sofia.lindqvist@sunrise.example"}),
)


def _decide_for_leaflink(walk: Walk) -> None:
    """Accept a near product, decide on all others in a file, mend what is wrong, and waive a check."""
    _decide_on_products(walk)
    walk.mend(*_LEAFLINK_MENDED)
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


def _decide_on_products(walk: Walk) -> None:
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

    _upload(walk, [{**row, "decision": row["decision"] and "yes"} for row in rows])
    walk.says("Nothing was changed: 6 rows are wrong")
    walk.look()
    _upload(walk, rows)
    walk.look()
    walk.press(walk.button("Apply all 6"))
    walk.says("Done: 6 decisions.")


def _upload(walk: Walk, rows: list[dict[str, str]]) -> None:
    written = io.StringIO()
    writer = csv.DictWriter(written, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    file = {"name": "sku.csv", "mimeType": "text/csv", "buffer": written.getvalue().encode()}
    walk.page.get_by_label("CSV in UTF-8").set_input_files(file)  # type: ignore[arg-type]
    walk.press(walk.button("Look through"))


# A brand and an item that are spelled otherwise, and an own license that is not whole.
_ORDO_SPOILT: tuple[Call, ...] = (
    ("ordo/brands/brd-7", {"name": "EMBER FLOWER"}),
    ("ordo/licenses/lic-5", {"street2": ""}),
    ("flourish/items/EM-FL35-BLUDRE", {"company": "ember", "sku": "em-fl35-bludre"}),
)


def _decide_for_ordo(walk: Walk) -> None:
    """Accept the near brand and the near item, complete the license, and have Flourish send something."""
    for check, same in (
        ("brand", "They are the same: EMBER FLOWER and Ember Flower"),
        ("sku", "They are the same: EM-FL35-BLUDRE and em-fl35-bludre"),
    ):
        walk.press(walk.page.locator(f"#check-{check}"))
        walk.look()
        walk.follow("Open the list")
        walk.press(walk.button(same))
        walk.says("Said to be the same: 1.")
        walk.follow("Checks")
    walk.press(walk.page.locator("#check-ordo_address"))
    walk.says("Manage Organization, compliance")
    walk.look()
    walk.mend(
        ("ordo/licenses/lic-5", {"street2": "Suite 100"}),
        ("flourish/items/EM-VC5-BLUDRE", {"company": "ember", "item_name": "Blue Dream Cartridge"}),
    )


def _watch_over_ordo(walk: Walk) -> None:
    """Once it is live, what goes wrong in Ordo's organisation is told, and put right by what is said."""
    _no_item_is_doubled(walk)
    connection = walk.page.url
    _a_brand_is_renamed(walk, connection)
    walk.page.goto(connection)
    _an_address_is_emptied(walk)


def _a_brand_is_renamed(walk: Walk, connection: str) -> None:
    walk.mend(("ordo/brands/brd-9", {"name": "Ember Pantry"}))
    walk.press(walk.button("Read all products again"))
    told = "under a brand that both sides do not share any more"
    _wait_for_problems(walk, told)
    walk.press(walk.page.get_by_role("link", name=re.compile(told)).first)
    walk.says("It was synced as Ember Kitchen. Ordo has no brand Ember Kitchen.")
    walk.says("Add the brand in Ordo, or give the item one of its brands")
    walk.look()

    walk.mend(("ordo/brands/brd-9", {"name": "Ember Kitchen"}))
    walk.page.goto(connection)
    walk.press(walk.button("Read all products again"))
    _wait_for_problems(walk, "No open problems")


def _wait_for_problems(walk: Walk, text: str) -> None:
    def says_so() -> bool:
        walk.page.goto(f"{walk.shop.url}/t/ember/problems")
        return text in walk.page.locator("main").inner_text()

    eventually(f"the list of problems says: {text}", says_so, within=45, every=1.0)


def _an_address_is_emptied(walk: Walk) -> None:
    walk.mend(("ordo/licenses/lic-5", {"street2": ""}))
    walk.follow("Health")
    walk.check("Check everything again")
    walk.says("1 needs action.")
    walk.press(walk.page.locator("#check-ordo_address"))
    walk.says("Enter address line 2 of the license in Ordo")

    walk.mend(("ordo/licenses/lic-5", {"street2": "Suite 100"}))
    walk.follow("Health")
    walk.check("Check everything again")
    walk.says("nothing needs action.")


def _no_item_is_doubled(walk: Walk) -> None:
    """Each item of Flourish is in Ordo once, also the one that has another SKU there."""
    found = walk.shop.control("GET", "state?of=items")
    own = {one["sku"]: one["external_id"] for one in found["ordo"]["items"] if one["company"] == "ember"}
    there = [one for one in found["flourish"]["items"] if one["company"] == "ember"]
    assert len(own) == len(there)
    assert None not in own.values()
    assert own["EM-FL35-BLUDRE"] == next(one["id"] for one in there if one["sku"] == "em-fl35-bludre")


# Categories of Verde's items, and where they stand on AIQ's menu.
_PLACES = (
    *("Packaged Flower = FLOWER", "Rosin = CONCENTRATES", "Badder = CONCENTRATES"),
    *("Live Resin = CONCENTRATES", "Disposables = VAPORIZERS", "510 Cartridges = VAPORIZERS"),
    *("Infused Pre-Rolls = PRE_ROLLS", "Pre-Roll Packs = PRE_ROLLS", "Single Pre-Rolls = PRE_ROLLS"),
    *("Gummies = EDIBLES", "Chocolates = EDIBLES", "Tinctures = TINCTURES", "Balms = TOPICALS"),
)


def _decide_for_aiq(walk: Walk) -> None:
    """Say under Rules that nobody else sends the orders, and where each category stands on the menu."""
    walk.press(walk.page.locator("#check-native"))
    walk.look()
    walk.follow("Open the rules")
    walk.page.locator("input[name=native_integration][value=off]").check()
    walk.page.locator("#category_table").fill("\n".join(_PLACES))
    walk.press(walk.button("Save rules"))
    walk.follow(AIQ.label)


SETUPS: Mapping[str, Setup] = {
    one.platform.key: one
    for one in (
        Setup(
            platform=LEAFLINK,
            world="sunrise",
            company="Sunrise Brands",
            zone="America/Denver",
            facility="Sunrise Oakland Distribution",
            found="11 of 23 ready – 4 block go-live.",
            blocking=(
                "Match every product by SKU",
                "Match customers by license number",
                "Match sales reps by e-mail",
                "Give every strain-specific item a strain",
            ),
            decide=_decide_for_leaflink,
            mended="16 of 23 ready – nothing blocks go-live.",
            order=("leaflink/orders", {"company": "sunrise", "lines": 2}),
            things=387,
        ),
        Setup(
            platform=ORDO,
            world="ember",
            company="Ember Extracts",
            zone="America/Los_Angeles",
            facility="Ember Oakland Distribution",
            spoilt=_ORDO_SPOILT,
            found="8 of 12 ready – 3 block go-live.",
            blocking=(
                "Fill in address line 2 of the license",
                "Match items by SKU",
                "Match brands by name",
            ),
            decide=_decide_for_ordo,
            mended="12 of 12 ready – nothing blocks go-live.",
            order=("ordo/orders", {"company": "ember", "lines": 2, "status": "Confirmed"}),
            things=68,
            afterwards=_watch_over_ordo,
        ),
        Setup(
            platform=AIQ,
            world="verde",
            company="Verde Collective",
            zone="America/Los_Angeles",
            facility="Verde Oakland Store",
            found="5 of 9 ready – 1 blocks go-live.",
            blocking=("Switch AIQ's own Flourish integration off",),
            decide=_decide_for_aiq,
            mended="7 of 9 ready – nothing blocks go-live.",
            order=("aiq/orders", {"company": "verde", "lines": 2, "status": "CONFIRMED"}),
            things=38,
            made="retail_orders",
        ),
    )
}
