"""Where an order is to be in AIQ: each cell of the table, and what goes wrong around it."""

from __future__ import annotations

import pytest

from portal.sync.domain import Stage
from portal.sync.platforms.aiq.status import WAITS_AT_COUNTER, WAITS_FOR_ROUTE, stage_of, wanted
from tests.sync.platforms.aiq.examples import order

PICKUPS = ("IN_STORE", "CURB_SIDE", "DRIVE_THROUGH")


def look(status, flourish, hand_over="IN_STORE", by=None, **rules):
    found = wanted(order(status=status, pickUpType=hand_over, cancelledBy=by), flourish, **rules)
    return found.status, found.note, found.finding.code if found.finding else ""


@pytest.mark.promise("AQ-10")
@pytest.mark.parametrize("hand_over", PICKUPS)
@pytest.mark.parametrize(
    ("flourish", "expected"),
    [
        ("Created", ("", "", "")),
        ("Submitted", ("", "", "")),
        ("Packed", ("READY_FOR_PICKUP", "", "")),
        ("Out for Delivery", ("OUT_FOR_DELIVERY", "", "route_for_pickup")),
        ("Completed", ("CLOSED", "", "")),
        ("Cancelled", ("CANCELLED", "", "")),
        ("Undeliverable", ("CANCELLED", "", "")),
        ("Lost", ("", "", "unknown_status")),
        ("", ("", "", "unknown_status")),
    ],
)
def test_what_is_picked_up_follows_flourish(hand_over, flourish, expected):
    assert look("CONFIRMED", flourish, hand_over) == expected


@pytest.mark.promise("AQ-10")
@pytest.mark.parametrize(
    ("flourish", "expected"),
    [
        ("Created", ("", "", "")),
        ("Submitted", ("", "", "")),
        ("Packed", ("", WAITS_FOR_ROUTE, "")),
        ("Out for Delivery", ("OUT_FOR_DELIVERY", "", "")),
        ("Completed", ("CLOSED", "", "")),
        ("Cancelled", ("CANCELLED", "", "")),
        ("Undeliverable", ("CANCELLED", "", "")),
        ("Lost", ("", "", "unknown_status")),
    ],
)
def test_a_delivery_that_is_packed_waits_for_its_route(flourish, expected):
    assert look("CONFIRMED", flourish, "DELIVERY") == expected


def test_goods_that_are_sent_count_as_a_delivery_and_somebody_is_told():
    assert look("CONFIRMED", "Packed", "SHIPPING") == ("", WAITS_FOR_ROUTE, "shipping_unknown")
    assert look("CONFIRMED", "Out for Delivery", "SHIPPING") == ("OUT_FOR_DELIVERY", "", "")


@pytest.mark.parametrize(
    ("status", "flourish", "expected"),
    [
        # Packed, then taken back to Submitted.
        ("READY_FOR_PICKUP", "Submitted", ""),
        ("READY_FOR_PICKUP", "Created", ""),
        ("OUT_FOR_DELIVERY", "Packed", ""),
        ("OUT_FOR_DELIVERY", "Submitted", ""),
        # The same twice.
        ("READY_FOR_PICKUP", "Packed", ""),
        ("OUT_FOR_DELIVERY", "Out for Delivery", ""),
        ("CLOSED", "Completed", ""),
        ("CANCELLED", "Cancelled", ""),
        ("CANCELLED", "Undeliverable", ""),
        # Steps that nobody saw are jumped over.
        ("CONFIRMED", "Completed", "CLOSED"),
        ("READY_FOR_PICKUP", "Completed", "CLOSED"),
        ("CHECKED_IN", "Completed", "CLOSED"),
        ("OUT_FOR_DELIVERY", "Undeliverable", "CANCELLED"),
    ],
)
def test_nothing_goes_backwards_and_nothing_is_written_twice(status, flourish, expected):
    hand_over = "DELIVERY" if status == "OUT_FOR_DELIVERY" else "IN_STORE"

    assert look(status, flourish, hand_over) == (expected, "", "")


def test_who_has_checked_in_stays_so_unless_the_setting_says_otherwise():
    assert look("CHECKED_IN", "Packed") == ("", WAITS_AT_COUNTER, "")
    assert look("CHECKED_IN", "Packed", checked_in_yields=True) == ("READY_FOR_PICKUP", "", "")


@pytest.mark.parametrize(
    ("status", "by", "flourish", "code"),
    [
        # A shopper or the store cancelled it after Flourish had it: Flourish's API cannot cancel it.
        ("CANCELLED", "CUSTOMER", "Submitted", "cancel_in_flourish"),
        ("CANCELLED", "STORE", "Packed", "cancel_in_flourish"),
        ("CANCELLED", None, "Created", "cancel_in_flourish"),
        # It was undeliverable, and is on a route again.
        ("CANCELLED", "POS", "Out for Delivery", "reopened_in_flourish"),
        ("CANCELLED", "POS", "Packed", "reopened_in_flourish"),
        ("CANCELLED", "CUSTOMER", "Completed", "ended_otherwise"),
        ("CANCELLED", "POS", "Completed", "ended_otherwise"),
        ("CLOSED", None, "Cancelled", "ended_otherwise"),
        ("CLOSED", None, "Undeliverable", "ended_otherwise"),
        ("CLOSED", None, "Packed", "ended_otherwise"),
        ("COMPLETED", None, "Submitted", "ended_otherwise"),
    ],
)
def test_what_is_over_in_aiq_is_never_written_again(status, by, flourish, code):
    assert look(status, flourish, by=by) == ("", "", code)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("packed", "READY_FOR_PICKUP"),
        (" PACKED ", "READY_FOR_PICKUP"),
        ("out  for delivery", "OUT_FOR_DELIVERY"),
        ("Canceled", "CANCELLED"),
        ("COMPLETED", "CLOSED"),
    ],
)
def test_case_and_spaces_make_no_difference(written, expected):
    assert look("CONFIRMED", written)[0] == expected


def test_each_problem_says_what_to_do():
    for status, flourish, hand_over in (
        ("CONFIRMED", "Lost", "IN_STORE"),
        ("CONFIRMED", "Out for Delivery", "IN_STORE"),
        ("CONFIRMED", "Packed", "SHIPPING"),
        ("CANCELLED", "Packed", "IN_STORE"),
        ("CLOSED", "Cancelled", "IN_STORE"),
    ):
        finding = wanted(order(status=status, pickUpType=hand_over), flourish).finding
        assert finding is not None
        assert finding.next_step.endswith(".")
        assert not finding.title.endswith(".")


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        ("PENDING", Stage.DRAFT),
        ("CONFIRMED", Stage.OPEN),
        ("CHECKED_IN", Stage.OPEN),
        ("READY_FOR_PICKUP", Stage.OPEN),
        ("OUT_FOR_DELIVERY", Stage.OPEN),
        ("SHIPPED", Stage.OPEN),
        ("CLOSED", Stage.FINISHED),
        ("COMPLETED", Stage.FINISHED),
        ("DELIVERED", Stage.FINISHED),
        ("CANCELLED", Stage.CANCELLED),
        # Nobody knows it: its goods stay held.
        ("ON_THE_MOON", Stage.OPEN),
    ],
)
def test_each_status_has_its_place(status, stage):
    assert stage_of(status) is stage
