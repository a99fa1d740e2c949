"""Snapshots of an ordinary connection in which all is ready; each example changes what it is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.sync.checks import Entry, MatchKey, Readiness, Snapshot, Tally
from portal.sync.domain import FacilityFacts
from portal.sync.mapping.matching import match
from portal.sync.platforms.leaflink import LEAFLINK
from portal.sync.platforms.leaflink.shop import catalogue_rules
from portal.sync.readiness.entries import of_item, of_product
from tests.sync.mapping.shelves import item, product

NOW = datetime(2026, 11, 27, 13, 0, tzinfo=UTC)
FACILITY = FacilityFacts("7", "Oakland", "C11-0000777-LIC", "UTC", sales_rep_required=False)
FACTS: Mapping[str, Any] = {
    "environment": ", on app.leaflink.com",
    "company": "Acme Farms",
    "missing": (),
    "webhook_key": True,
    "received_at": NOW - timedelta(seconds=41),
    "refused": 0,
    "hub_company": "Flourish company of Oakland",
    "hub_missing": (),
    "hub_webhook_key": True,
    "hub_headers": True,
    "hub_shown": True,
    "hub_overlaps": False,
    "hub_received_at": NOW - timedelta(hours=2),
    "hub_refused": 0,
    "two_writers": 0,
    "facility": FACILITY,
}


def customer(ref: str = "1", **changed: Any) -> Entry:
    """A customer of LeafLink."""
    facts = {"archived": False, "term": "Net 30", "term_shown": "Net 30", "reps": ("40",)}
    value = changed.pop("license", f"C10-000000{ref}-LIC")
    return Entry(ref, value, f"Shop {ref}", facts | changed)


def staff(ref: str = "40", email: str = "ann@acme.example", *, active: bool = True) -> Entry:
    """Somebody of the seller's staff."""
    return Entry(ref, email, "Ann", {"active": active})


def rep(email: str = "ann@acme.example", *, facility: str = "7", active: bool = True) -> Entry:
    """A sales rep in Flourish."""
    return Entry("1", email, "Ann", {"facility": facility, "active": active})


def facility(*, active: bool = True, needs_rep: bool = False) -> Entry:
    """The chosen facility as Flourish lists it."""
    return Entry("7", "C11-0000777-LIC", "Oakland", {"active": active, "needs_rep": needs_rep})


def named(*names: str) -> tuple[Entry, ...]:
    """Things that are matched by their names."""
    return tuple(Entry(str(number), name, name) for number, name in enumerate(names, start=1))


PLATFORM: Mapping[str, tuple[Entry, ...]] = {
    "products": (of_product(product()),),
    "customers": (customer(),),
    "staff": (staff(),),
    "brands": named("Acme"),
    "lines": named("Gold"),
    "strains": named("Blue Dream"),
    "batches": named("LOT-1"),
    "categories": named("Pre-Rolls", "Pre-Rolls > Singles"),
    "other_writers": (),
}
FLOURISH: Mapping[str, tuple[Entry, ...]] = {
    "items": (of_item(item()),),
    "destinations": (Entry("9", "C10-0000001-LIC", "Shop 1", {"active": True}),),
    "sales_reps": (rep(),),
    "payment_terms": named("Net 30"),
    "facilities": (facility(),),
    "lots": named("LOT-1", "LOT-2"),
    "rival_orders": (),
}


def snapshot(
    *,
    facts: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    **lists: Iterable[Entry],
) -> Snapshot:
    """Make a snapshot as an assessment has it: prepared, with every key matched."""
    chosen = LEAFLINK.chosen({"product_line_from": "ref_field_1", **(settings or {})})
    rules = catalogue_rules(chosen, "connection", FACILITY)
    given = {name: tuple(rows) for name, rows in lists.items()}
    read = Snapshot(
        at=NOW,
        platform={**PLATFORM, **{name: rows for name, rows in given.items() if name in PLATFORM}},
        flourish={**FLOURISH, **{name: rows for name, rows in given.items() if name in FLOURISH}},
        facts={**FACTS, "rules": rules, **(facts or {})},
        settings=chosen,
    )
    return assessed(LEAFLINK.readiness, read)


def assessed(readiness: Readiness, read: Snapshot) -> Snapshot:
    """Prepare what was read, and match every key."""
    prepared = readiness.prepare(read)
    return replace(prepared, tallies={key.name: tally(prepared, key) for key in readiness.keys})


def tally(prepared: Snapshot, key: MatchKey) -> Tally:
    """Count what becomes of each entry under a key, as `readiness.rows` does while it keeps them."""
    left, right = prepared.platform[key.left], prepared.flourish[key.right]
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    rows = list(match(key, left, right))
    examples: dict[Any, tuple[str, ...]] = {}
    for row in rows:
        shown = row.left or row.right
        assert shown is not None
        examples[row.state] = (*examples.get(row.state, ()), shown.value or shown.name)
    return Tally(Counter(row.state for row in rows), examples)
