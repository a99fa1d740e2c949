"""Ordo's lists as checks see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType

from portal.sync.checks import Entry
from portal.sync.contract import Calls
from portal.sync.platforms.ordo.paging import rows
from portal.sync.platforms.ordo.status import CONFIRMED, PENDING
from portal.sync.reading import Fields


def entries(calls: Calls, name: str) -> Iterator[Entry]:
    """Read one list.

    Args:
        calls: the HTTP room.
        name: one of `NAMES`.

    Raises:
        Retryable, Rejected, Unreadable, ConnectionBroken.
    """
    path, query, read = _LISTS[name]
    return (read(row) for row in rows(calls, path, query))


def _coming(row: Fields) -> Entry:
    """An order that may still come in: whose it is, and what it names."""
    skus = tuple(line.text_or_empty("sku") for line in row.children("lines"))
    facts = {
        "license": row.text_or_empty("license_number").strip(),
        "customer": row.child_or_empty("customer").text_or_empty("name").strip(),
        "rep": row.child_or_empty("sales_rep").text_or_empty("email").strip(),
        "skus": skus,
    }
    return Entry(row.ident("id"), row.text_or_empty("number"), row.text_or_empty("number"), facts)


def _brand(row: Fields) -> Entry:
    name = row.text("name")
    return Entry(row.ident("id"), name, name)


def _license(row: Fields) -> Entry:
    number = row.text_or_empty("license_number")
    return Entry(row.ident("id"), number, number, {"street2": row.text_or_empty("street2").strip()})


def _item(row: Fields) -> Entry:
    facts = {"external_id": row.text_or_empty("external_id"), "brand": row.text_or_empty("brand")}
    return Entry(row.ident("id"), row.text_or_empty("sku"), row.text_or_empty("name"), facts)


# Name -> path, filters, and how a row is read.
_LISTS: MappingProxyType[str, tuple[str, dict[str, list[str]], Callable[[Fields], Entry]]] = MappingProxyType(
    {
        "coming_orders": ("orders", {"status": [PENDING, CONFIRMED]}, _coming),
        "brands": ("brands", {}, _brand),
        "own_licenses": ("licenses", {}, _license),
        "ordo_items": ("items", {}, _item),
    }
)
NAMES = tuple(_LISTS)
