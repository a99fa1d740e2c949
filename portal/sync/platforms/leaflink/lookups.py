"""Look-ups: what LeafLink calls the brands, lines, categories, strains and licenses that products name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from portal.sync.contract import Calls
from portal.sync.errors import ConnectionBroken
from portal.sync.mapping.keys import near_key
from portal.sync.platforms.leaflink.catalogue import read_license, read_named, read_slug
from portal.sync.platforms.leaflink.paging import rows
from portal.sync.questions import (
    BrandNamed,
    CatalogueQuestion,
    CategoryNamed,
    LineNamed,
    Named,
    NamedCategory,
    StrainNamed,
)
from portal.sync.reading import Fields


class Lookups:
    """Answers the planner's questions about one account. Lists are read once: it lives for one shift.

    Args:
        calls: the HTTP room.
        company: tells the id of the account's own company.
    """

    def __init__(self, calls: Calls, company: Callable[[], str]) -> None:
        self._calls = calls
        self._company = company
        self._lists: dict[tuple[str, str], tuple[Fields, ...]] = {}

    def answer(self, question: CatalogueQuestion) -> tuple[Any, ...]:
        """Answer a question in the shape that it names."""
        if isinstance(question, BrandNamed):
            return _named(self._own("brands/"), question.name)
        if isinstance(question, LineNamed):
            return _named(self._list("product-lines/", "brand", question.brand), question.name)
        if isinstance(question, CategoryNamed):
            return self._categories(question)
        if isinstance(question, StrainNamed):
            return self._strains(question.name)
        return self._licenses()

    def forget_strains(self) -> None:
        """Read strains anew from now on, because one was made."""
        self._lists = {key: found for key, found in self._lists.items() if key[0] != "strains/"}

    def _own(self, path: str) -> tuple[Fields, ...]:
        return self._list(path, "company", self._company())

    def _list(self, path: str, name: str = "", value: str = "") -> tuple[Fields, ...]:
        key = (path, value)
        if key not in self._lists:
            self._lists[key] = tuple(rows(self._calls, path, {name: value} if name else None))
        return self._lists[key]

    def _categories(self, question: CategoryNamed) -> tuple[NamedCategory, ...]:
        categories = _called(self._list("product-categories/"), question.category)
        subcategories = _called(self._list("product-subcategories/"), question.subcategory)
        pairs = [
            NamedCategory(read_named(category), read_named(subcategory))
            for category in categories
            for subcategory in subcategories
            if subcategory.text_or_empty("category") == category.ident("id")
        ]
        return tuple(pairs or [NamedCategory(read_named(category), None) for category in categories])

    def _strains(self, name: str) -> tuple[Named, ...]:
        """Find strains of a name: by the filter, which may mind the case, else among the account's own."""
        named = tuple(read_named(row) for row in rows(self._calls, "strains/", {"name": name}))
        return _same(named, name) or _same((read_named(row) for row in self._own("strains/")), name)

    def _licenses(self) -> tuple[Named, ...]:
        """List the account's licenses; a key that may not write products may not read them either."""
        try:
            return tuple(read_license(row) for row in self._list("licenses/"))
        except ConnectionBroken as error:
            if not error.is_forbidden:
                raise
            return ()


def _named(found: Sequence[Fields], name: str) -> tuple[Named, ...]:
    """Those of exactly this name after trimming, else the near ones."""
    named = [read_named(row) for row in found]
    exact = tuple(each for each in named if each.name.strip() == name)
    return exact or tuple(each for each in named if near_key(each.name) == near_key(name))


def _called(found: Sequence[Fields], name: str) -> tuple[Fields, ...]:
    """Those with this name or slug, whatever its case; none for no name."""
    wanted = name.strip().casefold()
    return tuple(
        row
        for row in found
        if wanted and wanted in (row.text("name").strip().casefold(), read_slug(row).casefold())
    )


def _same(found: Iterable[Named], name: str) -> tuple[Named, ...]:
    wanted = name.strip().casefold()
    return tuple(each for each in found if each.name.strip().casefold() == wanted)
