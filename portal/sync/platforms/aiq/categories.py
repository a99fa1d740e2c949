"""Where an item stands on AIQ's menu: the category of Flourish that says it, and a table (AQ-3). Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from portal.sync.domain import Item
from portal.sync.platforms.aiq.terms import (
    ACCESSORIES,
    BEVERAGES,
    CONCENTRATES,
    EDIBLES,
    FLOWER,
    KINDS,
    MERCHANDISE,
    PRE_ROLLS,
    TINCTURES,
    TOPICALS,
    VAPORIZERS,
)

_NOT_IN_WORDS = re.compile(r"[^0-9a-z]+")
# AIQ's kind -> categories of Flourish that are it, for a store that has no table of its own. Only whole names
# count: what is not here is asked for, and not guessed from a word in it.
_USUAL: Mapping[str, str] = MappingProxyType(
    {
        FLOWER: "flower, bud, shake, smalls, popcorn",
        PRE_ROLLS: "pre-roll, preroll, joint, infused pre-roll",
        VAPORIZERS: "vape, vaporizer, cart, cartridge, vape cartridge, disposable, disposable vape",
        CONCENTRATES: "concentrate, extract, rosin, live rosin, resin, live resin, wax, shatter, rso",
        EDIBLES: "edible, gummy, gummies, chocolate, edibles & ingestibles",
        TINCTURES: "tincture, oil drops",
        TOPICALS: "topical, balm, patch, patches",
        BEVERAGES: "drink, beverage",
        ACCESSORIES: "accessory, accessories, battery, batteries, paper, rolling paper",
        MERCHANDISE: "apparel, merch, merchandise",
    }
)


def folded(text: str) -> str:
    """Write a category so that case, spaces, punctuation and a plural make no difference."""
    plain = _NOT_IN_WORDS.sub("", unicodedata.normalize("NFKC", text).casefold())
    return plain.removesuffix("s")


DEFAULTS: Mapping[str, str] = MappingProxyType(
    {folded(name): kind for kind, names in _USUAL.items() for name in names.split(",")}
)


def category_text(item: Item) -> str:
    """The category that decides: the e-commerce subcategory, else the item's own. The e-commerce category
    does not count (the article about AIQ and Flourish)."""
    return item.custom_subcategory.strip() or item.category.strip()


def kind_of(text: str, table: Mapping[str, str]) -> str:
    """AIQ's kind for a category; empty where nobody has said it.

    Args:
        text: the category, as Flourish has it.
        table: the store's own, category -> kind. Once it has a row, it takes the place of all usual ones, as
            in AIQ itself.
    """
    wanted = folded(text)
    if not table:
        return DEFAULTS.get(wanted, "") if wanted else ""
    own = {folded(category): kind for category, kind in table.items()}
    kind = own.get(wanted, "")
    return kind if kind in KINDS else ""
