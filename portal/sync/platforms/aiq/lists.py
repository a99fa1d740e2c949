"""AIQ's lists as checks see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType

from portal.sync.checks import Entry
from portal.sync.contract import Calls
from portal.sync.platforms.aiq.paging import rows
from portal.sync.platforms.aiq.products import POS_ID
from portal.sync.platforms.aiq.status import CONFIRMED, PENDING
from portal.sync.reading import Fields


def entries(calls: Calls, venue: str, name: str) -> Iterator[Entry]:
    """Read one list of a store.

    Args:
        calls: the HTTP room.
        venue: the store's id.
        name: one of `NAMES`.

    Raises:
        Retryable, Rejected, Unreadable, ConnectionBroken.
    """
    path, query, read = _LISTS[name]
    return (read(row) for row in rows(calls, path, {"venueId": venue, **query}))


def venues(calls: Calls) -> Iterator[Entry]:
    """Read the stores of the organisation whose key it is, of which a connection is one."""
    return map(_venue, rows(calls, "venues"))


def _venue(row: Fields) -> Entry:
    name = row.text("name").strip()
    facts = {
        "address": row.text_or_empty("addressFormatted").strip(),
        "state": row.child_or_empty("address").text_or_empty("administrativeArea").strip(),
        "is_medical": row.flag_or_no("medicalDispensary"),
    }
    return Entry(row.ident("id"), name, name, facts)


def _coming(row: Fields) -> Entry:
    """An order that may still come in, and which items it names. Whose it is, no check asks."""
    products = [line.child("product") for line in row.children("items")]
    label = row.text("orderId")
    facts = {
        "skus": tuple(one.text_or_empty("sku") for one in products),
        "pos_id": row.text_or_empty("posOrderId"),
    }
    return Entry(row.ident("id"), label, label, facts)


def _product(row: Fields) -> Entry:
    facts = {"pos_id": row.text_or_empty(POS_ID), "kind": row.text_or_empty("cannabisComplianceType")}
    return Entry(row.ident("id"), row.text_or_empty("sku"), row.text_or_empty("name"), facts)


# Name -> path, filters, and how a row is read.
_LISTS: MappingProxyType[str, tuple[str, dict[str, list[str]], Callable[[Fields], Entry]]] = MappingProxyType(
    {
        "coming_shop_orders": ("orders", {"status": [PENDING, CONFIRMED]}, _coming),
        "aiq_products": ("products", {}, _product),
    }
)
NAMES = tuple(_LISTS)
