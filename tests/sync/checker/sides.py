"""Both sides of the checker's world, hand-written: orders by number and by id, and what was asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from portal.models import utc_now
from portal.sync.checks import Entry
from portal.sync.contract import Page
from portal.sync.domain import Company, Customer, Hint, Line, OutboundLine, OutboundOrder, SourceOrder, Stage
from portal.sync.errors import SyncError
from portal.sync.flourish.client import FlourishClient
from portal.sync.questions import FlourishQuestion, RepEmail

LONG_AGO = timedelta(days=1)


def source(number: str, **more: Any) -> SourceOrder:
    """An order on the platform: one case of ten at 45, so 4.50 each."""
    then = utc_now() - LONG_AGO
    values: dict[str, Any] = {
        "number": number,
        "label": f"L-{number}",
        "status": "Submitted",
        "stage": Stage.OPEN,
        "transitions": ("accepted", "rejected"),
        "customer": Customer("c1", "Harbor Wellness", "C110000214"),
        "reps": (),
        "lines": (Line("1", "BD-35", "Blue Dream 3.5 g", Decimal(10), 10, Decimal("45.00")),),
        "total": Decimal("49.00"),
        "tax": Decimal("4.00"),
        "placed_at": then,
        "updated_at": then,
    }
    return SourceOrder(**(values | more))


def outbound(flourish_id: str, number: str, marker: str, **more: Any) -> OutboundOrder:
    """The same order in Flourish, with the note that names its link."""
    then = utc_now() - LONG_AGO
    values: dict[str, Any] = {
        "id": flourish_id,
        "status": "Created",
        "payment_status": "",
        "facility_id": "12",
        "facility_name": "Oakland DC",
        "original_order_id": f"L-{number}",
        "destination_id": "d1",
        "lines": (
            OutboundLine("i1", "BD-35", "Blue Dream 3.5 g", Decimal(10), Decimal(0), Decimal("4.5000")),
        ),
        "total": Decimal("45.00"),
        "created_at": then,
        "updated_at": then,
        "notes": (marker,),
    }
    return OutboundOrder(**(values | more))


class FakePlatform:
    """A platform's client: `contract.PlatformClient`."""

    def __init__(self) -> None:
        self.orders: dict[str, SourceOrder] = {}
        self.reads: Counter[str] = Counter()
        self.errors: list[SyncError] = []

    def company(self) -> Company:
        return Company("1", "Greenleaf")

    def order(self, number: str) -> SourceOrder | None:
        self.reads[number] += 1
        if self.errors:
            raise self.errors.pop()
        return self.orders.get(number)

    def changed_orders(self, since: datetime | None) -> Iterator[Page]:
        changed = [one for one in self.orders.values() if since is None or one.updated_at >= since]
        hints = [Hint("order", one.number, "poll", one.updated_at, label=one.label) for one in changed]
        for start in range(0, len(hints), 2):
            yield Page(tuple(hints[start : start + 2]), len(hints))

    def move(self, number: str, action: str, *, key: str = "") -> None:
        raise AssertionError(f"a check moves nothing: {number} {action}")

    def tell(
        self, number: str, external_ids: Mapping[str, str | None], paid_on: str, *, key: str = ""
    ) -> None:
        raise AssertionError(f"a check writes nothing: {number} {external_ids} {paid_on}")

    def set_term(self, number: str, term: str, *, key: str = "") -> None:
        raise AssertionError(f"a check writes nothing: {number} {term}")

    def entries(self, name: str) -> Iterator[Entry]:
        raise AssertionError(f"nobody checks readiness here: {name}")

    def license_type(self, question) -> str:
        return ""

    def rep_email(self, question: RepEmail) -> str:
        return f"{question.ref}@example.com"


class FakeFlourish(FlourishClient):
    """Flourish's client, reading from memory. Its list leaves notes out, as the real one may."""

    def __init__(self) -> None:
        self.orders: dict[str, OutboundOrder] = {}
        self.reads: Counter[str] = Counter()

    def outbound_order(self, order_id: str) -> OutboundOrder | None:
        self.reads[order_id] += 1
        return self.orders.get(order_id)

    def outbound_orders(
        self,
        *,
        created_from: datetime | None = None,
        created_until: datetime | None = None,
        updated_from: datetime | None = None,
        facility_id: str = "",
        origin: str = "",
    ) -> Iterator[OutboundOrder]:
        assert updated_from is None
        assert created_until is None
        assert not facility_id
        assert not origin
        self.reads["list"] += 1
        for order in list(self.orders.values()):
            if created_from is None or order.created_at >= created_from:
                yield replace(order, notes=None)

    def answer(self, question: FlourishQuestion, *, facility_id: str = "") -> tuple[Any, ...]:
        return ()
