"""Edits after intake, over whole looks: one update, once, whatever becomes of its answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from portal.sync.domain import Amount
from portal.sync.errors import Rejected, Retryable, Unsettled
from portal.sync.mapping.money import line_total
from tests.sync.mapping.examples import customer, line, order

NUMBER = order().number
SHIP_AT = datetime(2026, 4, 1, 15, tzinfo=UTC)


def edit(shop, **changed):
    """Edit the order on LeafLink, whose total follows, and look."""
    there = shop.leaflink.orders[NUMBER]
    lines = changed.get("lines", there.lines)
    parts = {
        name: changed.get(name, getattr(there, name)) for name in ("shipping", "discount", "tax", "credits")
    }
    total = sum(map(line_total, lines), parts["shipping"] + parts["tax"])
    changed.setdefault("total", total - parts["discount"] - parts["credits"])
    shop.leaflink.put(there, **changed)
    look(shop)


def look(shop):
    shop.mark(NUMBER)
    shop.look()


def there(shop):
    return shop.flourish.orders["SO-1"]


def in_flourish(shop):
    """What Flourish's order comes to."""
    order = there(shop)
    lines = sum((one.eaches * one.price for one in order.lines), Decimal(0))
    charges, discounts = (
        sum((one.amount for one in each), Decimal(0)) for each in (order.charges, order.discounts)
    )
    return (lines + charges - discounts).quantize(Decimal("0.01"))


@pytest.fixture
def link_id(shop):
    """An order with everything, in Flourish."""
    made = shop.arrive(
        notes="Ring", ship_at=SHIP_AT, term="Net 30", term_shown="Net 30", shipping=Decimal(20)
    )
    shop.look()
    return made


@pytest.mark.promise("LL-14")
def test_an_edit_of_everything_reaches_flourish_in_one_update(shop, link_id):
    edit(
        shop,
        lines=(line(eaches="6", case=3, price="10.00"), line("FL-2", eaches="20")),
        notes="Call",
        ship_at=datetime(2026, 4, 3, 15, tzinfo=UTC),
        term="Net 7",
        term_shown="Net 7",
        shipping=Decimal(25),
        discount=Decimal("1.50"),
    )

    now = there(shop)
    assert [(one.sku, one.eaches) for one in now.lines] == [("FL-1", 6), ("FL-2", 20)]
    assert (now.notes[-1], now.requested_date, now.term) == ("Call", date(2026, 4, 3), "Net 7")
    assert now.notes[0] == f"Trellis {shop.connection_id} {NUMBER}"
    assert now.notes[1] == "shipping +25.00; discount -1.50; rounding +0.0002"
    assert in_flourish(shop) == shop.leaflink.orders[NUMBER].total
    assert shop.flourish.count("update_order") == 1
    assert (shop.link(link_id).state, shop.problems()) == ("settled", {})
    writes = shop.writes()
    look(shop)
    assert shop.writes() == writes


def test_the_story_tells_what_was_carried_over_with_before_and_after(shop, link_id):
    edit(shop, lines=(line(eaches="20"),))

    assert "Edited in LeafLink" in shop.story(link_id)
    assert "Carried over from LeafLink" in shop.story(link_id)
    *_, row = [one for one in shop.details(link_id) if one.get("changes") and "request" in one]
    assert row["changes"] == [["FL-1 eaches", "10", "20"]]


@pytest.mark.promise("LL-18")
def test_what_flourish_changed_is_shown_once_as_expected_and_is_no_problem(shop, link_id):
    first = there(shop).lines[0]
    shop.flourish.change("SO-1", lines=(replace(first, eaches=Decimal(12)),))
    for _ in range(3):
        look(shop)

    link = shop.link(link_id)
    assert (link.state, shop.problems()) == ("settled", {})
    assert link.snapshot["drift"] == [["FL-1 eaches", "10", "12"]]
    assert shop.story(link_id).count("Changed in Flourish") == 1
    assert shop.leaflink.count(*shop.leaflink.WRITES) == 0

    shop.flourish.change("SO-1", lines=(first,))
    look(shop)
    assert shop.link(link_id).snapshot["drift"] == []


