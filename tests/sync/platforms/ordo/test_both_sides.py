"""Ordo's orders of the sandbox from one side to the other, by the real clients on both."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from portal.sync.errors import Rejected
from sandbox.clock import stamp
from tests.sandbox.conftest import doors, seeded, served  # noqa: F401 - fixtures
from tests.sandbox.doors import OTHER_SKU, SKU
from tests.sync.bothsides import PLACES, OrdoSides

LICENSE = "C10-0000217-LIC"
JARS = {"sku": SKU, "quantity": 48, "unit_price": "4.75"}
ROLLS = {"sku": OTHER_SKU, "quantity": 24, "unit_price": "2.125"}


@pytest.fixture
def order(doors):  # noqa: F811
    """Drafts an order, has its rep confirm it, and brings it in."""

    def place(*, settings=None, **asked):
        asked = {"lines": [JARS, ROLLS], "customer": LICENSE, "status": "Confirmed", **asked}
        sides = OrdoSides(doors, doors.draft(**asked)["id"], settings=settings or {})
        sides.look()
        return sides

    return place


def lines(side):
    return sorted((one.sku, one.eaches) for one in side.lines)


def assert_agrees(sides, *, drift=()):
    """Both sides hold the same lines and the same total; a second look writes nothing."""
    here, there = sides.here, sides.there
    assert lines(here) == lines(there)
    assert here.total == there.total
    writes = sides.writes
    decision = sides.look()
    assert (decision.state, decision.findings) == ("settled", ())
    assert [row[0] for row in decision.drift or ()] == list(drift)
    assert sides.writes == writes


@pytest.mark.promise("OR-5")
def test_a_pending_order_waits_for_its_rep(order):
    sides = order(status="Pending")

    assert (sides.last.code, sides.last.state, sides.writes) == ("draft", "waiting", 0)
    assert "still Pending in Ordo" in sides.last.sentence

    sides.act("confirm")
    sides.look()

    assert sides.flourish_id
    assert sides.here.status == "Awaiting Delivery"


@pytest.mark.promise("OR-5")
@pytest.mark.promise("OR-13")
@pytest.mark.promise("OR-8")
def test_a_confirmed_order_is_in_flourish_and_locked_in_ordo(order, doors):  # noqa: F811
    sides = order(payment_term="Net Terms", net_days=30, notes="Ring twice")

    here, there = sides.here, sides.there
    assert there.original_order_id == here.label
    assert (here.status, here.external_ids) == ("Awaiting Delivery", {"external_order_id": sides.flourish_id})
    assert there.term == "Net 30"
    assert "Ring twice" in (there.notes or ())
    assert [(one.eaches, one.unit_price) for one in there.lines] == [
        (Decimal(48), Decimal("4.75")),
        (Decimal(24), Decimal("2.125")),
    ]
    assert sides.moves == ["Awaiting Delivery"]
    assert_agrees(sides)
    answer = doors.control("POST", f"/ordo/orders/{sides.number}/edit", {"notes": "Too late"})
    assert answer.status_code == 409


@pytest.mark.promise("OR-8")
@pytest.mark.parametrize("shown", ["Cash", "Cash on Delivery", "COD"])
def test_cash_is_cash_on_delivery_in_flourish(order, shown):
    assert order(payment_term=shown).there.term == "Cash on Delivery"


@pytest.mark.promise("OR-8")
@pytest.mark.promise("OR-10")
def test_a_term_that_flourish_does_not_have_is_asked_for_and_holds_nothing_up(order):
    sides = order(payment_term="Barter")

    assert [finding.code for finding in sides.last.findings] == ["term_missing"]
    assert sides.here.status == "Awaiting Delivery"
    assert sides.there.term == ""


@pytest.mark.promise("OR-13")
def test_an_order_goes_to_the_facility_that_it_is_sold_from(order):
    first, second = PLACES
    assert order(seller_license_number=second[2]).there.facility_id == second[0]
    assert order(seller_license_number=first[2]).there.facility_id == first[0]
    # One that names none goes where all go.
    assert order(seller_license_number=None).there.facility_id == first[0]


@pytest.mark.promise("OR-13")
def test_a_customer_that_flourish_does_not_know_is_a_persons(order, doors):  # noqa: F811
    rows = doors.flourish("GET", f"/destinations?license_number={LICENSE}").json["data"]
    doors.control("POST", f"/flourish/destinations/{rows[0]['id']}", {"license_number": "C10-0000999-LIC"})

    sides = order()

    (finding,) = sides.last.findings
    assert finding.code == "destination_incomplete"
    assert "make the destination in Flourish" in finding.next_step
    assert (sides.writes, sides.here.status) == (0, "Confirmed")


@pytest.mark.promise("OR-13")
def test_a_rep_that_flourish_does_not_know_is_a_persons(order, doors):  # noqa: F811
    email = "maya.ortega@greenleaf.example"
    doors.control("POST", f"/flourish/sales-reps/{email}", {"email": "maya@elsewhere.example"})

    sides = order(sales_rep=email)

    assert [finding.code for finding in sides.last.findings] == ["rep_unknown"]
    assert sides.writes == 0


@pytest.mark.promise("OR-14")
def test_an_order_from_before_go_live_is_listed_and_not_sent(order):
    later = datetime(2100, 1, 1, tzinfo=UTC)
    sides = order(settings={"live_since": later})

    assert (sides.last.code, sides.last.state, sides.writes) == ("before_go_live", "skipped", 0)


@pytest.mark.promise("OR-7")
@pytest.mark.parametrize(
    ("term", "way"),
    [("Cash", ["Awaiting Delivery", "Paid"]), ("Net Terms", ["Awaiting Delivery", "Delivered", "Paid"])],
)
def test_an_order_goes_its_whole_way(order, term, way):
    sides = order(payment_term=term, net_days=30 if term == "Net Terms" else None)
    for action in ("partially-allocate", "allocate", "ship", "complete", "partially-pay", "pay"):
        sides.warehouse(action)
        assert sides.look().findings == ()

    assert sides.moves == way
    assert sides.here.status == "Paid"
    assert_agrees(sides)


@pytest.mark.promise("OR-8")
def test_what_is_paid_before_it_is_shipped_goes_straight_to_paid(order):
    sides = order(payment_term="Net Terms", net_days=30)
    sides.warehouse("pay")
    assert "Both sides agree" in sides.look().sentence
    sides.warehouse("allocate", "ship")
    sides.look()

    assert sides.moves == ["Awaiting Delivery", "Paid"]


@pytest.mark.promise("OR-8")
def test_a_partial_payment_is_not_reflected(order):
    sides = order(payment_term="Net Terms", net_days=30)
    sides.warehouse("allocate", "ship", "partially-pay")
    sides.look()

    assert sides.here.status == "Delivered"


@pytest.mark.promise("OR-10")
@pytest.mark.parametrize(
    ("actions", "code"),
    [
        (("refund",), "refunded_after_paid"),
        (("partially-refund",), "refunded_after_paid"),
        (("un-ship",), "unshipped_after_delivery"),
        (("un-ship", "cancel"), "cancelled_after_delivery"),
    ],
)
def test_what_is_taken_back_after_paid_is_named_and_nothing_undone(order, actions, code):
    sides = order(payment_term="Cash")
    sides.warehouse("allocate", "ship", "pay")
    sides.look()
    writes = sides.writes
    sides.warehouse(*actions)

    decision = sides.look()

    assert [finding.code for finding in decision.findings] == [code]
    assert (decision.state, sides.here.status, sides.writes) == ("stuck", "Paid", writes)


@pytest.mark.promise("OR-10")
def test_a_problem_is_gone_once_it_is_shipped_again(order):
    sides = order(payment_term="Cash")
    sides.warehouse("allocate", "ship")
    sides.look()
    sides.warehouse("un-ship")
    assert sides.look().state == "stuck"
    sides.warehouse("ship")

    assert_agrees(sides)


@pytest.mark.promise("OR-12")
def test_cancelled_in_flourish_is_cancelled_in_ordo(order):
    sides = order()
    sides.warehouse("allocate", "cancel")
    sides.look()

    assert sides.here.status == "Cancelled"
    assert sides.look().code == "cancelled"


def test_an_order_that_its_rep_cancels_before_it_is_locked_is_cancelled_in_flourish(order):
    sides = order()
    # The rep was quicker than the lock.
    (office, found) = of(sides)
    office.put("order", sides.number, {**found, "status": "Cancelled"})
    sides.look()

    assert sides.there.status == "Cancelled"


def of(sides):
    """The order as the sandbox keeps it, and its organisation."""
    office = sides.doors.simulation.office("ordo", "greenleaf")
    return office, office.get("order", sides.number)


STAFF_EDITS = {
    "quantity": [
        {"sku": SKU, "order_qty": 36, "unit_price": 4.75},
        {"sku": OTHER_SKU, "order_qty": 24, "unit_price": 2.125},
    ],
    "price": [
        {"sku": SKU, "order_qty": 48, "unit_price": 4.4},
        {"sku": OTHER_SKU, "order_qty": 24, "unit_price": 2.1255},
    ],
    "removed": [{"sku": OTHER_SKU, "order_qty": 24, "unit_price": 2.125}],
    "added": [
        {"sku": SKU, "order_qty": 48, "unit_price": 4.75},
        {"sku": OTHER_SKU, "order_qty": 24, "unit_price": 2.125},
        {"sku": "GL-FL28-BLUDRE", "order_qty": 3, "unit_price": 21.5},
    ],
    "all of it": [{"sku": "GL-FL28-BLUDRE", "order_qty": 7, "unit_price": 20}],
    "one line made two": [
        {"sku": SKU, "order_qty": 24, "unit_price": 4.75},
        {"sku": SKU, "order_qty": 24, "unit_price": 4.5},
        {"sku": OTHER_SKU, "order_qty": 24, "unit_price": 2.125},
    ],
}


@pytest.mark.promise("OR-6")
@pytest.mark.parametrize("change", STAFF_EDITS)
def test_lines_that_staff_changed_reach_ordo_all_at_once(order, change):
    sides = order()
    writes = sides.writes
    sides.staff(order_lines=STAFF_EDITS[change])

    sides.look()

    assert sides.writes == writes + 1
    assert sides.here.status == "Awaiting Delivery"
    assert_agrees(sides)


@pytest.mark.promise("OR-6")
def test_an_order_may_be_edited_again_and_again_and_go_on(order):
    sides = order(payment_term="Net Terms", net_days=30)
    for edit in STAFF_EDITS.values():
        sides.staff(order_lines=edit)
        sides.look()
        assert_agrees(sides)
    sides.warehouse("allocate", "ship", "pay")
    sides.look()

    assert sides.moves == ["Awaiting Delivery", "Paid"]
    assert_agrees(sides)


@pytest.mark.promise("OR-6")
@pytest.mark.promise("OR-9")
def test_an_invoice_date_is_never_written_and_a_term_is_shown_as_expected(order):
    sides = order(payment_term="Net Terms", net_days=30)
    writes = sides.writes
    sides.staff(invoice_date="2026-12-24", payment_term="Net 15")

    decision = sides.look()

    assert decision.drift == (("Payment term", "Net 30", "Net 15"),)
    assert "Changed in Flourish, which stays: Payment term" in decision.sentence
    assert sides.writes == writes
    assert (sides.here.term, sides.there.term) == ("Net 30", "Net 15")


@pytest.mark.promise("OR-9")
def test_a_term_that_was_changed_in_flourish_decides_nothing(order):
    sides = order(payment_term="Net Terms", net_days=30)
    sides.staff(payment_term="Cash on Delivery")
    sides.warehouse("allocate", "ship")
    sides.look()

    assert sides.here.status == "Delivered"


@pytest.mark.promise("OR-6")
def test_charges_and_notes_of_staff_stay_in_flourish(order):
    sides = order()
    writes = sides.writes
    sides.staff(charges=[{"amount": 12.5, "method": "dollar"}])

    decision = sides.look()

    assert [row[0] for row in decision.drift] == ["Charges"]
    assert sides.writes == writes


def test_an_edit_of_a_rep_who_was_quicker_than_the_lock_is_carried_over(order):
    sides = order(lines=[JARS])
    office, found = of(sides)
    (line,) = found["lines"]
    office.put("order", sides.number, {**found, "lines": [line | {"quantity": "60"}], "updated_at": stamp()})

    sides.look()

    assert lines(sides.there) == lines(sides.here) == [(SKU, Decimal(60))]
    assert_agrees(sides)


@pytest.mark.promise("OR-6")
def test_an_item_that_ordo_does_not_know_is_refused(order, doors):  # noqa: F811
    unknown = doors.flourish("GET", "/items?limit=50&offset=200").json["data"][0]["sku"]
    sides = order()
    sides.staff(order_lines=[*STAFF_EDITS["quantity"], {"sku": unknown, "order_qty": 1, "unit_price": 8}])

    with pytest.raises(Rejected, match="unknown_item"):
        sides.look()
    assert lines(sides.here) == [(SKU, Decimal(48)), (OTHER_SKU, Decimal(24))]


def test_it_was_in_flourish_already_when_trellis_first_saw_it(order):
    sides = order()
    stranger = OrdoSides(sides.doors, sides.number)

    decision = stranger.look()

    assert (decision.code, stranger.writes) == ("status_not_chosen", 0)


@pytest.mark.promise("OR-14")
def test_an_order_that_somebody_else_sent_before_go_live_may_be_joined(order):
    sides = order()
    later = {"live_since": datetime(2100, 1, 1, tzinfo=UTC)}
    stranger = OrdoSides(sides.doors, sides.number, settings=later)
    assert stranger.look().code == "before_go_live"

    joined = replace(stranger, flourish_id=sides.flourish_id)
    sides.warehouse("allocate", "ship")
    joined.look()

    assert joined.here.status in ("Delivered", "Paid")
