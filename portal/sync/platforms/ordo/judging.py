"""What Ordo's organisation has to be like: brands, its own license and address, and items that lost their
brand (OR-1, OR-2). Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from portal.sync.checks import Entry, MatchKey, Snapshot, Verdict
from portal.sync.domain import FacilityFacts, Item
from portal.sync.mapping.keys import license_key, sku_key
from portal.sync.mapping.nearness import near
from portal.sync.sameness import NOTHING_SAID, Sameness
from portal.sync.verdicts import any_of, are, by_key, entries, listed, number, ready, shown, some, wrong

_STREET_2 = "Enter address line 2 of the license in Ordo: Manage Organization, compliance. Ordo asks for it."


def item_of(entry: Entry) -> Item:
    """The item behind an entry of Flourish's items."""
    item: Item = entry.facts["item"]
    return item


def brands_of(items: Iterable[Entry]) -> tuple[Entry, ...]:
    """The brands of active items, each once as it is written, with how many items have it."""
    counted = Counter(
        item_of(one).brand for one in items if item_of(one).active and item_of(one).brand.strip()
    )
    return tuple(Entry(brand, brand, number(count, "item")) for brand, count in sorted(counted.items()))


def brands(key: MatchKey, snapshot: Snapshot) -> Verdict:
    """Each brand of Flourish is one of Ordo's, or meant for none; a near one keeps its items out."""
    step = (
        "Add the brand in Ordo under Manage Organization, company, spelled exactly as in Flourish; or accept"
        " the near one. Leave a brand out that Ordo need not know."
    )
    verdict = by_key(key, snapshot.tallies[key.name], missing="warning", step=step)
    without = sum(
        item_of(one).active and not item_of(one).brand.strip() for one in entries(snapshot, "items")
    )
    if not without:
        return verdict
    aside = f"{number(without, 'item has', 'items have')} no brand, and {are(without)} not synced."
    return Verdict(
        verdict.outcome,
        any_of((verdict.evidence, aside)),
        verdict.next_step,
        counts={**verdict.counts, "items without brand": without},
        examples=verdict.examples,
        severity=verdict.severity,
    )


def orphans(snapshot: Snapshot) -> Verdict:
    """Each item that Trellis put into Ordo has there the brand that it has in Flourish, and Ordo has that."""
    said: Sameness = snapshot.facts.get("said", NOTHING_SAID)
    there = {sku_key(one.value) for one in entries(snapshot, "brands")}
    now = {
        one.ref: said.on_platform("brand", sku_key(item_of(one).brand)) for one in entries(snapshot, "items")
    }
    put = [one for one in entries(snapshot, "ordo_items") if one.facts["external_id"]]
    lost = [one for one in put if not _has_brand(one, there, now)]
    counts = {"items": len(put), "orphaned": len(lost)}
    if not lost:
        return ready(
            f"{number(len(put), 'item')} in Ordo, each under a brand that both sides have.", counts=counts
        )
    named = some(sorted({one.facts["brand"] or "no brand" for one in lost}))
    said_of = listed(lost, "item in Ordo has lost its brand", "items in Ordo have lost their brand")
    step = (
        "Give the brand one name on both sides again; until then neither stock nor edits reach these items."
    )
    evidence = any_of((said_of, f"They are there under {named}."))
    return wrong(evidence, step, counts=counts, examples=shown(lost))


def _has_brand(one: Entry, there: set[str], now: dict[str, str]) -> bool:
    own = sku_key(one.facts["brand"])
    # An item that Flourish does not have any more is told of elsewhere.
    return own in there and now.get(one.facts["external_id"], own) == own


def own_license(snapshot: Snapshot) -> Verdict:
    """Ordo has the license of the facility that orders go to."""
    facility, own = snapshot.facts.get("facility"), entries(snapshot, "own_licenses")
    if not isinstance(facility, FacilityFacts) or not facility.license:
        said = "No facility with a license number is chosen yet."
        return wrong(said, "Choose the facility, and enter its license number in Flourish.")
    counts = {"licenses in Ordo": len(own)}
    if _same(own, facility):
        return ready(f"Ordo has the license of {facility.name}, {facility.license}.", counts=counts)
    step = (
        f"Correct the number in Ordo under Manage Organization, compliance, or add {facility.license} there;"
        " or choose another facility."
    )
    meant = _meant(facility, own)
    if meant:
        said = (
            f"Ordo has {meant[0].value}, and {facility.name} has {facility.license}. Did you mean that one?"
        )
        return wrong(said, step, counts=counts, examples=shown(meant))
    known = f"Ordo has {some(shown(own))}" if own else "Ordo has no license"
    return wrong(
        f"{known}, and not {facility.license} of {facility.name}.", step, counts=counts, examples=shown(own)
    )


def _same(own: Sequence[Entry], facility: FacilityFacts) -> list[Entry]:
    wanted = license_key(facility.license)
    return [one for one in own if license_key(one.value) == wanted]


def _meant(facility: FacilityFacts, own: Sequence[Entry]) -> list[Entry]:
    """The licenses that are near, the nearest first."""
    wanted = Entry(facility.id, facility.license, "")
    found = near([wanted], [Entry(one.ref, one.value, "") for one in own])
    return [one.partner for one in found.left.get(0, ())]


def address(snapshot: Snapshot) -> Verdict:
    """Address line 2 of the facility's license is not empty in Ordo; of all where none is the facility's."""
    facility, own = snapshot.facts.get("facility"), entries(snapshot, "own_licenses")
    same = _same(own, facility) if isinstance(facility, FacilityFacts) and facility.license else []
    concerned = same or list(own)
    empty = [one for one in concerned if not one.facts["street2"]]
    counts = {"licenses": len(concerned), "without line 2": len(empty)}
    if not concerned:
        return wrong(
            "Ordo has no license.", "Add the license in Ordo: Manage Organization, compliance.", counts=counts
        )
    if empty:
        said = listed(empty, "license has no address line 2", "licenses have no address line 2")
        return wrong(said, _STREET_2, counts=counts, examples=shown(empty))
    return ready(f"{number(len(concerned), 'license')}, with address line 2.", counts=counts)


def skus(snapshot: Snapshot) -> Verdict:
    """Each item that is on both sides has one SKU, or two that people said are one."""
    said: Sameness = snapshot.facts.get("said", NOTHING_SAID)
    here = {one.ref: item_of(one) for one in entries(snapshot, "items")}
    both = [one for one in entries(snapshot, "ordo_items") if one.facts["external_id"] in here]
    apart = [
        one
        for one in both
        if said.in_flourish("sku", sku_key(one.value)) != sku_key(here[one.facts["external_id"]].sku)
    ]
    counts = {"on both sides": len(both), "other SKU": len(apart)}
    if not apart:
        return ready(f"{number(len(both), 'item')} on both sides, each with one SKU.", counts=counts)
    pairs = tuple(
        f"{one.value} in Ordo, {here[one.facts['external_id']].sku or 'none'} in Flourish" for one in apart
    )
    told = f"{number(len(apart), 'item has', 'items have')} another SKU in Flourish: {some(pairs)}."
    step = "Give both the same SKU; orders name items by it."
    return wrong(told, step, counts=counts, examples=pairs[:20])
