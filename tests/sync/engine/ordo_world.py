"""Ordo as a small world in memory, with faults that a test plans ahead, and a shop connected to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any, cast
from uuid import UUID

from portal.sync.checks import Entry
from portal.sync.contract import Page
from portal.sync.domain import Company, Line, SourceOrder
from portal.sync.drafts import DraftLine
from portal.sync.engine.desk import Desk
from portal.sync.errors import Rejected
from portal.sync.mapping.money import line_total
from portal.sync.platforms.ordo import ORDO
from portal.sync.platforms.ordo.status import CONFIRMED, LADDER, PAID, STAGES
from portal.sync.platforms.ordo.translate import EXTERNAL_ID
from portal.sync.questions import LicenseType, RepEmail
from tests.sync.engine.shop import Shop, open_shop
from tests.sync.engine.worlds import World
from tests.sync.mapping.examples import line, order

CANCELLED = "Cancelled"
# What its people do with an order, until it is locked.
BY_PEOPLE = {"Pending": (CONFIRMED, CANCELLED), CONFIRMED: (CANCELLED,)}


class Ordo(World):
    """Orders in Ordo."""

    WRITES: tuple[str, ...] = ("move", "tell", "replace_lines")

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, SourceOrder] = {}
        # Number, status before and status after of each move by API that took effect.
        self.moves: list[tuple[str, str, str]] = []
        self.pages: list[Page] = []
        self.offers = False
        # Keys of writes that came, each with its call's name.
        self.keys: list[tuple[str, str]] = []

    def put(self, order: SourceOrder, **changed: Any) -> SourceOrder:
        """Have an order, or change it, as its rep would."""
        if "status" in changed:
            changed.setdefault("stage", STAGES[changed["status"]])
            changed.setdefault("paid", changed["status"] == PAID)
        order = replace(order, updated_at=datetime.now(UTC), **changed)
        self.orders[order.number] = order
        self.news.append(order)
        return order

    def company(self) -> Company:
        return self._call("company", lambda: Company("or-1", "Acme in Ordo"))

    def order(self, number: str) -> SourceOrder | None:
        return self._call("order", lambda: self.orders.get(number))

    def entries(self, name: str) -> Iterator[Entry]:
        raise AssertionError(f"nobody checks readiness here: {name}")

    def license_type(self, question: LicenseType) -> str:
        return ""

    def rep_email(self, question: RepEmail) -> str:
        return self._call("rep_email", lambda: question.ref)

    def changed_orders(self, since: datetime | None) -> Iterator[Page]:
        for page in list(self.pages):
            yield self._call("changed_orders", partial(lambda given: given, page))

    def move(self, number: str, action: str, *, key: str = "") -> None:
        self.keys.append(("move", key))
        self._call("move", lambda: self._moved(number, action), about=f":{number}:{action}")

    def tell(
        self, number: str, external_ids: Mapping[str, str | None], paid_on: str, *, key: str = ""
    ) -> None:
        self.keys.append(("tell", key))
        ids = {name: one for name, one in external_ids.items() if one}
        self._call("tell", lambda: self.put(self.orders[number], external_ids=ids), about=f":{number}")

    def replace_lines(self, number: str, lines: tuple[DraftLine, ...], *, key: str = "") -> None:
        self.keys.append(("replace_lines", key))
        self._call("replace_lines", lambda: self._with_lines(number, lines), about=f":{number}")

    def set_term(self, number: str, term: str, *, key: str = "") -> None:
        raise AssertionError(f"a term is never written: {number} {term} {key}")

    def _with_lines(self, number: str, drafts: tuple[DraftLine, ...]) -> None:
        if not drafts:
            raise Rejected("lines is a list of at least one object", http_status=400)
        lines = tuple(
            Line(str(place), one.sku, f"Item {one.sku}", one.eaches, 1, one.unit_price)
            for place, one in enumerate(drafts)
        )
        self.put(self.orders[number], lines=lines, total=sum(map(line_total, lines), Decimal(0)))

    def _moved(self, number: str, status: str) -> None:
        before = self.orders[number]
        is_end = before.status == CANCELLED or (status == CANCELLED and before.status in LADDER[3:])
        is_back = status in LADDER and before.status in LADDER and _rank(status) < _rank(before.status)
        if is_end or is_back or before.status == "Pending":
            raise Rejected(f"The order is {before.status}", http_status=409)
        if status != before.status:
            self.moves.append((number, before.status, status))
            self.put(before, status=status)


def _rank(status: str) -> int:
    return LADDER.index(status)


def ordo_line(sku: str = "FL-1", *, eaches: str = "10", price: str = "5.00") -> Line:
    """Make a line as Ordo has them: in eaches, priced for one."""
    return line(sku, eaches=eaches, case=1, price=price)


def ordo_order(**changed: Any) -> SourceOrder:
    """Make an order that its rep has confirmed."""
    values: dict[str, Any] = {
        "status": CONFIRMED,
        "label": "ORD-1001",
        "transitions": (),
        "lines": (ordo_line(),),
        "term": "Net 30",
        "term_shown": "Net Terms, 30 days",
    } | changed
    return order(**values, stage=STAGES[values["status"]])


def open_ordo_shop(desk: Desk, tenant_id: UUID, name: str = "Ordo") -> Shop:
    """Make a hub with a facility, and a live connection to Ordo on it."""
    shop = open_shop(desk, tenant_id, name, ORDO)
    shop.leaflink = cast(Any, Ordo())
    return shop


def told_id(order: SourceOrder) -> str:
    """The id in Flourish that an order was told."""
    return order.external_ids.get(EXTERNAL_ID, "")
