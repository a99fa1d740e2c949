"""AIQ and Flourish's retail side as small worlds in memory, with faults that a test plans ahead, and a shop
connected to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any, cast
from uuid import UUID

from portal.sync.checks import Entry
from portal.sync.contract import Page
from portal.sync.domain import Company, Item
from portal.sync.engine.desk import Desk
from portal.sync.errors import Rejected
from portal.sync.mapping.identity import sole_key, sole_keys
from portal.sync.mapping.offers import expected_off
from portal.sync.platforms.aiq import AIQ
from portal.sync.platforms.aiq.status import CANCELLED, CLOSED, STAGES
from portal.sync.platforms.aiq.terms import BY_POS
from portal.sync.platforms.aiq.translate import EXTERNAL_ID
from portal.sync.questions import CustomerNumbered, LicenseType, RepEmail
from portal.sync.retail import (
    SUBMITTED,
    CustomerDraft,
    CustomerLookup,
    MadeCustomer,
    OfferedLine,
    Person,
    RetailCustomer,
    RetailDraft,
    RetailLine,
    RetailOrder,
)
from portal.sync.shopping import ShopOrder, Store
from tests.sync.engine.shop import Shop, open_shop
from tests.sync.engine.worlds import Flourish, World
from tests.sync.platforms.aiq import examples

SKU, OTHER = "FL-1", "FL-2"
_OVER = (CLOSED, CANCELLED)


class Aiq(World):
    """Orders in one store of AIQ."""

    WRITES: tuple[str, ...] = ("move", "tell", "release")

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, ShopOrder] = {}
        # Number, status before and status after of each move by API that took effect.
        self.moves: list[tuple[str, str, str]] = []
        self.pages: list[Page] = []
        self.offers = False
        self.is_medical = False

    def put(self, order: ShopOrder, **changed: Any) -> ShopOrder:
        """Have an order, or change it, as its shopper or the store would."""
        if "status" in changed:
            changed.setdefault("stage", STAGES[changed["status"]])
        order = replace(order, updated_at=datetime.now(UTC), **changed)
        self.orders[order.number] = order
        self.news.append(order)
        return order

    def company(self) -> Company:
        return self._call("company", lambda: Company("aq-1", "Acme's store"))

    def store(self) -> Store:
        return self._call("store", lambda: Store("CA", self.is_medical))

    def order(self, number: str) -> ShopOrder | None:
        return self._call("order", lambda: self.orders.get(number))

    def entries(self, name: str) -> Iterator[Entry]:
        raise AssertionError(f"nobody checks readiness here: {name}")

    def license_type(self, question: LicenseType) -> str:
        return ""

    def rep_email(self, question: RepEmail) -> str:
        return ""

    def changed_orders(self, since: datetime | None) -> Iterator[Page]:
        for page in list(self.pages):
            yield self._call("changed_orders", partial(lambda given: given, page))

    def move(self, number: str, action: str, *, key: str = "") -> None:
        self._call("move", lambda: self._moved(number, action), about=f":{number}:{action}")

    def tell(
        self, number: str, external_ids: Mapping[str, str | None], paid_on: str, *, key: str = ""
    ) -> None:
        ids = {name: one for name, one in external_ids.items() if one}
        self._call("tell", lambda: self.put(self.orders[number], external_ids=ids), about=f":{number}")

    def release(self, number: str) -> None:
        self._call("release", lambda: self.put(self.orders[number], is_released=True), about=f":{number}")

    def set_term(self, number: str, term: str, *, key: str = "") -> None:
        raise AssertionError(f"a term is never written: {number} {term} {key}")

    def _moved(self, number: str, status: str) -> None:
        before = self.orders[number]
        if before.status in _OVER and status != before.status:
            raise Rejected(f"The order is {before.status}", http_status=409)
        if status != before.status:
            self.moves.append((number, before.status, status))
            by = BY_POS if status == CANCELLED else before.cancelled_by
            self.put(before, status=status, cancelled_by=by)


class RetailFlourish(Flourish):
    """Flourish of a company whose orders are people's: `orders` are retail orders."""

    WRITES = ("create_customer", "create_order")

    def __init__(self) -> None:
        super().__init__()
        self.retail = RetailDoor(self)
        self.people: list[RetailCustomer] = []
        self.known_items: list[Item] = [
            Item(f"item-{sku}", sku, f"Item {sku}", True, "ea", strain_id="st-1") for sku in (SKU, OTHER)
        ]

    def know(self, customer_id: str, person: Person, **more: Any) -> RetailCustomer:
        """Have a customer."""
        usual = {"is_active": True, "is_verified": False}
        self.people.append(RetailCustomer(customer_id, person, **{**usual, **more}))
        return self.people[-1]

    def answer(self, question: Any, *, facility_id: str = "") -> Any:
        if isinstance(question, CustomerLookup):
            return self.retail.customers(question)
        if isinstance(question, CustomerNumbered):
            return self.retail.customer(question.id)
        return super().answer(question, facility_id=facility_id)


