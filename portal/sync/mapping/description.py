"""Descriptions: what a product should be by its item, in the platform's ids and Flourish's texts.

A value that cannot be told is left out, so that what the platform has stays; one that is told wrongly in the
connection's rules is a finding. What was looked up before and is still in place is not looked up again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from html import unescape
from typing import Any

from portal.sync.decisions import CatalogueRules, CreateStrain, Finding
from portal.sync.domain import Item, Json, Product
from portal.sync.mapping.asking import Asking
from portal.sync.mapping.facts import plain_value
from portal.sync.mapping.money import cents
from portal.sync.mapping.stock import has_plain_unit, unit_mismatch
from portal.sync.mapping.units import convert
from portal.sync.questions import BrandNamed, CategoryNamed, LineNamed, Named, NamedCategory, StrainNamed

PATH = ">"
_TEXTS = frozenset({"name", "description"})
_MARK_UP = re.compile(r"<[^<>]*>")


@dataclass
class Description:
    """What a product should be, as far as it is known.

    Args:
        item: whose product it is.
        rules: the connection's rules.
        product: as it is now; None when it is to be made.
        base: what the link last agreed on.
        asking: for what the platform calls things.
    """

    item: Item
    rules: CatalogueRules
    product: Product | None
    base: Json
    asking: Asking
    # Of `domain.Product`, as plain JSON.
    values: dict[str, Any] = field(default_factory=dict)
    # The texts that ids were looked up by.
    names: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    strain: CreateStrain | None = None
    # How the platform spells the strain, where it does so otherwise.
    spelled: str = ""
    # The names of the category that was found.
    category: NamedCategory | None = None

    def fill(self) -> Description:
        """Work out every field."""
        item = self.item
        self._set("name", item.display_name.strip() or item.name.strip())
        self._set("description", item.description.strip())
        self._brand()
        self._category()
        self._line()
        self._strain()
        self._price()
        return self

    def _set(self, name: str, value: Any) -> None:
        if value and name in self.rules.fields:
            self.values[name] = value

    def _known(self, name: str, text: str) -> bool:
        """Whether this text was looked up before and what it meant is still in place."""
        if self.product is None or self.base.get("names", {}).get(name) != text:
            return False
        now = plain_value(getattr(self.product, name))
        if self.base.get("written", {}).get(name) != now:
            return False
        self.names[name], self.values[name] = text, now
        return True

    def _brand(self) -> None:
        name = brand_name(self.item, self.rules)
        if "brand" not in self.rules.fields or not name or self._known("brand", name):
            return
        found = own_brand(name, self.asking)
        if found is not None:
            self.names["brand"], self.values["brand"] = name, found.ref

    def _category(self) -> None:
        """LL-8: by the table; without a row by the custom category, where LeafLink has one of that name."""
        text = category_path(self.item, self.rules)
        if "category" not in self.rules.fields or not text:
            return
        if self._known("category", text) and self._known("subcategory", text):
            return
        above, _, below = (part.strip() for part in text.partition(PATH))
        found = self.asking.answer(CategoryNamed(above, below))
        if found is None:
            return
        if len(found) == 1 and found[0].subcategory is not None:
            self.category = found[0]
            refs = {"category": found[0].category.ref, "subcategory": found[0].subcategory.ref}
            self.values |= refs
            self.names |= dict.fromkeys(refs, text)
            return
        where = self.rules.platform_label
        self.findings.append(
            Finding(
                "category_unknown",
                f"{where} has no category {text}",
                f"Give {self.item.custom_category or self.item.category} its row in the connection's table of"
                f" categories: a category and a subcategory of {where}.",
                cause=text,
            )
        )

    def _line(self) -> None:
        """LL-6: equal to the platform's, exactly."""
        name = line_name(self.item, self.rules)
        there = self.product.brand if self.product else ""
        brand = self.values.get("brand") or there
        if "line" not in self.rules.fields or not name or not brand:
            return
        # A line is its brand's: with another brand another one of that name is meant.
        if brand == there and self._known("line", name):
            return
        found: tuple[Named, ...] | None = self.asking.answer(LineNamed(name, brand))
        if found is None:
            return
        exact = exactly(found, name)
        if len(exact) == 1:
            self.names["line"], self.values["line"] = name, exact[0].ref
            return
        where = self.rules.platform_label
        near = ", ".join(line.name for line in found)
        self.findings.append(
            Finding(
                "line_unknown",
                f"{where} has no product line {name} for this brand",
                f"Add the line in {where}, or give it its row in the connection's table of product lines.",
                cause=name,
                text=f"Near: {near}." if near else "",
                evidence={"near": [line.name for line in found]},
            )
        )

    def _strain(self) -> None:
        """LL-4: by name; a strain that the platform does not have is made there."""
        item = self.item
        if "strains" not in self.rules.fields:
            return
        if item.strain or item.strain_type or self.product is None:
            self._set("strain_class", strain_class(item, self.rules))
        if not item.strain:
            if item.strain_required:
                self.findings.append(
                    Finding(
                        "strain_missing",
                        f"The item {item.sku} needs a strain and has none",
                        "Give the item its strain in Flourish.",
                    )
                )
            return
        name = self.rules.said.strains.get(item.strain.strip(), item.strain)
        if self._known("strains", name):
            self.spelled = self.base.get("spelled", "")
            return
        found: tuple[Named, ...] | None = self.asking.answer(StrainNamed(name))
        if found is not None:
            self._choose_strain(name, found)

    def _choose_strain(self, name: str, found: tuple[Named, ...]) -> None:
        exact = exactly(found, name)
        chosen = exact if exact or self.rules.strain_case else list(found)
        if len(chosen) == 1:
            self.names["strains"], self.values["strains"] = name, [chosen[0].ref]
            self.spelled = chosen[0].name if chosen[0].name != self.item.strain else ""
        elif chosen:
            where = self.rules.platform_label
            self.findings.append(
                Finding(
                    "strain_twice",
                    f"{where} has {len(chosen)} strains called {name}",
                    f"Leave one of them in {where}, or spell the item's strain exactly as one of them.",
                    cause=name,
                    evidence={"strains": [[strain.ref, strain.name] for strain in chosen]},
                )
            )
        elif "strain_class" in self.values:
            self.strain = CreateStrain(name, self.values["strain_class"])
        else:
            self.findings.append(
                Finding(
                    "strain_type_unknown",
                    f"The strain {name} cannot be made in {self.rules.platform_label}: its type is"
                    f" {self.item.strain_type or 'not given'}",
                    "Give the strain one of the types Sativa, Indica, Hybrid, CBD in Flourish.",
                    cause=name,
                )
            )

    def _price(self) -> None:
        """LL-10: what one selling unit of the platform costs, to the cent."""
        if "price" not in self.rules.fields:
            return
        product = self.product
        price = case_price(self.item, product, self.rules)
        if price:
            self.values["price"] = plain_value(price)
        elif self.item.price and price is None and product is not None:
            self.findings.append(unit_mismatch(self.item, product, self.rules))
        else:
            self.findings.append(
                Finding(
                    "price_missing",
                    f"The item {self.item.sku} has no price",
                    "Give the item its price in Flourish, or switch prices off for the connection.",
                )
            )


