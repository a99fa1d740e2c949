"""LeafLink and Flourish as small worlds in memory, each with faults that a test plans ahead.

They implement what the engine uses of `contract.PlatformClient` and `FlourishClient`, and refuse, like the
real HTTP room, to be called while a transaction is open.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from portal.extensions import refuse_open_transaction
from portal.sync.checks import Entry
from portal.sync.contract import Page
from portal.sync.domain import (
    Amount,
    Company,
    Destination,
    Item,
    OutboundLine,
    OutboundOrder,
    SalesRep,
    SourceOrder,
)
from portal.sync.drafts import DestinationDraft, OutboundDraft, OutboundUpdate
from portal.sync.errors import Rejected, Retryable
from portal.sync.platforms.leaflink.translate import STAGES
from portal.sync.questions import (
    DestinationByLicense,
    ItemBySku,
    LotNumbered,
    RepByEmail,
    RepEmail,
    TermNamed,
)
from tests.sync.mapping.examples import updated

_Answer = TypeVar("_Answer")


@dataclass
class Fault:
    """What happens to one call instead of an answer. `effect`: what was asked took effect all the same,
    "late": it will when the test lets it land."""

    error: BaseException
    effect: bool | str = False


class World:
    """Counts calls, and makes the planned faults happen."""

    WRITES: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.calls: list[str] = []
        # Asked at each write, with its name and the end of its natural key, before it takes effect.
        self.witness: Callable[[str, str], None] | None = None
        # Each state that an order was in, oldest first: what webhooks would tell of.
        self.news: list[Any] = []
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.always: dict[str, BaseException] = {}
        # Run when a call of this name arrives, before anything else.
        self.meanwhile: dict[str, Callable[[], None]] = {}
        self._late: list[Callable[[], Any]] = []
        self._lock = threading.RLock()

    def fail(self, name: str, error: BaseException, *, effect: bool | str = False, times: int = 1) -> None:
        """Plan a fault for the next calls of this name."""
        self.faults[name].extend(Fault(error, effect) for _ in range(times))

    def land(self) -> None:
        """Let what was delayed take effect, as far as it still may."""
        late, self._late = self._late, []
        for effect in late:
            with suppress(Rejected):
                effect()

    def is_late(self) -> bool:
        """Whether something has yet to take effect."""
        return bool(self._late)

    def count(self, *names: str) -> int:
        """How many calls of these names there were."""
        return sum(name in names for name in self.calls)

    def _call(self, name: str, effect: Callable[[], _Answer], *, about: str = "") -> _Answer:
        refuse_open_transaction()
        with self._lock:
            self.calls.append(name)
        if self.witness and name in self.WRITES:
            self.witness(name, about)
        if meanwhile := self.meanwhile.pop(name, None):
            meanwhile()
        with self._lock:
            if name in self.always:
                raise self.always[name]
            if not self.faults[name]:
                return effect()
            fault = self.faults[name].popleft()
            if fault.effect == "late":
                self._late.append(effect)
            elif fault.effect:
                effect()
            raise fault.error


def _given(page: Page) -> Page:
    return page


# What LeafLink lets an order become, whoever asks.
LEADS_TO: dict[str, tuple[str, ...]] = {
    "Draft": ("Submitted",),
    "Submitted": ("Accepted", "Rejected", "Cancelled"),
    "Backorder": ("Accepted", "Rejected", "Cancelled"),
    "Accepted": ("Fulfilled", "Cancelled"),
    "Fulfilled": ("Shipped", "Cancelled"),
    "Shipped": ("Complete",),
}


class LeafLink(World):
    """Orders on LeafLink."""

    WRITES: tuple[str, ...] = ("move", "set_term", "tell")

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, SourceOrder] = {}
        # What each order offers follows from its status, instead of staying what the test said.
        self.offers = False
        # Number, status before and status after of each move by API that took effect.
        self.moves: list[tuple[str, str, str]] = []
        self.emails: dict[str, str] = {"77": "rae@acme.example"}
        self.pages: list[Page] = []
        self.asked_since: list[datetime | None] = []

    def put(self, order: SourceOrder, **changed: Any) -> SourceOrder:
        """Have an order, or change it, as its buyer or seller would."""
        if "status" in changed:
            changed.setdefault("stage", STAGES[changed["status"]])
        order = replace(order, updated_at=datetime.now(UTC), **changed)
        if self.offers:
            offered = tuple(one.lower() for one in LEADS_TO.get(order.status, ()))
            order = replace(order, transitions=offered)
        self.orders[order.number] = order
        self.news.append(order)
        return order

    def company(self) -> Company:
        return self._call("company", lambda: Company("ll-1", "Acme on LeafLink"))

    def order(self, number: str) -> SourceOrder | None:
        return self._call("order", lambda: self.orders.get(number))

    def entries(self, name: str) -> Iterator[Entry]:
        raise AssertionError(f"nobody checks readiness here: {name}")

    def license_type(self, question) -> str:
        return ""

    def rep_email(self, question: RepEmail) -> str:
        return self._call("rep_email", lambda: self.emails.get(question.ref, ""))

    def changed_orders(self, since: datetime | None) -> Iterator[Page]:
        self.asked_since.append(since)
        for page in list(self.pages):
            yield self._call("changed_orders", partial(_given, page))

    def move(self, number: str, action: str, *, key: str = "") -> None:
        to = {"accept": "Accepted", "fulfill": "Fulfilled", "ship": "Shipped", "complete": "Complete"}
        status = to.get(action) or {"cancel": "Cancelled", "reject": "Rejected"}[action]
        self._call("move", lambda: self._moved(number, status), about=f":{number}:{status}")

    def tell(
        self, number: str, external_ids: Mapping[str, str | None], paid_on: str, *, key: str = ""
    ) -> None:
        self._call("tell", lambda: self._told(number, external_ids, paid_on), about=f":{number}")

    def _told(self, number: str, external_ids: Mapping[str, str | None], paid_on: str) -> None:
        order = self.orders[number]
        merged = {**order.external_ids, **external_ids}
        ids = {key: value for key, value in merged.items() if value is not None}
        self.put(order, external_ids=ids, paid=order.paid or bool(paid_on))

    def set_term(self, number: str, term: str, *, key: str = "") -> None:
        change = partial(self._with_term, number, term)
        self._call("set_term", change, about=f":{number}")

    def _with_term(self, number: str, term: str) -> None:
        self.put(self.orders[number], term=term, term_shown=term)

    def _moved(self, number: str, status: str) -> None:
        before = self.orders[number]
        if status not in LEADS_TO.get(before.status, ()):
            raise Rejected(f"The order is {before.status}", http_status=400)
        self.moves.append((number, before.status, status))
        self.put(before, status=status)


class Flourish(World):
    """Outbound orders, destinations, items and reps in Flourish."""

    WRITES: tuple[str, ...] = (
        *("create_order", "create_destination", "finish_order", "update_order", "cancel_order"),
    )
    # Its retail side, of a company that has one.
    retail: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, OutboundOrder] = {}
        self.destinations: list[Destination] = [Destination("d1", "Corner", "C10-0000001-LIC", True)]
        self.known_items: list[Item] = [
            Item(f"item-{sku}", sku, f"Item {sku}", True, "Each") for sku in ("FL-1", "FL-2")
        ]
        self.reps: list[SalesRep] = [SalesRep("31", "Rae", "rae@acme.example", "7", True)]
        self.terms: tuple[str, ...] = ("Net 30", "Net 7")
        # The lots of each item.
        self.lots: dict[str, tuple[str, ...]] = {}
        self.facilities = {"7": "Oakland", "8": "Denver"}
        # What reads of this order show instead: how it was before.
        self.lag: OutboundOrder | None = None
        self.pages: list[Page] = []
        # Ids that lists do not show yet; a read by id does.
        self.unlisted: set[str] = set()
        self.without_notes: set[str] = set()
        # Ids that a read does not find though lists show them.
        self.unread: set[str] = set()

    def add(self, **values: Any) -> OutboundOrder:
        """Have an order that somebody else made."""
        now = datetime.now(UTC)
        usual: dict[str, Any] = {
            "id": f"SO-{len(self.orders) + 1}",
            "status": "Created",
            "payment_status": "Awaiting",
            "facility_id": "7",
            "facility_name": "Oakland",
            "original_order_id": "4F2A-1187",
            "destination_id": "d1",
            "lines": (),
            "total": Decimal(0),
            "created_at": now,
            "updated_at": now,
            "notes": (),
        }
        order = OutboundOrder(**(usual | values))
        self.orders[order.id] = order
        self.news.append(order)
        return order

    def change(self, order_id: str, **changed: Any) -> None:
        """Change an order, as Flourish staff would."""
        self.orders[order_id] = replace(self.orders[order_id], updated_at=datetime.now(UTC), **changed)
        self.news.append(self.orders[order_id])

    def _update(self, order_id: str, only: tuple[str, ...], **changed: Any) -> None:
        """Change an order by API, which Flourish takes in these statuses only."""
        if (status := self.orders[order_id].status) not in only:
            raise Rejected(f"Order is {status}", http_status=400)
        self.change(order_id, **changed)

    def live(self) -> list[OutboundOrder]:
        """Orders that are not cancelled."""
        return [order for order in self.orders.values() if order.status != "Cancelled"]

    def company(self) -> Company:
        return self._call("company", lambda: Company("7", "Acme in Flourish"))

    def outbound_order(self, order_id: str) -> OutboundOrder | None:
        return self._call("outbound_order", lambda: self._whole(order_id))

    def _whole(self, order_id: str) -> OutboundOrder | None:
        order = self.orders.get(order_id) if order_id not in self.unread else None
        if order and self.lag and self.lag.id == order_id:
            return self.lag
        return replace(order, notes=()) if order and order_id in self.without_notes else order

    def outbound_orders(self, *, created_from: datetime | None = None, **_: Any) -> Iterator[OutboundOrder]:
        found = self._call("outbound_orders", lambda: list(self.orders.values()))
        for order in found:
            if order.id not in self.unlisted and (created_from is None or order.created_at >= created_from):
                yield replace(order, notes=None)

    def changed_orders(self, since: datetime | None) -> Iterator[Page]:
        for page in list(self.pages):
            yield self._call("changed_orders", partial(_given, page))

    def answer(self, question: Any, *, facility_id: str = "") -> tuple[Any, ...]:
        return self._call("answer", lambda: tuple(self._answers(question)))

    def _answers(self, question: Any) -> list[Any]:
        match question:
            case DestinationByLicense():
                known = (one for one in self.destinations if one.id not in self.unlisted)
                return [one for one in known if one.license == question.license]
            case ItemBySku():
                return [one for one in self.known_items if one.sku == question.sku]
            case RepByEmail():
                return [one for one in self.reps if one.email == question.email]
            case TermNamed():
                return [one for one in self.terms if one.casefold() == question.name.casefold()]
            case LotNumbered():
                return [one for one in self.lots.get(question.item_id, ()) if one == question.lot]
        raise AssertionError(question)

    def create_destination(self, draft: DestinationDraft) -> Destination:
        return self._call("create_destination", lambda: self._make_destination(draft), about=draft.license)

    def _make_destination(self, draft: DestinationDraft) -> Destination:
        made = Destination(f"d{len(self.destinations) + 1}", draft.name, draft.license, True)
        self.destinations.append(made)
        return made

    def create_order(self, draft: OutboundDraft) -> str:
        number = draft.internal_notes[0].rpartition(" ")[2]
        return self._call("create_order", lambda: self._make_order(draft), about=f":{number}")

    def _make_order(self, draft: OutboundDraft) -> str:
        lines = tuple(
            OutboundLine(one.item_id, one.sku, one.sku, one.eaches, Decimal(0), one.unit_price, one.lot)
            for one in draft.lines
        )
        return self.add(
            facility_id=draft.facility_id,
            facility_name=self.facilities[draft.facility_id],
            original_order_id=draft.original_order_id,
            destination_id=draft.destination_id,
            lines=lines,
            charges=tuple(map(Amount, draft.charges)),
            discounts=tuple(map(Amount, draft.discounts)),
            notes=(*draft.internal_notes, *draft.notes),
        ).id

    def finish_order(self, order: OutboundOrder, *, requested_date: date | None, term: str) -> None:
        changed: dict[str, Any] = {"requested_date": requested_date} if requested_date else {}
        changed |= {"term": term} if term else {}
        self._call("finish_order", lambda: self._update(order.id, ("Created",), **changed), about=order.id)

    def update_order(self, order: OutboundOrder, update: OutboundUpdate) -> None:
        self._call("update_order", lambda: self._write(order, update), about=order.id)

    def _write(self, seen: OutboundOrder, update: OutboundUpdate) -> None:
        order = self.orders[seen.id]
        if order.updated_at != seen.updated_at:
            raise Retryable("Flourish's order was changed a moment ago", after=1, throttled=True)
        if order.status != "Created":
            raise Rejected(f"Order is {order.status}", http_status=400)
        written = updated(order, update)
        names = ("lines", "charges", "discounts", "notes", "requested_date", "term")
        self.change(order.id, **{name: getattr(written, name) for name in names})

    def cancel_order(self, flourish_id: str, facility_id: str, *, untouched: bool = False) -> None:
        def cancel() -> None:
            order = self.orders[flourish_id]
            if untouched and order.is_touched and order.status != "Cancelled":
                raise Retryable("Something was allocated", throttled=True)
            live = ("Created", "Partially Allocated", "Allocated")
            self._update(flourish_id, live, status="Cancelled")

        self._call("cancel_order", cancel, about=flourish_id)
