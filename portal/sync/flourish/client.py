"""One Flourish company, by its external API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from portal.sync.addresses import segment
from portal.sync.checks import Entry
from portal.sync.contract import Calls, Page, Rows
from portal.sync.domain import (
    CANCELLED,
    Company,
    Destination,
    FacilityFacts,
    Item,
    OutboundOrder,
    SalesRep,
    Stock,
)
from portal.sync.drafts import DestinationDraft, OutboundDraft, OutboundUpdate
from portal.sync.errors import ConnectionBroken, Retryable
from portal.sync.flourish import lists
from portal.sync.flourish.catalogue import add_up, in_pieces, read_item, read_items, read_ordered, read_stock
from portal.sync.flourish.envelope import Envelopes
from portal.sync.flourish.retail_client import RetailClient
from portal.sync.flourish.translate import (
    changes_of,
    read_destination,
    read_facility,
    read_hint,
    read_order,
    read_sales_rep,
    write_destination,
    write_order,
    write_time,
    write_update,
)
from portal.sync.mapping.keys import email_key, license_key, near_key, sku_key
from portal.sync.questions import (
    CustomerNumbered,
    DestinationByLicense,
    FlourishQuestion,
    ItemBySku,
    LotNumbered,
    RepByEmail,
    TermNamed,
)
from portal.sync.reading import Fields, Notice, log_unknown_field
from portal.sync.retail import CustomerLookup

# What Trellis reads -> what people have to allow. The first three are asked within a facility.
_PERMISSIONS = (
    ("/v1/sales-reps", "Sales reps"),
    ("/v1/order-payment-terms", "Payment terms"),
    ("/v1/inventory/summary", "Inventory"),
    ("/v1/items", "Items"),
    ("/v1/destinations", "Destinations"),
    ("/v1/outbound-orders", "Outbound orders"),
)
# Items that are looked through for one that is merely near: ten pages, about two seconds of the budget.
_NEAR_PAGES = 10

# Else a row of the inventory summary holds all lots of an item (external API: group_by).
_BY_LOT = {"group_by": "lot_number"}

# Somebody works on the order at the moment.
_CHANGED_SECONDS = 1.0


class FlourishClient:
    """Reads and writes what orders need, and reads items and what there is of them.

    Args:
        calls: the HTTP room, with a base address that ends in /external/api/.
        notice: told of fields of an answer that no table names.
    """

    def __init__(self, calls: Calls, notice: Notice = log_unknown_field) -> None:
        self._api = Envelopes(calls)
        self._notice = notice
        self.retail = RetailClient(self._api, notice)
        # Whole lists, read once per client (which lives for one shift) when a filter finds nothing.
        self._facility: str | None = None
        self._near_items: tuple[Item, ...] | None = None
        self._all_destinations: tuple[Destination, ...] | None = None

    def company(self) -> Company:
        """Prove the key: which facilities it opens, and what it may not read.

        Flourish names no company, so it is called by its facilities; `ref` is the lowest facility id.

        Raises:
            ConnectionBroken: Flourish does not accept the key, or it opens no facility.
        """
        facilities = sorted(self.facilities(), key=lambda facility: facility.id)
        if not facilities:
            raise ConnectionBroken("the key opens no facility in Flourish")
        first = facilities[0]
        more = f" and {len(facilities) - 1} more" if len(facilities) > 1 else ""
        missing = tuple(name for path, name in _PERMISSIONS if self._is_forbidden(path, first.id))
        return Company(first.id, f"Flourish company of {first.name}{more}", missing)

    def facilities(self) -> tuple[FacilityFacts, ...]:
        """List all facilities of the company."""
        return tuple(read_facility(row, self._notice) for row in self._api.rows("/v1/facilities"))

    def outbound_order(self, order_id: str) -> OutboundOrder | None:
        """Read one order, or None when Flourish does not know it."""
        found = self._api.one(f"/v1/outbound-orders/{segment(order_id)}")
        return read_order(found, self._notice) if found is not None else None

    def outbound_orders(
        self,
        *,
        created_from: datetime | None = None,
        created_until: datetime | None = None,
        updated_from: datetime | None = None,
        facility_id: str = "",
        origin: str = "",
    ) -> Iterator[OutboundOrder]:
        """List orders, of all facilities and origins unless one is named. Their `notes` are None where the
        list has none.

        Raises:
            Retryable: orders were moved between pages while they were read.
        """
        times = {
            "created_timestamp_start": created_from,
            "created_timestamp_end": created_until,
            "last_updated_timestamp_start": updated_from,
        }
        query = _times(times) | ({"order_origin": origin} if origin else {})
        for row in self._api.rows("/v1/outbound-orders", query, facility_id):
            yield read_order(row, self._notice, from_list=True)

    def changed_orders(self, since: datetime | None) -> Iterator[Page]:
        """Page through orders changed since a time, of all facilities; all of them when None."""
        query = _times({"last_updated_timestamp_start": since})
        for page in self._api.pages("/v1/outbound-orders", query):
            yield Page(tuple(read_hint(row) for row in page.rows), page.total)

    def items(self, since: datetime | None, position: str = "") -> Iterator[Rows[Item]]:
        """Page through whole items, inactive ones among them, that were changed since a time; all when None.

        Args:
            since: a time, or None.
            position: of an earlier page with the same `since`, to go on behind it.
        """
        query = _times({"last_updated_timestamp_start": since})
        for page in self._api.pages("/v1/items", query, start=int(position or 0)):
            yield read_items(page, self._notice)

    def item(self, item_id: str) -> Item | None:
        """Read one item, or None when Flourish does not know it."""
        found = self._api.one(f"/v1/items/{segment(item_id)}")
        return read_item(found, self._notice) if found is not None else None

    def items_by_sku(self, sku: str) -> tuple[Item, ...]:
        """Read every item with exactly this SKU, inactive ones among them."""
        rows = self._api.rows("/v1/items", {"sku": sku_key(sku)})
        found = (read_item(row, self._notice) for row in rows)
        return tuple(item for item in found if sku_key(item.sku) == sku_key(sku))

    def stock(self, facility_id: str, since: datetime | None = None) -> Iterator[tuple[Stock, ...]]:
        """Read what a facility has of each item, in pieces: of all items, or of those with a change since a
        time. An item that is in no piece of all has nothing there.

        Args:
            facility_id: the facility.
            since: a time, or None for all.

        Raises:
            Retryable: rows moved between pages while they were read.
        """
        if since is None:
            yield from in_pieces(self._stock({}, facility_id))
            return
        changed = self._stock(_times({"last_updated_timestamp_start": since}), facility_id)
        # Of an item in several lots only the changed ones were listed: its sum needs them all.
        for piece in in_pieces(changed):
            yield self._stock({"item_id": [stock.item_id for stock in piece]}, facility_id)

    def stock_pages(
        self, facility_id: str, position: str = "", *, by_lot: bool = False
    ) -> Iterator[Rows[Stock]]:
        """Page through what a facility has, row by row: an item has one for each lot, strain and variation.

        Args:
            facility_id: the facility.
            position: of an earlier page, to go on behind it.
            by_lot: have no row with several lots.

        Raises:
            Unreadable: a row's quantity cannot be read: a sum without it would be wrong.
        """
        query = _BY_LOT if by_lot else {}
        for page in self._api.pages("/v1/inventory/summary", query, facility_id, start=int(position or 0)):
            yield read_stock(page, self._notice)

    def stock_of(self, item_id: str, facility_id: str, *, by_lot: bool = False) -> Stock | None:
        """Read what a facility has of one item; None when it lists nothing."""
        query = {"item_id": item_id, **(_BY_LOT if by_lot else {})}
        return next(iter(self._stock(query, facility_id)), None)

    def _stock(self, query: Mapping[str, Any], facility_id: str) -> tuple[Stock, ...]:
        return add_up(self._api.rows("/v1/inventory/summary", query, facility_id), self._notice)

    def entries(self, name: str) -> Iterator[Entry]:
        """Read one of the lists of `lists.NAMES`."""
        return lists.entries(self._api, name, self.facilities, self._notice)

    def answer(self, question: FlourishQuestion, *, facility_id: str = "") -> Any:
        """Answer what the planner must know, in the shape that the question names.

        Args:
            question: one of `decisions.FlourishQuestion`.
            facility_id: sales reps and payment terms are asked within a facility; any one when empty.
        """
        if isinstance(question, DestinationByLicense):
            return self._destinations(question.license)
        if isinstance(question, ItemBySku):
            return self._items(question.sku)
        if isinstance(question, RepByEmail):
            return self._sales_reps(question.email, facility_id or self._any_facility())
        if isinstance(question, LotNumbered):
            return self._lots(question)
        if isinstance(question, CustomerLookup):
            return self.retail.customers(question)
        if isinstance(question, CustomerNumbered):
            return self.retail.customer(question.id)
        return self._terms(question, facility_id or self._any_facility())

    def create_destination(self, draft: DestinationDraft) -> Destination:
        """Make a destination.

        Raises:
            Unsettled, Retryable, Rejected, ConnectionBroken.
        """
        made = self._api.write("POST", "/v1/destinations", write_destination(draft))
        return Destination(made.made_id(), draft.name, license_key(draft.license), active=True)

    def create_order(self, draft: OutboundDraft) -> str:
        """Make an outbound order; returns its id.

        Raises:
            Unsettled: also when the answer does not name the id. Retryable, Rejected, ConnectionBroken.
        """
        return self._api.write("POST", "/v1/outbound-orders", write_order(draft), draft.facility_id).made_id()

    def finish_order(self, order: OutboundOrder, *, requested_date: date | None, term: str) -> None:
        """Give an order what only an update takes. Nothing is changed in what it holds already.

        Raises:
            Unsettled, Retryable, Rejected, Unreadable, ConnectionBroken.
        """
        changes: dict[str, Any] = {}
        if requested_date is not None:
            changes["requested_delivery_date"] = requested_date.isoformat()
        if term:
            changes["payment_term"] = term
        self._update(order.id, order.facility_id, changes)

    def update_order(self, order: OutboundOrder, update: OutboundUpdate) -> None:
        """Write an edit into an order; what it does not name stays as Flourish has it.

        Args:
            order: the order as it was when the edit was planned.
            update: the edit.

        Raises:
            Retryable: somebody has changed the order since, or Flourish does not show it now.
            Unsettled, Rejected, Unreadable, ConnectionBroken.
        """
        found = self._read(order.id)
        now = read_order(found, self._notice)
        # The edit names lines by their place.
        if (now.updated_at, now.lines) != (order.updated_at, order.lines):
            reason = "Flourish's order was changed a moment ago"
            raise Retryable(reason, after=_CHANGED_SECONDS, throttled=True)
        self._put(order.id, found, order.facility_id, changes_of(found, update))

    def cancel_order(self, flourish_id: str, facility_id: str, *, untouched: bool = False) -> None:
        """Cancel an outbound order.

        Args:
            flourish_id: the order.
            facility_id: where it is.
            untouched: only while nothing is allocated; a cancel would free what is.

        Raises:
            Unsettled, Retryable, Rejected, Unreadable, ConnectionBroken.
        """
        self._update(flourish_id, facility_id, {"order_status": CANCELLED}, untouched=untouched)

    def _update(
        self, order_id: str, facility_id: str, changes: Mapping[str, Any], *, untouched: bool = False
    ) -> None:
        found = self._read(order_id)
        # What is cancelled already is Flourish's to refuse: that is no allocation.
        order = read_order(found, self._notice) if untouched else None
        if order is not None and order.is_touched and order.status != CANCELLED:
            raise Retryable("Something was allocated to the order a moment ago", throttled=True)
        self._put(order_id, found, facility_id, changes)

    def _read(self, order_id: str) -> Fields:
        found = self._api.one(_path_of(order_id))
        if found is None:
            raise Retryable("Flourish does not show the order at the moment")
        return found

    def _put(self, order_id: str, found: Fields, facility_id: str, changes: Mapping[str, Any]) -> None:
        self._api.write("PUT", _path_of(order_id), write_update(found, changes), facility_id)

    def _destinations(self, license_number: str) -> tuple[Destination, ...]:
        """Find destinations by license: by its filter, by search, and at last among all of them.

        The filter compares with what was typed into Flourish ("RE 000123 (NJ)" for RE000123), and a second
        destination for one license must never be made, so the whole list has the last word.
        """
        for query in ({"license_number": license_number}, {"search": license_number}):
            found = _licensed(self._read_destinations(query), license_number)
            if found:
                return found
        if self._all_destinations is None:
            self._all_destinations = self._read_destinations({})
        return _licensed(self._all_destinations, license_number)

    def _read_destinations(self, query: Mapping[str, str]) -> tuple[Destination, ...]:
        return tuple(read_destination(row, self._notice) for row in self._api.rows("/v1/destinations", query))

    def _items(self, sku: str) -> tuple[Item, ...]:
        """Find items by SKU: exactly, or else near ones among the first pages of all items.

        The filter is used by the vendor's own plugin and not described, so its answer is compared again.
        """
        wanted = sku_key(sku)
        rows = self._api.rows("/v1/items", {"sku": wanted})
        exact = tuple(item for item in self._read_items(rows) if sku_key(item.sku) == wanted)
        if exact:
            return exact
        if self._near_items is None:
            rows = self._api.rows("/v1/items", {}, most_pages=_NEAR_PAGES)
            self._near_items = tuple(self._read_items(rows))
        return tuple(item for item in self._near_items if near_key(item.sku) == near_key(sku))

    def _read_items(self, rows: Iterator[Fields]) -> Iterator[Item]:
        return (read_ordered(row, self._notice) for row in rows)

    def _sales_reps(self, email: str, facility_id: str) -> tuple[SalesRep, ...]:
        rows = self._api.rows("/v1/sales-reps", {}, facility_id)
        reps = (read_sales_rep(row, self._notice) for row in rows)
        return tuple(rep for rep in reps if email_key(rep.email) == email_key(email))

    def _terms(self, question: TermNamed, facility_id: str) -> tuple[str, ...]:
        rows = self._api.rows("/v1/order-payment-terms", {}, facility_id)
        names = (row.text("order_payment_term") for row in rows)
        wanted = question.name.strip().casefold()
        return tuple(dict.fromkeys(name for name in names if name.strip().casefold() == wanted))

    def _lots(self, question: LotNumbered) -> tuple[str, ...]:
        """Find a lot of an item, also one of which nothing is left; the filters' answer is compared again."""
        query = {
            **_BY_LOT,
            "item_id": question.item_id,
            "lot_number": question.lot,
            "include_all_items": "true",
        }
        rows = self._api.rows("/v1/inventory/summary", query, question.facility_id)
        lots = (row.text_or_empty("lot_number") for row in rows if row.text("item_id") == question.item_id)
        return tuple(dict.fromkeys(lot for lot in lots if lot == question.lot))

    def _any_facility(self) -> str:
        """Name a facility for calls that need one and answer for the whole company."""
        if self._facility is None:
            self._facility = min((facility.id for facility in self.facilities()), default="")
        return self._facility

    def _is_forbidden(self, path: str, facility_id: str) -> bool:
        try:
            self._api.first_page(path, facility_id)
        except ConnectionBroken as error:
            if not error.is_forbidden:
                # The key was good a moment ago: this says nothing about it.
                raise Retryable("Flourish accepts the key and refuses it in turns") from error
            return True
        return False


def _path_of(order_id: str) -> str:
    return f"/v1/outbound-orders/{segment(order_id)}"


def _licensed(found: tuple[Destination, ...], license_number: str) -> tuple[Destination, ...]:
    return tuple(destination for destination in found if destination.license == license_number)


def _times(query: Mapping[str, datetime | None]) -> dict[str, str]:
    return {name: write_time(moment) for name, moment in query.items() if moment is not None}
