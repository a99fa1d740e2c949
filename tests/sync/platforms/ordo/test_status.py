"""Where an order is to be in Ordo: every Flourish status, payment status and term, however it came about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise, product

import pytest

from portal.sync.course import Blocked, Move, Wanted
from portal.sync.domain import OutboundOrder
from portal.sync.platforms.ordo.status import LADDER, next_move, target
from portal.sync.platforms.ordo.translate import read_order
from tests.sync.mapping.examples import rules
from tests.sync.platforms.ordo.examples import order

STATUSES = ("Created", "Partially Allocated", "Allocated", "Shipped", "Completed", "Cancelled")
PAYMENTS = ("Awaiting Payment", "Partially Paid", "Paid", "Partially Refunded", "Refunded")
CASH = (("Cash", None), ("Cash on Delivery", None), ("COD", None))
NET = (("Net Terms", 30), ("Net Terms", None), ("Consignment", None), (None, None))
TERMS = (*CASH, *NET)

A, D, P, X = "Awaiting Delivery", "Delivered", "Paid", "Cancelled"
# Flourish's status -> by payment, in the order of PAYMENTS: cash, net, net that is not synced.
TABLE = {
    "Created": ((A,) * 5, (A,) * 5, (A,) * 5),
    "Partially Allocated": ((A,) * 5, (A,) * 5, (A,) * 5),
    "Allocated": ((A,) * 5, (A,) * 5, (A,) * 5),
    "Shipped": ((P,) * 5, (D, D, P, D, D), (D,) * 5),
    "Completed": ((P,) * 5, (D, D, P, D, D), (D,) * 5),
    "Cancelled": ((X,) * 5, (X,) * 5, (X,) * 5),
}
# Payments after which an order that is Paid in Ordo is somebody's to see to.
TAKEN_BACK = {"cash": {"Partially Refunded", "Refunded"}, "net": set(PAYMENTS) - {"Paid"}}
CELLS = list(product(STATUSES, PAYMENTS, TERMS))
SYNCED, NOT_SYNCED = rules(chosen={"net_terms_sync": True}), rules(chosen={"net_terms_sync": False})


def here(status="Confirmed", term=("Net Terms", 30)):
    return read_order(order(status=status, payment_term=term[0], net_days=term[1]), lambda *_: None)


def there(status="Created", payment="Awaiting Payment"):
    now = datetime(2026, 3, 2, tzinfo=UTC)
    return OutboundOrder(
        id="SO-1",
        status=status,
        payment_status=payment,
        facility_id="7",
        facility_name="Oakland",
        original_order_id="ORD-1001",
        destination_id="d1",
        lines=(),
        total=Decimal(0),
        created_at=now,
        updated_at=now,
    )


def follow(source, *seen, chosen=SYNCED):
    """Look at each of these states of Flourish, one after the other, each until nothing more follows; returns
    where the order was on its way, and what a person is asked in the end."""
    way, asked = [], None
    for outbound in seen:
        asked = None
        while asked is None:
            wanted = target(source, outbound, chosen)
            asked = wanted.finding
            move = next_move(source, wanted.status) if wanted.status else None
            if move is None:
                break
            assert move == Move(wanted.status, wanted.status)
            way.append(wanted.status)
            source = replace(source, status=wanted.status)
    return way, asked


def expected(status, payment, term, *, column=None):
    column = (0 if term in CASH else 1) if column is None else column
    return TABLE[status][column][PAYMENTS.index(payment)]


@pytest.mark.promise("OR-7")
@pytest.mark.promise("OR-8")
@pytest.mark.promise("OR-10")
@pytest.mark.promise("OR-12")
@pytest.mark.parametrize(("status", "payment", "term"), CELLS)
def test_each_cell_of_the_table_is_reached_at_once(status, payment, term):
    way, _asked = follow(here(term=term), there(status, payment))

    assert way == [expected(status, payment, term)]


@pytest.mark.promise("OR-6")
@pytest.mark.promise("OR-8")
@pytest.mark.parametrize(("status", "payment", "term"), CELLS)
def test_it_does_not_matter_whether_it_is_shipped_first_or_paid_first(status, payment, term):
    created, end = there(), there(status, payment)
    shipped_first, asked = follow(here(term=term), created, there(status), end)
    paid_first, asked_too = follow(here(term=term), created, there(payment=payment), end)

    assert shipped_first[-1] == paid_first[-1] == expected(status, payment, term)
    assert asked == asked_too
    # Whatever is paid before it is shipped waits, and goes straight to Paid.
    assert paid_first.count("Delivered") == (paid_first[-1] == "Delivered")


@pytest.mark.promise("OR-8")
@pytest.mark.parametrize(("status", "payment", "term"), CELLS)
def test_net_terms_that_are_not_synced_are_never_paid_by_trellis(status, payment, term):
    way, asked = follow(here(term=term), there(), there(status), there(status, payment), chosen=NOT_SYNCED)

    assert way[-1] == expected(status, payment, term, column=0 if term in CASH else 2)
    assert ("Paid" in way) == (term in CASH and status in ("Shipped", "Completed"))
    if term in NET:
        assert asked is None


@pytest.mark.promise("OR-10")
@pytest.mark.parametrize("status", ["Shipped", "Completed"])
@pytest.mark.parametrize(("payment", "term"), list(product(PAYMENTS, TERMS)))
def test_a_payment_that_is_taken_back_after_paid_is_a_persons(status, payment, term):
    kind = "cash" if term in CASH else "net"
    wanted = target(here("Paid", term), there(status, payment), SYNCED)

    if payment in TAKEN_BACK[kind]:
        assert wanted.finding is not None
        assert wanted.finding.code == "refunded_after_paid"
        assert payment in wanted.finding.title
    else:
        assert wanted == Wanted("Paid")


@pytest.mark.promise("OR-10")
@pytest.mark.parametrize(("payment", "term"), list(product(PAYMENTS, TERMS)))
@pytest.mark.parametrize("status", ["Created", "Partially Allocated", "Allocated"])
@pytest.mark.parametrize("reached", ["Delivered", "Paid"])
def test_a_shipment_that_is_taken_back_is_a_persons(reached, status, payment, term):
    wanted = target(here(reached, term), there(status, payment), SYNCED)

    assert wanted.finding is not None
    assert wanted.finding.code == "unshipped_after_delivery"
    assert f"it is {status} there, and {reached} in Ordo" in wanted.finding.title


@pytest.mark.promise("OR-12")
@pytest.mark.parametrize("reached", ["Delivered", "Paid"])
def test_an_order_that_was_delivered_is_not_cancelled(reached):
    wanted = target(here(reached), there("Cancelled"), SYNCED)

    assert wanted.finding is not None
    assert wanted.finding.code == "cancelled_after_delivery"


@pytest.mark.promise("OR-12")
@pytest.mark.parametrize("term", TERMS)
def test_going_back_to_created_leaves_it_awaiting_its_delivery(term):
    way, asked = follow(here(term=term), there(), there("Allocated"), there())

    assert (way, asked) == (["Awaiting Delivery"], None)


@pytest.mark.promise("OR-10")
@pytest.mark.parametrize("term", TERMS)
def test_a_problem_is_gone_once_flourish_is_as_it_was(term):
    shipped = there("Shipped", "Paid")
    way, asked = follow(here(term=term), shipped, there("Allocated", "Paid"), shipped)

    assert (way, asked) == (["Paid"], None)


@pytest.mark.parametrize("term", [("Cash", None), ("Net Terms", 30)])
@pytest.mark.parametrize(("status", "payment"), list(product(STATUSES, PAYMENTS)))
def test_a_state_that_is_seen_late_takes_nothing_back(status, payment, term):
    newer, reached = there(status, payment), expected(status, payment, term)
    for older in product(STATUSES[:-1], PAYMENTS):
        way, _asked = follow(here(term=term), newer, there(*older), newer)

        ranks = [LADDER.index(one) for one in way if one in LADDER]
        assert all(before < after for before, after in pairwise(ranks)), older
        assert "Cancelled" not in way[:-1], older
        assert reached == way[-1] or LADDER.index(way[-1]) > LADDER.index(reached), older


def test_a_status_that_nobody_knows_moves_nothing():
    assert target(here(), there("Quarantined"), SYNCED) == Wanted()


@pytest.mark.parametrize("wanted", LADDER[2:])
def test_what_is_over_stays_over(wanted):
    assert next_move(here("Cancelled"), wanted) is None


@pytest.mark.parametrize("wanted", [*LADDER[2:], "Cancelled"])
def test_an_order_that_was_taken_back_in_ordo_has_to_be_confirmed_again(wanted):
    blocked = next_move(here("Pending"), wanted)

    assert isinstance(blocked, Blocked)
    assert "confirm it again" in blocked.reason
