"""Every cell: each status of LeafLink beside each of Flourish, whatever was paid; and what nobody knows."""

from __future__ import annotations

from itertools import product

import pytest

from portal.sync.decisions import CancelOrder, MovePlatform
from portal.sync.engine.outlook import unreadable
from portal.sync.errors import Unreadable
from portal.sync.flourish.translate import LADDER, ORDER_STATUSES, read_order
from portal.sync.mapping.plan import plan_order
from portal.sync.platforms.leaflink import translate
from portal.sync.platforms.leaflink.status import COURSE
from portal.sync.platforms.leaflink.translate import STAGES
from portal.sync.reading import Fields
from tests.sync.flourish import examples as flourish
from tests.sync.mapping.examples import agreed, decided, made, order, rules
from tests.sync.platforms.leaflink import examples as leaflink

PAYMENTS = (
    "",
    "Awaiting Payment",
    "Partially Paid",
    "Paid",
    "Partially Refunded",
    "Refunded",
    "Newly invented",
)
# What LeafLink's own table offers (sandbox and API description); a Draft is submitted by its seller.
OFFERS = {
    "Draft": ("submitted",),
    "Submitted": ("accepted", "rejected", "cancelled"),
    "Backorder": ("accepted", "rejected"),
    "Accepted": ("fulfilled", "rejected"),
    "Fulfilled": ("shipped", "rejected"),
    "Shipped": ("complete", "rejected"),
}
FLOURISH = (*LADDER, "Cancelled")
# LeafLink's status -> what is done, for Flourish's statuses in this order. A status is where LeafLink goes,
# "cancel" is what Flourish is asked, "=" that both agree, anything else a problem.
CELLS: dict[str, tuple[str, ...]] = {
    "Draft": ("=", *["move_not_offered"] * 5),
    "Submitted": ("=", "Accepted", "Accepted", "Accepted", "Accepted", "Cancelled"),
    "Backorder": ("=", "Accepted", "Accepted", "Accepted", "Accepted", "Rejected"),
    "Accepted": ("=", "=", "Fulfilled", "Fulfilled", "Fulfilled", "Rejected"),
    "Fulfilled": ("=", "=", "=", "Shipped", "Shipped", "Rejected"),
    "Shipped": ("=", "=", "=", "=", "Complete", "Rejected"),
    "Complete": ("=", "=", "=", "=", "=", "="),
    "Rejected": ("cancel", "cancel", "cancel", "cancelled_after_shipping", "cancelled_after_shipping", "="),
    "Cancelled": ("cancel", "cancel", "cancel", "cancelled_after_shipping", "cancelled_after_shipping", "="),
    "Combined": ("cancel", *["combined_original"] * 4, "="),
}


def test_the_table_has_every_cell():
    assert set(CELLS) == set(STAGES)
    assert set(FLOURISH) == ORDER_STATUSES
    assert {len(row) for row in CELLS.values()} == {len(FLOURISH)}


@pytest.mark.promise("LL-17")
@pytest.mark.promise("LL-15")
@pytest.mark.parametrize("payment", PAYMENTS)
@pytest.mark.parametrize(("there", "here"), [*product(FLOURISH, CELLS)])
def test_each_cell_does_what_the_table_says_whatever_was_paid(here, there, payment):
    source = order(status=here, stage=STAGES[here], transitions=OFFERS.get(here, ()))
    outbound = made(source, there, payment_status=payment)

    decision = decided(
        plan_order(source, outbound, base=agreed(source), rules=rules(), facts={}, course=COURSE)
    )

    if isinstance(decision.action, MovePlatform):
        done = decision.action.to
    elif isinstance(decision.action, CancelOrder):
        done = "cancel"
    else:
        assert decision.action is None
        done = "=" if decision.state == "settled" else decision.code
    assert done == CELLS[here][FLOURISH.index(there)]


def _leaflink(**changes):
    return lambda: translate.read_order(leaflink.order(**changes), lambda *_: None)


def _flourish(**changes):
    return lambda: read_order(Fields(flourish.order(**changes)), lambda *_: None)


@pytest.mark.parametrize(
    ("read", "field"),
    [
        (_leaflink(status="Teleported"), "status"),
        (_leaflink(discount=5, discount_type="EUR"), "discount_type"),
        (_leaflink(final_tax=None, tax_amount="5", tax_type="EUR"), "tax_type"),
        (_leaflink(total={"amount": "1", "currency": "EUR"}), "total.currency"),
        (_leaflink(payment_term=True), "payment_term"),
        (_leaflink(available_transitions=[3]), "available_transitions"),
        (_flourish(order_status="Teleported"), "order_status"),
    ],
)
def test_a_value_that_nobody_knows_is_a_problem_that_names_the_field(read, field):
    with pytest.raises(Unreadable) as error:
        read()

    finding = unreadable(error.value)
    assert (finding.code, finding.cause) == ("unreadable", field)
    assert field in finding.title
