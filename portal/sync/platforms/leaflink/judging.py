"""What LeafLink's checks find: each decides by a snapshot. Pure.

The sources of their rules stand in the declaration, `readiness.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from portal.sync.checks import Entry, Snapshot, Verdict
from portal.sync.decisions import CatalogueRules
from portal.sync.domain import FacilityFacts, StockKind
from portal.sync.entered import BY_REP
from portal.sync.mapping.description import case_price, folded
from portal.sync.mapping.keys import email_key, license_key
from portal.sync.mapping.stock import has_plain_unit
from portal.sync.mapping.units import convert
from portal.sync.platforms.leaflink.derived import item_of, product_of
from portal.sync.verdicts import (
    any_of,
    are,
    entries,
    first_received,
    listed,
    number,
    ready,
    shown,
    some,
    wrong,
)

_LABEL = "LeafLink"


def key(snapshot: Snapshot) -> Verdict:
    """The key works, and may read all that is read with it."""
    facts = snapshot.facts
    if error := facts.get("key_error"):
        return wrong(f"{error}", "Enter a key that works: Settings, Applications in LeafLink.")
    if "company" not in facts:
        return Verdict(
            "unknown", facts.get("key_unknown", "LeafLink was not asked yet."), "Check again later."
        )
    company, missing = facts["company"], facts["missing"]
    where = facts.get("environment", "")
    if missing:
        evidence = f"{company}{where}. The key lacks: {', '.join(missing)}."
        step = "Give the key these permissions in LeafLink under Settings, Applications."
        return wrong(evidence, step, counts={"missing": len(missing)}, examples=tuple(missing))
    return ready(f"{company}{where}. The key may read orders, products, customers and licenses.")


def webhook_key(snapshot: Snapshot) -> Verdict:
    """A key is stored by which webhooks are recognised."""
    if snapshot.facts.get("webhook_key"):
        return ready("A webhook key is stored; deliveries that are not signed with it are refused.")
    step = (
        "Generate the Company Webhook Key in LeafLink under Settings, Developer options, and enter it here."
    )
    return wrong("No webhook key is stored, so every webhook is refused.", step)


def webhook(snapshot: Snapshot) -> Verdict:
    """A correctly signed webhook came."""
    facts = snapshot.facts
    received, refused = facts.get("received_at"), facts.get("refused", 0)
    return first_received(received, refused, snapshot, _LABEL, fault=facts.get("fault", ""))


def strain_present(snapshot: Snapshot) -> Verdict:
    """Each item that needs a strain has one."""
    needing = [one for one in entries(snapshot, "offered_items") if item_of(one).strain_required]
    without = [one for one in needing if not item_of(one).strain]
    counts = {"need one": len(needing), "without": len(without)}
    if not without:
        return ready(
            f"{number(len(needing), 'item needs', 'items need')} a strain, and none is without.",
            counts=counts,
        )
    said = listed(without, "item has none", "items have none")
    step = "Choose the strain of each in Flourish under Settings, Inventory, Item."
    return wrong(said, step, counts=counts, examples=shown(without))


def licenses(snapshot: Snapshot, verdict: Verdict) -> Verdict:
    """Each customer has a license number, and that of one destination.

    Args:
        snapshot: what was read.
        verdict: of the match key.
    """
    without = [one for one in entries(snapshot, "buyers") if not license_key(one.value)]
    if not without:
        return verdict
    counts = {**verdict.counts, "without license": len(without)}
    said = listed(without, "customer has no license number", "customers have no license number")
    step = verdict.next_step or "Enter the license number in LeafLink: an order without one waits."
    examples = (*shown(without), *verdict.examples)
    severity = verdict.severity if verdict.outcome == "wrong" else "warning"
    evidence = any_of((verdict.evidence, said))
    return wrong(evidence, step, counts=counts, examples=examples, severity=severity)


def reps(snapshot: Snapshot, verdict: Verdict) -> Verdict:
    """Each rep has exactly one profile in Flourish, and that has a facility.

    Args:
        snapshot: what was read.
        verdict: of the match key.
    """
    sellers = {email_key(one.value) for one in entries(snapshot, "selling_staff")}
    homeless = [
        one
        for one in entries(snapshot, "active_reps")
        if email_key(one.value) in sellers and not one.facts["facility"]
    ]
    severity = "blocks" if _needs_rep(snapshot) else "warning"
    if homeless:
        said = listed(homeless, "rep has no facility in Flourish", "reps have no facility in Flourish")
        counts = {**verdict.counts, "without facility": len(homeless)}
        evidence = any_of((verdict.evidence, said))
        step = "Give each sales rep in Flourish the facility that their orders go to."
        examples = (*shown(homeless), *verdict.examples)
        return wrong(evidence, step, counts=counts, examples=examples, severity=severity)
    if verdict.outcome != "wrong":
        return ready(
            f"{verdict.evidence.removesuffix('.')}, each with a facility."
            if verdict.counts
            else verdict.evidence,
            counts=verdict.counts,
        )
    return wrong(
        verdict.evidence,
        verdict.next_step,
        counts=verdict.counts,
        examples=verdict.examples,
        severity=severity,
    )


def default_reps(snapshot: Snapshot) -> Verdict:
    """Where orders need a rep, each customer has one by default."""
    buyers = entries(snapshot, "buyers")
    without = [one for one in buyers if not one.facts["reps"]]
    counts = {"customers": len(buyers), "without": len(without)}
    if not _needs_rep(snapshot):
        return ready("Orders need no sales rep by these rules and this facility.", counts=counts)
    why = (
        "Orders go to the facility of their rep" if _by_rep(snapshot) else "The facility requires a sales rep"
    )
    if not without:
        return ready(
            f"{why}, and each of {number(len(buyers), 'customer')} has a default one.", counts=counts
        )
    said = f"{why}, and {number(len(without), 'customer has', 'customers have')} no default one."
    step = "Set a default sales rep on these customers in LeafLink; an order without any rep waits."
    names = tuple(one.name for one in without[:20])
    return wrong(said, step, counts=counts, examples=names)


def _by_rep(snapshot: Snapshot) -> bool:
    return bool(snapshot.settings.get("routing") == BY_REP)


def _needs_rep(snapshot: Snapshot) -> bool:
    facility = snapshot.facts.get("facility")
    required = isinstance(facility, FacilityFacts) and facility.sales_rep_required
    return _by_rep(snapshot) or required


def categories(snapshot: Snapshot) -> Verdict:
    """Each category of an item that is offered is one of LeafLink's, by the table or by its name."""
    known = {folded(one.value) for one in entries(snapshot, "categories")}
    used = entries(snapshot, "item_categories")
    unknown = [one for one in used if folded(one.value) not in known]
    nameless = sum(item_of(one).ecommerce for one in entries(snapshot, "offered_items")) - sum(
        one.facts["items"] for one in used
    )
    counts = {"categories": len(used), "unknown": len(unknown), "items without": nameless}
    if not unknown and not nameless:
        return ready(
            f"{number(len(used), 'category', 'categories')} of items, each with its place in LeafLink.",
            counts=counts,
        )
    said = listed(
        unknown, "category of items is none of LeafLink's", "categories of items are none of LeafLink's"
    )
    more = (
        f"{number(nameless, 'item has', 'items have')} no category that leads to one of LeafLink's."
        if nameless
        else ""
    )
    step = "Add a row for each to the table of categories among the rules."
    severity = None if _writes_words(snapshot) else "later"
    return wrong(any_of((said, more)), step, counts=counts, examples=shown(unknown), severity=severity)


