"""What must be so before an Ordo connection goes live: its checks, and what is matched. Pure.

Ordo tells of no customers or staff by themselves: what its open orders name is what has to match, and of
items what people entered there by hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from portal.sync.checks import Check, Entry, MatchKey, Readiness, Severity, Snapshot, Verdict
from portal.sync.mapping.keys import email_key, license_key, sku_key
from portal.sync.platforms.ordo import judging
from portal.sync.platforms.ordo.lists import NAMES
from portal.sync.verdicts import by_key, number, ready, wrong

_WHERE = "Ordo"
_SETUP = "Flourish: Ordo Flourish Setup And Workflow"

SKU = MatchKey(
    "sku", "Items by SKU", "named_items", "items", "item", "item",
    sku_key, many_right=True, needs_right=False, left_where=_WHERE,
)  # fmt: skip
LICENSE = MatchKey(
    "license", "Customers by license number", "buyers", "destinations", "customer", "destination",
    license_key, needs_right=False, left_where=_WHERE,
)  # fmt: skip
REP = MatchKey(
    "rep", "Sales reps by e-mail", "selling_reps", "active_reps", "sales rep", "sales rep",
    email_key, needs_right=False, left_where=_WHERE,
)  # fmt: skip
BRAND = MatchKey(
    "brand", "Brands by name", "brands", "item_brands", "brand", "brand",
    sku_key, many_right=True, needs_left=False, left_where=_WHERE,
)  # fmt: skip


def prepare(snapshot: Snapshot) -> Snapshot:
    """Add what orders that may still come in name, each thing once, and Flourish's brands and active reps."""
    platform, flourish = dict(snapshot.platform), dict(snapshot.flourish)
    orders, reps = platform.get("coming_orders"), flourish.get("sales_reps")
    by_hand = platform.get("ordo_items")
    if isinstance(orders, tuple) and isinstance(by_hand, tuple):
        platform["named_items"] = _items(orders, by_hand)
    if isinstance(orders, tuple):
        platform["buyers"] = _each((one.facts["license"] for one in orders), license_key)
        platform["selling_reps"] = _each((one.facts["rep"] for one in orders), email_key)
    if isinstance(items := flourish.get("items"), tuple):
        flourish["item_brands"] = judging.brands_of(items)
    if isinstance(reps, tuple):
        flourish["active_reps"] = tuple(one for one in reps if one.facts["active"])
    return replace(snapshot, platform=platform, flourish=flourish)


def _items(orders: Iterable[Entry], items: Iterable[Entry]) -> tuple[Entry, ...]:
    """What was entered in Ordo by hand, each by itself, and what is ordered besides."""
    by_hand = tuple(one for one in items if one.value.strip() and not one.facts["external_id"])
    known = {sku_key(one.value) for one in by_hand}
    ordered = _each((sku for one in orders for sku in one.facts["skus"]), sku_key)
    return (*by_hand, *(one for one in ordered if one.value not in known))


def _each(named: Iterable[str], exact: Callable[[str], str]) -> tuple[Entry, ...]:
    """Each value once, however it is written, with how many orders or lines name it."""
    counted = Counter(filter(None, map(exact, named)))
    return tuple(Entry(value, value, f"named {number(times, 'time')}") for value, times in counted.items())


def _key(snapshot: Snapshot) -> Verdict:
    facts = snapshot.facts
    if error := facts.get("key_error"):
        return wrong(f"{error}", "Enter a key that works: Manage Organization, compliance in Ordo.")
    if "company" not in facts:
        return Verdict("unknown", facts.get("key_unknown", "Ordo was not asked yet."), "Check again later.")
    company, missing = facts["company"], facts["missing"]
    where = facts.get("environment", "")
    if missing:
        evidence = f"{company}{where}. The key may not read: {', '.join(missing)}."
        step = "Have an Ordo admin give the key these permissions."
        return wrong(evidence, step, counts={"missing": len(missing)}, examples=tuple(missing))
    return ready(f"{company}{where}. The key may read orders, brands, licenses and items.")


