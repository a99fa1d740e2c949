"""An ordinary item and its product, and the platform's answers; each test changes what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from portal.sync.catalogues import Planner
from portal.sync.decisions import (
    Action,
    CatalogueRules,
    CreateProduct,
    CreateStrain,
    Decision,
    Inquiry,
    SetStock,
    UpdateProduct,
)
from portal.sync.domain import FacilityFacts, Item, Product, Shelf, StockKind
from portal.sync.mapping.catalogue import plan_product
from portal.sync.mapping.facts import product_facts, product_from
from portal.sync.platforms.leaflink import LEAFLINK
from portal.sync.platforms.leaflink.shop import BOTH, catalogue_rules
from portal.sync.questions import (
    BrandNamed,
    CategoryNamed,
    LineNamed,
    Named,
    NamedCategory,
    OwnLicenses,
    Question,
    StrainNamed,
)

SKU = "PR-1"
WHEN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
FACILITY = FacilityFacts("7", "Oakland", "C11-0000777-LIC", "UTC", sales_rep_required=False)
# What the platform answers, whatever is asked; a question that is not here has no answer.
ANSWERS: dict[Question, tuple[Any, ...]] = {
    BrandNamed("Acme"): (Named("31", "Acme"),),
    LineNamed("Gold", "31"): (Named("5", "Gold"),),
    CategoryNamed("Pre-Rolls", "Singles"): (NamedCategory(Named("4", "Pre-Rolls"), Named("9", "Singles")),),
    StrainNamed("Blue Dream"): (Named("12", "Blue Dream"),),
    OwnLicenses(): (Named("70", "C11-0000777-LIC"), Named("71", "OTHER")),
}


def item(**changed: Any) -> Item:
    """Make an item with everything that a product needs."""
    values: dict[str, Any] = {
        "id": "328",
        "sku": SKU,
        "name": "Pre-Roll",
        "active": True,
        "uom": "ea",
        "ecommerce": True,
        "description": "One gram",
        "brand": "Acme",
        "category": "Singles",
        "custom_category": "Pre-Rolls",
        "custom_subcategory": "Singles",
        "strain": "Blue Dream",
        "strain_type": "Hybrid",
        "price": Decimal("4.75"),
        "unit_weight": Decimal(1),
        "weight_uom": "g",
        "ref_fields": ("Gold", "", "", "", ""),
        "updated_at": WHEN,
    }
    return Item(**(values | changed))


def product(**changed: Any) -> Product:
    """Make the item's product, which agrees with it in everything but stock."""
    values: dict[str, Any] = {
        "ref": "501",
        "sku": SKU,
        "name": "Pre-Roll",
        "listing_state": "Available",
        "listed": True,
        "archived": False,
        "unit": "ea",
        "quantity": Decimal(120),
        "reserved": Decimal(20),
        "available": Decimal(100),
        "stock_kind": StockKind.MANAGED,
        "updated_at": WHEN,
        "description": "<p>One gram</p>",
        "brand": "31",
        "line": "5",
        "category": "4",
        "subcategory": "9",
        "strains": ("12",),
        "strain_class": "hybrid",
        "price": Decimal("47.50"),
        "multiplier": 10,
    }
    return Product(**(values | changed))


def shelf(*, stock: Any = 100, promised: Any = 0, **changed: Any) -> Shelf:
    """Make the shelf of the item and its product."""
    values: dict[str, Any] = {
        "sku": SKU,
        "items": (item(),),
        "products": (product(),),
        "stock": None if stock is None else Decimal(str(stock)),
        "promised": Decimal(str(promised)),
    }
    return Shelf(**(values | changed))


def rules(mode: str = BOTH, **chosen: Any) -> CatalogueRules:
    """Make the rules of a connection that chose a mode, prices, and what else is given."""
    settings = {
        "source_of_truth": mode,
        "write_prices": True,
        "create_products": True,
        "product_line_from": "ref_field_1",
        "product_defaults": {"retail_price": "9.00"},
    }
    return catalogue_rules(LEAFLINK.chosen(settings | chosen), "c1", FACILITY)


def plan(
    on: Shelf,
    by: CatalogueRules | None = None,
    *,
    base: Any = None,
    answers: Mapping[Any, tuple[Any, ...]] | None = None,
    planner: Planner = plan_product,
) -> Decision:
    """Plan, answering whatever is asked, until there is a decision."""
    known = {**ANSWERS, **(answers or {})}
    facts: dict[Question, Any] = {}
    for _round in range(9):
        decided = planner(on, base=base, rules=by or rules(), facts=facts)
        if isinstance(decided, Decision):
            return decided
        assert isinstance(decided, Inquiry)
        assert not set(decided.questions) & facts.keys(), "it asked again"
        facts |= {question: known.get(question, ()) for question in decided.questions}
    raise AssertionError("it never stopped asking")


def codes(decision: Decision) -> list[str]:
    """The codes of a decision's findings."""
    return [finding.code for finding in decision.findings]


def applied(on: Shelf, action: Action) -> Shelf:
    """The shelf once its platform did what an action says, as LeafLink does it."""
    match action:
        case SetStock():
            now = {each.ref: _counted(each, action) for each in on.products}
        case UpdateProduct():
            now = {each.ref: product_from(product_facts(each) | dict(action.changes)) for each in on.products}
        case CreateProduct():
            fields = dict(action.draft.fields)
            bare = product(sku=action.draft.sku, ref="900", reserved=Decimal(0), line="", sale_price=None)
            known = {name: value for name, value in fields.items() if name in product_facts(bare)}
            made_now = product_from(product_facts(bare) | known)
            return replace(on, products=(replace(made_now, available=made_now.quantity),))
        case _:
            return on
    return replace(on, products=tuple(now.values()))


def _counted(before: Product, action: SetStock) -> Product:
    quantity = action.value + (before.reserved if action.field == "available" else 0)
    return replace(before, quantity=quantity, available=quantity - before.reserved)


def rounds(
    on: Shelf, by: CatalogueRules, *, base: Any = None, most: int = 4
) -> tuple[Decision, Shelf, Any, list[Action]]:
    """Plan and apply until nothing is to be done."""
    done: list[Action] = []
    answers = dict(ANSWERS)
    for _round in range(most):
        decision = plan(on, by, base=base, answers=answers)
        action = decision.action
        if action is None:
            return decision, on, decision.base if decision.base is not None else base, done
        done.append(action)
        if isinstance(action, CreateStrain):
            answers[StrainNamed(action.name)] = (Named("99", action.name),)
            continue
        on = applied(on, action)
        assert isinstance(action, CreateProduct | UpdateProduct | SetStock)
        base = action.base
    raise AssertionError(f"it never settled: {done}")
