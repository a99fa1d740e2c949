"""Flourish's items and LeafLink's products in the sandbox, brought together by the clients and the plan."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from portal.sync import strict_json
from portal.sync.answers import Answer, understand
from portal.sync.decisions import (
    CatalogueRules,
    CreateProduct,
    CreateStrain,
    Decision,
    ItemAction,
    SetStock,
    UpdateProduct,
)
from portal.sync.domain import FacilityFacts, Item, Product, Shelf
from portal.sync.flourish.client import FlourishClient
from portal.sync.mapping.catalogue import plan_product
from portal.sync.mapping.keys import near_key, sku_key
from portal.sync.platforms.leaflink import LEAFLINK
from portal.sync.platforms.leaflink.client import LeafLinkClient
from portal.sync.platforms.leaflink.shop import BOTH, INVENTORY, catalogue_rules
from portal.sync.questions import Question
from tests.sandbox.doors import FLOURISH_BASE, LEAFLINK_BASE, SKU, Doors

FACILITIES = ("00000001", "00000002")
SITE = "http://localhost"


class DoorCalls:
    """Implements `contract.Calls` on the sandbox's doors, and understands answers as the HTTP room does."""

    def __init__(self, doors: Doors, base: str, key: Mapping[str, str]) -> None:
        self._doors, self._base, self._key = doors, base, key
        self.writes: list[tuple[str, str, Any]] = []

    def read(self, path: str, *, query: Any = None, headers: Any = None) -> Any:
        where = path.removeprefix(SITE) if path.startswith(SITE) else self._base + path
        options = {"query_string": dict(query)} if query else {}
        return self._answer("GET", where, headers, options)

    def write(self, method: str, path: str, body: Any = None, *, headers: Any = None) -> Any:
        self.writes.append((method, path, body))
        options = {"data": strict_json.write(body), "content_type": "application/json"} if body else {}
        return self._answer(method, self._base + path, headers, options)

    def _answer(self, method: str, where: str, headers: Any, options: Any) -> Any:
        sent = {**self._key, **(headers or {})}
        got = self._doors.call(method, where, headers=sent, **options)
        answer = Answer(got.status_code, {name.lower(): value for name, value in got.headers}, got.data)
        return understand(answer, label="It", writing=method != "GET", now=datetime.now(UTC))


class Together:
    """Both sides of one world, and what was agreed on so far."""

    def __init__(self, doors: Doors, world: str, **chosen: Any) -> None:
        self.calls = DoorCalls(doors, f"{LEAFLINK_BASE}/", {"Authorization": f"App ll-{world}-key"})
        self.leaflink = LeafLinkClient(self.calls, lambda *_: None)
        key = {"x-api-key": f"fl-{world}-key"}
        self.flourish = FlourishClient(
            DoorCalls(doors, FLOURISH_BASE.removesuffix("/v1"), key), lambda *_: None
        )
        first = min(self.flourish.facilities(), key=lambda each: each.id)
        self.rules: CatalogueRules = catalogue_rules(LEAFLINK.chosen(chosen), "c1", first)
        self.places: tuple[FacilityFacts, ...] = self.flourish.facilities()
        self.bases: dict[str, Any] = {}
        self.facts: dict[Question, Any] = {}

    def shelves(self) -> list[Shelf]:
        """Read everything, and put it on shelves."""
        items = [item for page in self.flourish.items(None) for item in page.rows]
        products = [product for page in self.leaflink.products(None) for product in page.rows]
        stock: dict[str, Decimal] = defaultdict(Decimal)
        for place in self.places:
            for piece in self.flourish.stock(place.id):
                for each in piece:
                    stock[each.item_id] += each.sellable
        near: dict[str, tuple[list[Item], list[Product]]] = defaultdict(lambda: ([], []))
        for item in items:
            near[near_key(item.sku)][0].append(item)
        for product in products:
            near[near_key(product.sku)][1].append(product)
        return [
            Shelf(sku, tuple(near[near_key(sku)][0]), tuple(near[near_key(sku)][1]), _stock(sku, near, stock))
            for sku in sorted({sku_key(sku) for sku in (*_skus(items), *_skus(products))})
        ]

    def bring(self) -> dict[str, Decision]:
        """Look at each shelf until nothing is to be done for it."""
        return {shelf.sku: self._settle(shelf) for shelf in self.shelves()}

    def _settle(self, shelf: Shelf) -> Decision:
        for _round in range(5):
            decision = self._plan(shelf)
            if decision.action is None:
                if decision.base is not None:
                    self.bases[shelf.sku] = decision.base
                return decision
            assert isinstance(decision.action, ItemAction)
            shelf = self._write(shelf, decision.action)
        raise AssertionError(f"{shelf.sku} never settled")

    def _plan(self, shelf: Shelf) -> Decision:
        for _round in range(4):
            decided = plan_product(shelf, base=self.bases.get(shelf.sku), rules=self.rules, facts=self.facts)
            if isinstance(decided, Decision):
                return decided
            for question in decided.questions:
                self.facts[question] = self.leaflink.look_up(question)  # type: ignore[arg-type]
        raise AssertionError(f"{shelf.sku} never stopped asking")

    def _write(self, shelf: Shelf, action: ItemAction) -> Shelf:
        match action:
            case CreateStrain():
                self.leaflink.create_strain(action.name, action.strain_class)
                self.facts = {}
                return shelf
            case CreateProduct():
                made = self.leaflink.create_product(action.draft)
            case UpdateProduct():
                made = self.leaflink.update_product(action.ref, action.changes)
            case SetStock():
                made = self.leaflink.set_stock(action.ref, action.field, action.value)
        self.bases[shelf.sku] = action.base
        others = tuple(each for each in shelf.products if each.ref != made.ref)
        return Shelf(shelf.sku, shelf.items, (*others, made), shelf.stock, shelf.promised)