def test_the_same_field_changed_on_both_sides_waits_for_a_person_and_goes_on_after(shop, link_id):
    shop.flourish.change("SO-1", lines=(replace(there(shop).lines[0], eaches=Decimal(12)),))
    edit(shop, lines=(line(eaches="20"),), notes="Call")

    problem = shop.problems()["edited_on_both_sides"]
    assert problem.evidence["difference"][0] == ["FL-1 eaches", "10", "20", "12"]
    assert shop.link(link_id).state == "stuck"
    assert shop.flourish.count("update_order") == 0

    shop.flourish.change("SO-1", lines=(replace(there(shop).lines[0], eaches=Decimal(20)),))
    look(shop)
    assert there(shop).notes[-1] == "Call"
    assert (shop.link(link_id).state, shop.problems()) == ("settled", {})


@pytest.mark.promise("LL-14")
@pytest.mark.fault(53)
def test_an_edit_after_allocation_is_shown_line_by_line_and_carried_over_once_nothing_is_allocated(
    shop, link_id
):
    shop.leaflink.put(shop.leaflink.orders[NUMBER], status="Fulfilled", transitions=("shipped",))
    shop.flourish.change("SO-1", status="Allocated")
    edit(shop, lines=(line(eaches="20"),))

    problem = shop.problems()["edited_after_allocation"]
    assert problem.evidence["difference"] == [["FL-1 eaches", "10", "20", "10"]]
    assert shop.flourish.count("update_order") == 0
    shop.flourish.change("SO-1", status="Shipped")
    look(shop)
    assert shop.leaflink.orders[NUMBER].status == "Shipped"

    shop.flourish.change("SO-1", status="Created")
    look(shop)
    assert there(shop).lines[0].eaches == 20
    assert shop.problems() == {}


@pytest.mark.promise("LL-14")
@pytest.mark.fault(8)
@pytest.mark.parametrize("effect", [True, False])
def test_an_update_whose_answer_was_lost_is_planned_anew_from_what_both_sides_show(shop, link_id, effect):
    shop.flourish.fail("update_order", Unsettled("Flourish answered 502", http_status=502), effect=effect)
    edit(shop, lines=(line(eaches="20"), line("FL-2")))
    shop.look_until_quiet()

    assert [(one.sku, one.eaches) for one in there(shop).lines] == [("FL-1", 20), ("FL-2", 10)]
    assert shop.flourish.count("update_order") == 2 - effect
    assert (shop.link(link_id).state, shop.problems()) == ("settled", {})


def test_an_order_that_staff_change_while_an_edit_is_on_its_way_is_read_again_first(shop, link_id):
    def staff():
        shop.flourish.change("SO-1", charges=(*there(shop).charges, Amount(Decimal(15))))

    shop.flourish.meanwhile["update_order"] = staff
    edit(shop, lines=(line(eaches="20"),))
    shop.look_until_quiet()

    assert [str(one) for one in there(shop).charges] == ["20", "15"]
    assert there(shop).lines[0].eaches == 20
    assert shop.link(link_id).snapshot["drift"] == [["Charges", "20", "20 + 15"]]


@pytest.mark.fault(52)
@pytest.mark.promise("LL-18")
def test_a_value_that_flourish_makes_of_ours_is_never_written_again(shop, link_id):
    """Flourish rounds prices and trims notes; it could do what it likes."""

    def shorten():
        now = there(shop)
        lines = (replace(one, unit_price=round(one.unit_price, 2)) for one in now.lines)
        notes = tuple(note.strip() for note in now.notes)
        shop.flourish.change("SO-1", lines=tuple(lines), notes=notes)

    edit(shop, lines=(line(eaches="30", case=3, price="10.00"),), notes="  Call  ")
    for _ in range(3):
        shorten()
        look(shop)

    assert shop.flourish.count("update_order") == 1
    assert shop.link(link_id).snapshot.get("drift", []) == []
    assert shop.problems() == {}


