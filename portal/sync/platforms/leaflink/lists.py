"""LeafLink's lists as checks see them, such as customers, staff, brands, product lines and batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

from portal.sync.checks import Entry
from portal.sync.contract import Calls
from portal.sync.platforms.leaflink.paging import rows
from portal.sync.platforms.leaflink.terms import term_of
from portal.sync.reading import Fields

# Between a category and its subcategory, as in a connection's table of categories.
_PATH = " > "


def entries(calls: Calls, name: str, company: Callable[[], str]) -> Iterator[Entry]:
    """Read one list.

    Args:
        calls: the HTTP room.
        name: one of `NAMES`.
        company: tells the id of the account's own company.

    Raises:
        Retryable, Rejected, Unreadable, ConnectionBroken.
    """
    if name == "categories":
        return _categories(calls)
    path, owner, query, read = _LISTS[name]
    asked = {**query, **({owner: company()} if owner else {})}
    return (read(row) for row in rows(calls, path, asked))


def _customer(row: Fields) -> Entry:
    term = term_of(row.value.get("payment_term"), row.at("payment_term"))
    facts: dict[str, Any] = {
        "archived": row.flag_or_no("archived"),
        "term": term.name if term else "",
        "term_shown": term.shown if term else "",
        "reps": tuple(str(one) for one in row.value.get("managers") or () if isinstance(one, int | str)),
    }
    return Entry(row.ident("id"), row.text_or_empty("license_number"), row.text_or_empty("name"), facts)


def _staff(row: Fields) -> Entry:
    name = row.text_or_empty("display_name") or row.text_or_empty("username")
    facts = {"active": row.flag_or_no("is_active")}
    return Entry(row.ident("id"), row.text_or_empty("email"), name, facts)


def _named(row: Fields) -> Entry:
    name = row.text("name")
    return Entry(row.ident("id"), name, name)


def _line(row: Fields) -> Entry:
    name = row.text("name")
    return Entry(row.ident("id"), name, name, {"brand": row.text_or_empty("brand")})


def _batch(row: Fields) -> Entry:
    number = row.text_or_empty("production_batch_number")
    return Entry(row.ident("id"), number, number)


def _license(row: Fields) -> Entry:
    number = row.text_or_empty("number")
    return Entry(row.ident("id"), number, row.text_or_empty("display_type") or number)


def _categories(calls: Calls) -> Iterator[Entry]:
    """Read categories as "category", and each of their subcategories as "category > subcategory"."""
    names: dict[str, str] = {}
    for row in rows(calls, "product-categories/"):
        names[row.ident("id")] = row.text("name")
        yield _named(row)
    for row in rows(calls, "product-subcategories/"):
        above = names.get(row.text_or_empty("category"), "")
        path = f"{above}{_PATH}{row.text('name')}"
        yield Entry(row.ident("id"), path, path)


# Name -> path, the filter that names the own company, other filters, and how a row is read.
_LISTS: MappingProxyType[str, tuple[str, str, dict[str, str], Callable[[Fields], Entry]]] = MappingProxyType(
    {
        "customers": ("customers/", "", {"include_children": "managers"}, _customer),
        "staff": ("company-staff/", "company", {}, _staff),
        "brands": ("brands/", "company", {}, _named),
        "lines": ("product-lines/", "", {}, _line),
        "strains": ("strains/", "company", {}, _named),
        "batches": ("batches/", "owner", {}, _batch),
        "own_licenses": ("licenses/", "", {}, _license),
    }
)
NAMES = (*_LISTS, "categories")