def _skus(found: Sequence[Item] | Sequence[Product]) -> list[str]:
    return [each.sku for each in found]


def _stock(sku: str, near: Any, stock: Mapping[str, Decimal]) -> Decimal | None:
    own = [item for item in near[near_key(sku)][0] if sku_key(item.sku) == sku]
    return stock[own[0].id] if own else None


BOTH_PLACES = {"stock_facilities": ", ".join(FACILITIES)}


@pytest.mark.promise("LL-11")
def test_where_both_sides_agree_nothing_is_written_and_one_change_is_one_call(doors):
    world = Together(doors, "greenleaf", source_of_truth=INVENTORY)
    decisions = world.bring()
    assert Counter(each.code for each in decisions.values()) == {"agree": 396}
    assert world.calls.writes == []

    doors.control("POST", f"/flourish/items/{SKU}", {"quantity": 7})
    decisions = world.bring()
    ((method, _path, body),) = world.calls.writes
    available = Decimal(str(body["available_inventory"]))
    assert (method, available) == ("PATCH", Decimal(str(doors.product(SKU)["available_inventory"])))
    world.bring()
    assert len(world.calls.writes) == 1


@pytest.mark.promise("LL-1", "LL-4", "LL-8", "LL-11", "LL-28")
def test_every_planted_mismatch_is_told_and_the_rest_is_brought_together(doors):
    world = Together(
        doors,
        "sunrise",
        source_of_truth=BOTH,
        create_products=True,
        write_prices=True,
        product_line_from="ref_field_1",
        product_defaults={"retail_price": "20.00", "base_units_per_unit": "100"},
    )
    decisions = world.bring()
    codes = Counter(each.code for each in decisions.values())
    assert codes == {
        "agree": 382,
        "near_item": 5,
        "near_product": 4,
        "sku_unfit": 1,
        "no_item": 2,
        "product_sku_twice": 1,
        "ecommerce_off": 1,
        "archived": 1,
        "brand_elsewhere": 1,
        "strain_missing": 1,
        "unit_mismatch": 2,
        "parent": 1,
    }
    created = [path for method, path, _body in world.calls.writes if method == "POST"]
    # One strain, and the products of two items that had none and of one whose product has another's SKU.
    assert Counter(created) == {"strains/": 1, "products/": 3}
    assert sum("Unavailable in LeafLink" in each.sentence for each in decisions.values()) == 1
    assert sum("spells its strain Gelato 33 as GELATO 33" in each.sentence for each in decisions.values()) > 1

    made = len(world.calls.writes)
    again = world.bring()
    assert world.calls.writes[made:] == []
    assert {sku: (each.code, each.sentence) for sku, each in again.items()} == {
        sku: (each.code, each.sentence) for sku, each in decisions.items()
    }