def _writes_words(snapshot: Snapshot) -> bool:
    rules = snapshot.facts.get("rules")
    return isinstance(rules, CatalogueRules) and bool(rules.fields)


def payment_terms(snapshot: Snapshot) -> Verdict:
    """Each term that customers have is one of the Flourish company's own."""
    used = Counter(one.facts["term"] for one in entries(snapshot, "buyers") if one.facts["term"])
    table = snapshot.settings.get("terms") or {}
    known = {one.value.strip().casefold() for one in entries(snapshot, "payment_terms")}
    missing = [term for term in sorted(used) if table.get(term, term).strip().casefold() not in known]
    kept = Counter(
        one.facts["term_shown"]
        for one in entries(snapshot, "buyers")
        if one.facts["term_shown"] and not one.facts["term"]
    )
    counts = {"terms in use": len(used), "missing": len(missing), "kept in LeafLink": len(kept)}
    aside = (
        f"{number(len(kept), 'term stays', 'terms stay')} in LeafLink: {some(sorted(kept))}." if kept else ""
    )
    if not missing:
        return ready(
            any_of((f"Flourish has all of {number(len(used), 'term')} that customers have.", aside)),
            counts=counts,
        )
    named = [f"{term} ({number(used[term], 'customer')})" for term in missing]
    said = f"Flourish has no {some(named)}."
    step = "Add the term in Flourish, or say among the rules what your company calls it."
    return wrong(any_of((said, aside)), step, counts=counts, examples=tuple(named))


def listing_states(snapshot: Snapshot) -> Verdict:
    """Each product that has its item is Available."""
    pairs = entries(snapshot, "pairs")
    by_state = Counter(product_of(one).listing_state for one in pairs)
    other = [one for one in pairs if product_of(one).listing_state != "Available"]
    if not other:
        return ready(f"{number(len(pairs), 'product')} with an item, all Available.", counts=dict(by_state))
    states = ", ".join(
        f"{count:,} {state}" for state, count in sorted(by_state.items()) if state != "Available"
    )
    available = by_state["Available"]
    said = f"{available:,} of {number(len(pairs), 'product')} {are(available)} Available; {states}."
    step = "Set them to Available in LeafLink if they are to be sold: Trellis never changes a listing state."
    return wrong(said, step, counts=dict(by_state), examples=shown(other))