class RetailDoor:
    """What the engine uses of a `RetailClient`; calls are those of the whole world."""

    def __init__(self, world: RetailFlourish) -> None:
        self._world = world

    def customer(self, customer_id: str) -> RetailCustomer | None:
        people = self._world.people
        return self._world._call(
            "answer", lambda: next((one for one in people if one.id == customer_id), None)
        )

    def customers(self, lookup: CustomerLookup) -> tuple[RetailCustomer, ...]:
        return self._world._call("answer", lambda: tuple(self._found(lookup)))

    def _found(self, lookup: CustomerLookup) -> Iterator[RetailCustomer]:
        for one in self._world.people:
            if sole_key(lookup) in sole_keys(one.person) and one.id not in self._world.unlisted:
                yield one

    def create_customer(self, draft: CustomerDraft) -> MadeCustomer:
        return self._world._call("create_customer", lambda: self._make_customer(draft))

    def _make_customer(self, draft: CustomerDraft) -> MadeCustomer:
        people = self._world.people
        if draft.person.email.casefold() in {one.person.email.casefold() for one in people}:
            raise Rejected("email is in use", field="email", http_status=400)
        made = self._world.know(
            f"C-{len(people) + 1}", draft.person, is_verified=draft.is_verified is not False
        )
        return MadeCustomer(made.id)

    def order(self, order_id: str) -> RetailOrder | None:
        orders: dict[str, Any] = self._world.orders
        return self._world._call("outbound_order", lambda: orders.get(order_id))

    def orders(self, *, created_from: datetime | None = None, **_: Any) -> Iterator[RetailOrder]:
        found: list[Any] = self._world._call("outbound_orders", lambda: list(self._world.orders.values()))
        for order in found:
            is_listed = order.id not in self._world.unlisted
            if is_listed and (created_from is None or order.created_at >= created_from):
                yield order

    def changed_orders(self, since: datetime | None, open_ids: Sequence[str] = ()) -> Iterator[Page]:
        for page in list(self._world.pages):
            yield self._world._call("changed_orders", partial(lambda given: given, page))

    def create_order(self, draft: RetailDraft) -> str:
        number = draft.notes[0].rpartition(" ")[2]
        return self._world._call("create_order", lambda: self._make_order(draft), about=f":{number}")

    def _make_order(self, draft: RetailDraft) -> str:
        now = datetime.now(UTC)
        offered = tuple(OfferedLine(one.sku, one.eaches, one.unit_price) for one in draft.lines)
        listed = sum((one.eaches * one.unit_price for one in draft.lines), Decimal(0))
        off = expected_off(offered, draft.discounts)
        order = RetailOrder(
            id=f"RO-{len(self._world.orders) + 1}",
            status=SUBMITTED,
            payment_status="Awaiting Payment",
            facility_id=draft.facility_id,
            original_order_id=draft.original_order_id,
            customer_id=draft.customer_id,
            fulfilment=draft.fulfilment,
            lines=tuple(
                RetailLine(one.item_id, one.sku, one.eaches, Decimal(0), one.unit_price, one.sku)
                for one in draft.lines
            ),
            subtotal=listed,
            discount=off,
            taxes=Decimal(0),
            delivery_fee=draft.delivery_fee,
            total=listed - off + draft.delivery_fee,
            created_at=now,
            updated_at=now,
            notes=draft.notes,
            is_recreational=draft.is_recreational,
        )
        orders: dict[str, Any] = self._world.orders
        orders[order.id] = order
        self._world.news.append(order)
        return order.id


def aiq_line(sku: str = SKU, **changed: Any) -> dict[str, Any]:
    """Make a line of two things for ten dollars each, without an offer."""
    return examples.line(sku, **({"priceWithDiscounts": Decimal(10)} | changed))


def aiq_order(number: str = examples.NUMBER, **changed: Any) -> ShopOrder:
    """Make an order of a shopper whom Flourish does not know."""
    return examples.order(**({"id": number, "items": [aiq_line()]} | changed))


def open_aiq_shop(desk: Desk, tenant_id: UUID, name: str = "AIQ") -> Shop:
    """Make a hub with a facility, and a live connection to a store of AIQ that keeps nothing back itself."""
    shop = open_shop(desk, tenant_id, name, AIQ)
    shop.choose(platform_holds=False)
    shop.leaflink, shop.flourish = cast(Any, Aiq()), RetailFlourish()
    return shop


def told_id(order: ShopOrder) -> str:
    """The id in Flourish that an order was told."""
    return order.external_ids.get(EXTERNAL_ID, "")
