"""The same stories of a shop that is connected to Ordo (see machine)."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.sync.engine.machine import Trellis, some, telling
from tests.sync.engine.ordo_world import BY_PEOPLE, ordo_line, ordo_order
from tests.sync.mapping.examples import customer

KINDS_OF_ORDER: tuple[dict[str, Any], ...] = (
    {},
    {"term": "Cash on Delivery", "term_shown": "Cash"},
    {"customer": customer(license="C10-NEW-9")},
    {"lines": (ordo_line("FL-1"), ordo_line("FL-2", eaches="3"))},
    {"lines": (ordo_line("FL-1"), ordo_line("GONE"))},
    {"status": "Pending"},
)
PAYMENTS = ("Awaiting Payment", "Partially Paid", "Paid", "Partially Refunded", "Refunded")


class TrellisOnOrdo(Trellis):
    """One story."""

    kinds_of_order = KINDS_OF_ORDER
    by_people = BY_PEOPLE
    edited_while = BY_PEOPLE
    writes = (
        *("leaflink.move", "leaflink.tell", "leaflink.replace_lines"),
        *("flourish.create_order", "flourish.create_destination", "flourish.finish_order"),
        *("flourish.update_order", "flourish.cancel_order"),
    )

    def __init__(self, street):
        super().__init__(street)
        self.shop.flourish.terms = ("Net 30", "Cash on Delivery")

    def place(self, number, kind):
        return ordo_order(number=number, **{"label": f"ORD-{number}", **kind})

    def line(self, sku, eaches):
        return ordo_line(sku, eaches=str(eaches))

    @precondition(lambda self: self.shop.flourish.orders)
    @rule(which=some, payment=st.sampled_from(PAYMENTS), told=telling)
    def customers_pay_and_are_paid_back(self, which, payment, told):
        paid = list(self.shop.flourish.orders.values())[which % len(self.shop.flourish.orders)]
        self.shop.flourish.change(paid.id, payment_status=payment)
        self._tell(told)

    @precondition(lambda self: self.shop.flourish.orders)
    @rule(which=some, told=telling)
    def staff_take_a_shipment_back(self, which, told):
        shipped = list(self.shop.flourish.orders.values())[which % len(self.shop.flourish.orders)]
        if shipped.status == "Shipped":
            self.shop.flourish.change(shipped.id, status="Allocated")
            self._tell(told)