def units(snapshot: Snapshot) -> Verdict:
    """Each product counts in a unit that measures what its item's unit measures, in cases that divide."""
    pairs = entries(snapshot, "pairs")
    apart = [one for one in pairs if not _fits(one)]
    cases = sum(product_of(one).multiplier > 1 for one in pairs)
    kept = sum(product_of(one).stock_kind is not StockKind.MANAGED for one in pairs)
    counts = {
        "products": len(pairs),
        "other unit": len(apart),
        "by the case": cases,
        "stock not written": kept,
    }
    aside = f"{number(cases, 'is', 'are')} sold by the case and counted in eaches." if cases else ""
    if not apart:
        same = f"{number(len(pairs), 'product')}, all in units that fit their items."
        return ready(any_of((same, aside)), counts=counts)
    said = listed(
        apart, "product counts in another unit than the item", "products count in another unit than the item"
    )
    step = (
        "Give the product the unit of its item, or the item that of its product; until then its stock stays."
    )
    return wrong(any_of((said, aside)), step, counts=counts, examples=shown(apart))


def _fits(pair: Entry) -> bool:
    item, product = item_of(pair), product_of(pair)
    return convert(product.denomination, product.unit, item.uom) is not None and has_plain_unit(product)


def prices(snapshot: Snapshot) -> Verdict:
    """Each item has a price where Trellis writes prices or makes products; else each product has one."""
    rules = snapshot.facts.get("rules")
    if isinstance(rules, CatalogueRules) and ("price" in rules.fields or rules.creates):
        offered = [one for one in entries(snapshot, "offered_items") if item_of(one).ecommerce]
        without = [one for one in offered if not case_price(item_of(one), None, rules)]
        return _priced(offered, without, "item", "Give each its price in Flourish.", blocks=True)
    pairs = entries(snapshot, "pairs")
    free = [one for one in pairs if not product_of(one).price]
    step = "Give each its wholesale price in LeafLink, or let Trellis write prices."
    return _priced(pairs, free, "product", step, blocks=False)


def _priced(all_of: Iterable[Entry], without: list[Entry], word: str, step: str, *, blocks: bool) -> Verdict:
    total = len(list(all_of))
    counts = {f"{word}s": total, "without price": len(without)}
    if not without:
        return ready(f"{number(total, word)}, each with a price.", counts=counts)
    said = f"{number(len(without), f'{word} has', f'{word}s have')} no price: {some(shown(without))}."
    severity = "blocks" if blocks else "warning"
    return wrong(said, step, counts=counts, examples=shown(without), severity=severity)


def switches(snapshot: Snapshot) -> Verdict:
    """Each item that has a product is active, with e-commerce on."""
    pairs = entries(snapshot, "pairs")
    asleep = [one for one in pairs if not item_of(one).active]
    off = [one for one in pairs if item_of(one).active and not item_of(one).ecommerce]
    counts = {"pairs": len(pairs), "inactive": len(asleep), "e-commerce off": len(off)}
    if not asleep and not off:
        return ready(
            f"{number(len(pairs), 'item')} with a product, each active and with e-commerce on.", counts=counts
        )
    said = listed(off, "item has e-commerce off", "items have e-commerce off")
    more = listed(asleep, "item is inactive", "items are inactive")
    step = (
        "Switch E-commerce Active on for items that are to be kept in step, and activate those that are sold."
    )
    return wrong(any_of((said, more)), step, counts=counts, examples=shown((*off, *asleep)))


def rivals(snapshot: Snapshot) -> Verdict:
    """Flourish's own integration makes no orders of LeafLink."""
    made = entries(snapshot, "rival_orders")
    if made:
        step = "Switch Flourish's own LeafLink integration off; orders that it made stay as they are."
        return wrong(made[0].value, step, counts={"shown": len(made)})
    return ready("Flourish's own LeafLink integration made no order in the last 14 days.")


def writers(snapshot: Snapshot) -> Verdict:
    """Nobody else writes the products."""
    fought = snapshot.facts.get("two_writers", 0)
    linked = [one for one in entries(snapshot, "items") if item_of(one).native_ref]
    counts = {"changed back": fought, "linked by Flourish": len(linked)}
    step = (
        "Switch off what else writes products in LeafLink: Flourish's own integration, or another program's."
    )
    if fought:
        said = f"Somebody else keeps changing {number(fought, 'product')} back after Trellis wrote them."
        return wrong(said, step, counts=counts, examples=shown(linked))
    if linked:
        said = listed(
            linked,
            "item is linked by Flourish's own integration",
            "items are linked by Flourish's own integration",
        )
        return wrong(said, step, counts=counts, examples=shown(linked))
    if others := entries(snapshot, "other_writers"):
        return wrong(others[0].value, step, counts=counts)
    return ready("No other program was seen writing these products.", counts=counts)