def _judged(key: MatchKey, step: str, *, missing: Severity | None) -> Callable[[Snapshot], Verdict]:
    return lambda snapshot: by_key(key, snapshot.tallies[key.name], missing=missing, step=step)


_MATCHED = ("ordo_key", "flourish_key")

_ORGANISATION = (
    Check(
        "ordo_license",
        "Connect",
        "Give Ordo the facility's license",
        "Ordo sells under the license of the facility that its orders go to. A number that differs in a"
        " character is another license.",
        "blocks",
        judging.own_license,
        needs=("ordo_key", "flourish_facility"),
        lists=("own_licenses",),
        where="platform",
        source=_SETUP,
    ),
    Check(
        "ordo_address",
        "Connect",
        "Fill in address line 2 of the license",
        "Ordo's screen for a license asks for address line 2; without it the license is not whole there.",
        "blocks",
        judging.address,
        needs=("ordo_key",),
        lists=("own_licenses",),
        where="platform",
        source=_SETUP,
    ),
)
_ITEMS = (
    Check(
        "brand",
        "Match your data",
        "Match brands by name",
        "The brand lets an item into Ordo. Items of a brand that is spelled otherwise there stay out of it.",
        "blocks",
        lambda snapshot: judging.brands(BRAND, snapshot),
        needs=_MATCHED,
        lists=("brands", "items"),
        key="brand",
        source=_SETUP,
    ),
    Check(
        "ordo_orphans",
        "Match your data",
        "Keep items under brands that both sides have",
        "An item whose brand was renamed on one side stays in Ordo as it was: neither its stock nor its edits"
        " reach it any more.",
        "warning",
        judging.orphans,
        needs=_MATCHED,
        lists=("ordo_items", "brands", "items"),
        where="platform",
        source=_SETUP,
    ),
    Check(
        "ordo_skus",
        "Match your data",
        "Give each item one SKU",
        "An item that both sides have is named by its SKU in orders, so that it must be the same on both.",
        "warning",
        judging.skus,
        needs=_MATCHED,
        lists=("ordo_items", "items"),
        where="platform",
        source="Flourish: Ordo integration overview (items match by brand and SKU)",
    ),
)

READINESS = Readiness(
    checks=(
        Check(
            "ordo_key",
            "Connect",
            "Connect Ordo",
            "Orders are read and moved with this key. One that lacks a permission fails at the first order.",
            "blocks",
            _key,
            where="keys",
            source="Assumed: Ordo publishes no API",
        ),
        *_ORGANISATION,
        Check(
            "sku",
            "Match your data",
            "Match items by SKU",
            "An order names its items by SKU: one that is not in Flourish holds the order up. What was"
            " entered in Ordo by hand is the item with the same SKU; under a near one it stays beside it.",
            "blocks",
            _judged(SKU, "Give both the same SKU, or accept a near one.", missing="warning"),
            needs=_MATCHED,
            lists=("coming_orders", "ordo_items", "items"),
            key="sku",
            source="Flourish: Ordo integration overview (items match by brand and SKU)",
        ),
        Check(
            "license",
            "Match your data",
            "Match customers by license number",
            "An order goes to the destination with its customer's license number, never to one of the same"
            " name. Ordo tells no address of a customer, so Flourish must know its destination already.",
            "blocks",
            _judged(
                LICENSE,
                "Correct the license number on one side, accept the near one, or make the destination in"
                " Flourish.",
                missing="warning",
            ),
            needs=_MATCHED,
            lists=("coming_orders", "destinations"),
            key="license",
            source=_SETUP,
        ),
        Check(
            "rep",
            "Match your data",
            "Match sales reps by e-mail",
            "An order is credited to the rep with the same e-mail. One that Flourish does not know holds the"
            " order up.",
            "blocks",
            _judged(
                REP,
                "Give the rep the same e-mail on both sides, on one active profile in Flourish.",
                missing="warning",
            ),
            needs=_MATCHED,
            lists=("coming_orders", "sales_reps"),
            key="rep",
            source=_SETUP,
        ),
        *_ITEMS,
    ),
    keys=(SKU, LICENSE, REP, BRAND),
    lists=NAMES,
    prepare=prepare,
)
