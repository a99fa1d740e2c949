"""What an AIQ store has to be like before orders go to Flourish: nobody else sends them, numbers are told
apart, and every item has its place (AQ-3, AQ-12, AQ-13). Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from portal.sync.checks import Snapshot, Verdict
from portal.sync.platforms.aiq.categories import category_text, kind_of
from portal.sync.platforms.aiq.listing import CATEGORY_TABLE
from portal.sync.verdicts import earlier, entries, number, ready, shown, some, wrong

# The settings that answer what no API tells.
NATIVE_INTEGRATION = "native_integration"
NOT_SAID, IS_OFF, IS_ON = NATIVE_ANSWERS = ("not said yet", "off", "on")


def native(snapshot: Snapshot) -> Verdict:
    """AIQ's own integration with Flourish sends no orders: somebody has said so, and none of the orders that
    come shows an id that Trellis has not written."""
    said = snapshot.settings.get(NATIVE_INTEGRATION, NOT_SAID)
    sent = [one for one in entries(snapshot, "coming_shop_orders") if one.facts["pos_id"]]
    known: frozenset[str] = snapshot.facts.get("pos_ids", frozenset())
    foreign = [one for one in sent if one.facts["pos_id"] not in known]
    step = (
        "In AIQ under Store, Integrations, Flourish, switch Sync Orders off, better all of it. Then say under"
        " Rules that it is off."
    )
    if foreign:
        evidence = (
            f"{number(len(foreign), 'order that is open has', 'orders that are open have')} an id in Flourish"
            " that Trellis has not written: somebody else sends them."
        )
        return wrong(evidence, step, counts={"sent by others": len(foreign)}, examples=shown(foreign))
    if said == IS_ON:
        return wrong("AIQ's own integration is on: each order would be in Flourish twice.", step)
    if said != IS_OFF:
        return wrong("Nobody has said yet whether AIQ's own Flourish integration is off.", step)
    return ready("AIQ's own Flourish integration is off, somebody said.")


def webhook(snapshot: Snapshot) -> Verdict:
    """A webhook came, to the address that is all that it shows."""
    received = snapshot.facts.get("received_at")
    if received is not None:
        said = (
            f"The last one came {earlier(received, snapshot.at)}. Nothing signs it, so AIQ is asked of each."
        )
        return ready(said)
    step = (
        "Enter the webhook's address in AIQ under Organization, Webhooks, with the events of orders. Then"
        " change an order there and check again."
    )
    return wrong("No webhook of AIQ was received yet, so changes come by the next poll, minutes later.", step)


def numbers(snapshot: Snapshot) -> Verdict:
    """No two orders that may come in have one number."""
    coming = entries(snapshot, "coming_shop_orders")
    counted = Counter(one.value for one in coming)
    twice = sorted(value for value, count in counted.items() if count > 1)
    counts = {"orders": len(coming), "numbers that are shared": len(twice)}
    if not twice:
        return ready(f"{number(len(coming), 'order')}, each with its own number.", counts=counts)
    step = "Switch Randomized Order Number on in AIQ under Order Settings."
    said = f"{number(len(twice), 'number is', 'numbers are')} those of several orders: {some(twice)}."
    return wrong(said, step, counts=counts, examples=tuple(twice[:20]))


def unmapped(snapshot: Snapshot) -> Verdict:
    """Every category of items for e-commerce has its place on the menu."""
    table: Mapping[str, str] = snapshot.settings.get(CATEGORY_TABLE) or {}
    items = [one.facts["item"] for one in entries(snapshot, "items")]
    texts = Counter(category_text(item) for item in items if item.active and item.ecommerce)
    without = texts.pop("", 0)
    missing = sorted(text for text in texts if not kind_of(text, table))
    counts = {"categories": len(texts), "without a place": len(missing), "items without category": without}
    if not missing and not without:
        return ready(f"{number(len(texts), 'category', 'categories')}, each with its place.", counts=counts)
    parts = []
    if missing:
        concerned = sum(texts[text] for text in missing)
        parts.append(
            f"{number(len(missing), 'category has', 'categories have')} no place on the menu, which keeps"
            f" {number(concerned, 'item')} off it: {some(missing)}."
        )
    if without:
        parts.append(f"{number(without, 'item has', 'items have')} no category.")
    step = "Give each its row in the table of categories, under Rules."
    return wrong(" ".join(parts), step, counts=counts, examples=tuple(missing[:20]))
