"""Flourish's lists as checks see them: destinations, sales reps, terms, brands, strains, lots, facilities."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType

from portal.sync.checks import Entry
from portal.sync.domain import FacilityFacts
from portal.sync.flourish.envelope import Envelopes
from portal.sync.flourish.translate import read_sales_rep
from portal.sync.reading import Fields, Notice


def entries(
    api: Envelopes, name: str, facilities: Callable[[], tuple[FacilityFacts, ...]], notice: Notice
) -> Iterator[Entry]:
    """Read one list.

    Args:
        api: Flourish's API.
        name: one of `NAMES`.
        facilities: tells the company's facilities.
        notice: told of fields of an answer that no table names.

    Raises:
        Retryable, Rejected, Unreadable, ConnectionBroken.
    """
    if name == "facilities":
        return (_facility(one) for one in facilities())
    if name == "sales_reps":
        return _sales_reps(api, facilities(), notice)
    if name == "lots":
        return _lots(api, facilities())
    path, read = _LISTS[name]
    scope = _any(facilities()) if name == "payment_terms" else ""
    return (read(row) for row in api.rows(path, {}, scope))


def _facility(one: FacilityFacts) -> Entry:
    return Entry(one.id, one.license, one.name, {"active": one.active, "needs_rep": one.sales_rep_required})


def _any(facilities: tuple[FacilityFacts, ...]) -> str:
    """A facility to ask within, of what is the same in all."""
    return min((one.id for one in facilities), default="")


def _sales_reps(api: Envelopes, facilities: tuple[FacilityFacts, ...], notice: Notice) -> Iterator[Entry]:
    for row in api.rows("/v1/sales-reps", {}, _any(facilities)):
        rep = read_sales_rep(row, notice)
        yield Entry(rep.id, rep.email, rep.name, {"facility": rep.facility_id, "active": rep.active})


def _lots(api: Envelopes, facilities: tuple[FacilityFacts, ...]) -> Iterator[Entry]:
    """Read the lots of all facilities, each number once: an item's lot may lie in several of them."""
    seen: set[str] = set()
    for facility in facilities:
        for row in api.rows("/v1/inventory/summary", {"group_by": "lot_number"}, facility.id):
            number = row.text_or_empty("lot_number")
            if number and number not in seen:
                seen.add(number)
                yield Entry(number, number, row.text_or_empty("item_name") or row.text_or_empty("sku"))


def _destination(row: Fields) -> Entry:
    facts = {"active": row.flag_or_no("active")}
    return Entry(row.ident("id"), row.text_or_empty("license_number"), row.text_or_empty("name"), facts)


def _term(row: Fields) -> Entry:
    name = row.text("order_payment_term")
    return Entry(row.ident("order_payment_term_id"), name, name)


def _brand(row: Fields) -> Entry:
    name = row.text("brand_name")
    return Entry(row.ident("brand_id"), name, name)


def _strain(row: Fields) -> Entry:
    name = row.text("strain_name")
    return Entry(row.ident("id"), name, name)


_LISTS: MappingProxyType[str, tuple[str, Callable[[Fields], Entry]]] = MappingProxyType(
    {
        "destinations": ("/v1/destinations", _destination),
        "payment_terms": ("/v1/order-payment-terms", _term),
        "flourish_brands": ("/v1/brands", _brand),
        "flourish_strains": ("/v1/strains", _strain),
    }
)
NAMES = (*_LISTS, "facilities", "sales_reps", "lots")