def test_an_edit_that_flourish_refuses_is_a_problem_with_its_words(shop, link_id):
    shop.flourish.fail("update_order", Rejected("Item is not active", field="order_lines", http_status=400))
    edit(shop, lines=(line(eaches="20"),))

    assert "Item is not active" in shop.problems()["refused"].title
    look(shop)
    assert there(shop).lines[0].eaches == 20
    assert shop.problems() == {}


@pytest.mark.promise("LL-13")
def test_an_edit_whose_sum_does_not_hold_writes_nothing(shop, link_id):
    edit(shop, lines=(line(eaches="20"),), total=Decimal("1.00"))

    assert set(shop.problems()) == {"sum_does_not_hold"}
    assert shop.flourish.count("update_order") == 0

    edit(shop, lines=(line(eaches="20"),))
    assert in_flourish(shop) == shop.leaflink.orders[NUMBER].total
    assert shop.problems() == {}


def test_an_edit_that_was_undone_again_writes_nothing(shop, link_id):
    before = shop.leaflink.orders[NUMBER]
    shop.leaflink.put(before, notes="Call")
    shop.leaflink.put(before, notes="Ring")
    look(shop)

    assert shop.flourish.count("update_order") == 0
    assert shop.link(link_id).state == "settled"


@pytest.mark.fault(39)
def test_a_read_that_is_older_than_an_edit_that_was_carried_over_undoes_nothing(shop, link_id):
    before = shop.leaflink.orders[NUMBER]
    edit(shop, lines=(line(eaches="20"),))
    after = shop.leaflink.orders[NUMBER]
    shop.leaflink.orders[NUMBER] = before
    look(shop)

    assert there(shop).lines[0].eaches == 20
    assert (shop.link(link_id).decision_code, shop.problems()) == ("older_read", {})

    shop.leaflink.orders[NUMBER] = after
    shop.pass_time(5)
    shop.look()
    assert shop.link(link_id).state == "settled"
    assert shop.flourish.count("update_order") == 1


def test_another_customer_is_a_problem_until_it_is_undone(shop, link_id):
    edit(shop, customer=customer(license="C10-OTHER"))
    assert set(shop.problems()) == {"customer_changed"}

    edit(shop, customer=customer())
    assert shop.problems() == {}


# --- Payment terms. ---


@pytest.mark.promise("LL-19")
def test_a_term_that_staff_change_goes_to_leaflink_once(shop, link_id):
    shop.flourish.change("SO-1", term="Net 7")
    look(shop)

    assert shop.leaflink.orders[NUMBER].term == "Net 7"
    assert "Payment term Net 7" in shop.story(link_id)
    writes = shop.writes()
    look(shop)
    assert shop.writes() == writes
    assert shop.link(link_id).state == "settled"


@pytest.mark.promise("LL-19")
@pytest.mark.parametrize("effect", [True, False])
def test_a_term_whose_answer_was_lost_ends_the_same_on_both_sides(shop, link_id, effect):
    shop.leaflink.fail("set_term", Unsettled("LeafLink answered 502", http_status=502), effect=effect)
    shop.flourish.change("SO-1", term="Net 7")
    look(shop)
    shop.look_until_quiet()

    assert (shop.leaflink.orders[NUMBER].term, there(shop).term) == ("Net 7", "Net 7")
    assert shop.link(link_id).state == "settled"


@pytest.mark.promise("LL-19")
def test_a_missing_term_is_one_problem_of_the_connection_however_many_orders_have_it(shop):
    links = [
        shop.arrive(order(number=f"n{n}", label=f"N{n}", term="Net 60", ship_at=SHIP_AT)) for n in range(3)
    ]
    shop.look()

    problem = shop.problems()["term_missing"]
    assert (problem.link_id, problem.subject_id, problem.cause) == (None, shop.connection_id, "Net 60")
    assert [shop.link(one).state for one in links] == ["waiting"] * 3
    assert {str(one.requested_date) for one in shop.flourish.orders.values()} == {"2026-04-01"}

    shop.flourish.terms = ("Net 60",)
    shop.pass_time(600)
    shop.look()
    assert [shop.link(one).state for one in links] == ["settled"] * 3
    assert {one.term for one in shop.flourish.orders.values()} == {"Net 60"}
    assert shop.problems() == {}