def brand_name(item: Item, rules: CatalogueRules) -> str:
    """What the platform calls the item's brand; empty for an item without one (LL-5)."""
    return rules.brands.get(item.brand, item.brand).strip()


def own_brand(name: str, asking: Asking) -> Named | None:
    """The account's brand of exactly this name; None for none, or while it is asked."""
    found: tuple[Named, ...] = asking.answer(BrandNamed(name)) or ()
    exact = exactly(found, name)
    return exact[0] if len(exact) == 1 else None


def exactly(found: Iterable[Named], name: str) -> list[Named]:
    """Those of exactly this name; only when there is none, those that have it after trimming."""
    named = [each for each in found if each.name.strip() == name]
    return [each for each in named if each.name == name] or named


def category_path(item: Item, rules: CatalogueRules) -> str:
    """What the platform calls the item's category, as "category > subcategory"; empty if nobody says so."""
    return category_named(item.category, item.custom_category, item.custom_subcategory, rules)


def category_named(category: str, custom: str, below: str, rules: CatalogueRules) -> str:
    """The same, by an item's category, custom category and custom subcategory."""
    both = f"{custom} {PATH} {below}"
    for name in (both, custom, category):
        if row := rules.categories.get(folded(name)):
            return row
    return both if custom and below else ""


def folded(path: str) -> str:
    """Write a category, or category and subcategory, as the rules' table has it, whatever its case."""
    return PATH.join(part.strip().casefold() for part in path.split(PATH))


def strain_class(item: Item, rules: CatalogueRules) -> str:
    """The platform's class of the item's strain type, or of an item without a strain; empty if unknown."""
    kind = item.strain_type.strip().lower()
    return "" if item.strain and not kind else rules.shop.strain_classes.get(kind, "")


def line_name(item: Item, rules: CatalogueRules) -> str:
    """What the platform calls the item's product line; empty for none (LL-6)."""
    chosen = rules.line_from
    if chosen == "brand":
        written = item.brand
    elif chosen == "category":
        written = item.category
    elif chosen.isdigit() and 0 < int(chosen) <= len(item.ref_fields):
        written = item.ref_fields[int(chosen) - 1]
    else:
        written = ""
    return rules.lines.get(written, written).strip()


def case_price(item: Item, product: Product | None, rules: CatalogueRules) -> Decimal | None:
    """The price of what the platform sells as one; None without a price, or where units measure other things.

    Args:
        item: its price is for one of its own unit.
        product: its unit and how many are sold together; None for one that is to be made, as the item is.
        rules: with the multiplier.
    """
    if item.price is None:
        return None
    multiplier = rules.price_multiplier
    if product is None:
        return cents(item.price * multiplier * int(rules.defaults.get("unit_multiplier") or 1))
    share = convert(Decimal(product.multiplier), product.unit, item.uom)
    if share is None or not has_plain_unit(product):
        return None
    return cents(item.price * multiplier * share.numerator / share.denominator)


def agrees(product: Product, name: str, target: Any) -> bool:
    """Whether a product has a field as it should be.

    Texts are compared without mark-up and spaces, as platforms add both to what they are sent.
    """
    now = plain_value(getattr(product, name))
    if name in _TEXTS and isinstance(now, str):
        return _bare(now) == _bare(target)
    return bool(now == target)


def _bare(text: str) -> str:
    return "".join(unescape(_MARK_UP.sub("", text)).split())