@pytest.mark.promise("LL-19")
def test_two_missing_terms_are_two_problems_and_each_closes_by_itself(shop):
    for term in ("Net 60", "Net 90"):
        shop.arrive(order(number=term, label=term, term=term))
    shop.look()
    assert shop.causes("term_missing") == {"Net 60", "Net 90"}

    shop.flourish.terms = ("Net 90",)
    shop.pass_time(600)
    shop.look()
    assert shop.causes("term_missing") == {"Net 60"}


def test_a_busy_flourish_delays_an_edit_and_loses_nothing(shop, link_id):
    shop.flourish.fail("update_order", Retryable("Flourish is busy"), times=2)
    edit(shop, notes="Call")
    shop.look_until_quiet()

    assert there(shop).notes[-1] == "Call"
    assert shop.link(link_id).state == "settled"


# --- Batches and samples. ---


@pytest.mark.promise("LL-7")
def test_a_batch_goes_along_as_the_lot_that_flourish_has(shop):
    shop.flourish.lots = {"item-FL-1": ("GL-1-A", "GL-1-B")}
    shop.arrive(lines=(line(lot="GL-1-A"), line("FL-2")))
    shop.look()

    assert [one.lot for one in there(shop).lines] == ["GL-1-A", ""]

    edit(shop, lines=(line(lot="GL-1-B"), line("FL-2")))
    assert [one.lot for one in there(shop).lines] == ["GL-1-B", ""]
    assert shop.problems() == {}


@pytest.mark.promise("LL-7")
@pytest.mark.parametrize("known", [(), ("gl-1-a",), ("GL-1-A ",)])
def test_a_lot_that_flourish_does_not_have_is_a_problem_that_names_it_until_it_is_there(shop, known):
    shop.flourish.lots = {"item-FL-1": known}
    link_id = shop.arrive(lines=(line(lot="GL-1-A"),))
    shop.look()

    problem = shop.problems()["lot_missing"]
    assert "GL-1-A of FL-1 in Oakland" in problem.title
    assert shop.flourish.orders == {}

    shop.flourish.lots = {"item-FL-1": ("GL-1-A",)}
    look(shop)
    assert shop.link(link_id).state == "settled"
    assert shop.problems() == {}


@pytest.mark.promise("LL-7")
def test_an_edit_to_a_lot_that_flourish_does_not_have_writes_nothing(shop):
    shop.flourish.lots = {"item-FL-1": ("GL-1-A",)}
    shop.arrive(lines=(line(lot="GL-1-A"),))
    shop.look()
    edit(shop, lines=(line(lot="GL-1-Z", eaches="20"),), notes="Call")

    assert set(shop.problems()) == {"lot_missing"}
    assert shop.flourish.count("update_order") == 0


@pytest.mark.promise("LL-13")
@pytest.mark.parametrize("price", ["0.00", "0.01"])
def test_samples_come_in_at_their_price_and_a_note_names_them(shop, price):
    link_id = shop.arrive(lines=(line(), line("FL-2", eaches="2", case=1, price=price, is_sample=True)))
    shop.look()

    assert [one.unit_price for one in there(shop).lines] == [5, Decimal(price)]
    assert "Samples: 2 x FL-2" in there(shop).notes
    assert [bool(one.get("is_sample")) for one in shop.link(link_id).snapshot["lines"]] == [False, True]
    assert in_flourish(shop) == shop.leaflink.orders[NUMBER].total


@pytest.mark.promise("LL-13")
def test_a_connection_may_hold_samples(shop):
    shop.set("connection", settings='{"samples": "hold"}')
    shop.arrive(lines=(line(), line("FL-2", is_sample=True)))
    shop.look()

    assert "FL-2" in shop.problems()["samples_held"].title
    assert shop.flourish.orders == {}
