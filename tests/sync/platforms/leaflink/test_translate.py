import contextlib
import copy
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sync.domain import Address, Hint, SourceOrder, Stage
from portal.sync.errors import Unreadable
from portal.sync.platforms.leaflink.translate import read_order, read_page, read_webhook
from tests.sync.platforms.leaflink.examples import NUMBER, ORDER, customer, line, order, without


def read(payload) -> SourceOrder:
    return read_order(payload, lambda *_: None)


def test_an_order_is_read_in_the_words_of_trellis():
    found = read(order())
    assert (found.number, found.label, found.status, found.stage) == (
        NUMBER,
        "55556666",
        "Submitted",
        Stage.OPEN,
    )
    assert found.placed_at == datetime(2026, 11, 20, 15, 15, 3, 776119, tzinfo=UTC)
    assert found.updated_at == datetime(2026, 11, 20, 16, 14, 49, 494713, tzinfo=UTC)
    assert (found.reps, found.transitions, found.changed_by) == (("13",), ("accepted", "rejected"), "james.g")
    assert (found.term, found.term_shown, found.total) == ("Net 7", "Net 7", Decimal(342))
    (only,) = found.lines
    assert (only.sku, only.name, only.eaches, only.multiplier) == ("PR-1", "Pre-Roll", Decimal(24), 24)
    assert only.case_price == Decimal("114.00")


def test_a_customer_is_read_with_its_license_and_address():
    found = read(order()).customer
    assert (found.ref, found.name) == ("148", "Riverside Dispensary")
    assert (found.license, found.license_shown) == ("RE000123", "RE000123  Adult Use Retailer (NJ)")
    assert found.license_type == "Retail Dispensary"
    assert found.address == Address("1 River Street", "2B", "Camden", "NJ", "08101")


STAGES = [
    ("Draft", Stage.DRAFT),
    ("Submitted", Stage.OPEN),
    ("Accepted", Stage.OPEN),
    ("Backorder", Stage.OPEN),
    ("Fulfilled", Stage.FINISHED),
    ("Shipped", Stage.FINISHED),
    ("Complete", Stage.FINISHED),
    ("Rejected", Stage.CANCELLED),
    ("Cancelled", Stage.CANCELLED),
    ("Combined", Stage.MERGED),
]


@pytest.mark.parametrize(("status", "stage"), STAGES)
def test_every_status_has_its_stage(status, stage):
    assert read(order(status=status)).stage is stage


@pytest.mark.fault(48)
@pytest.mark.parametrize("status", ["submitted", "Canceled", "", "Paid", "ACCEPTED"])
def test_an_unknown_status_is_never_taken_for_another(status):
    with pytest.raises(Unreadable) as caught:
        read(order(status=status))
    assert caught.value.field == "status"


MONEY = [
    # as written, dollars
    ({"amount": "12.50", "currency": "USD"}, "12.50"),
    ({"amount": 12.5, "currency": "USD"}, "12.5"),
    ({"amount": 12, "currency": "USD"}, "12"),
    ("12.50", "12.50"),
    (12, "12"),
    (" 12.50 ", "12.50"),
    (None, "0"),
]


@pytest.mark.parametrize(("written", "dollars"), MONEY)
def test_money_is_read_in_every_shape(written, dollars):
    if isinstance(written, dict) and isinstance(written["amount"], float):
        written = {**written, "amount": Decimal(str(written["amount"]))}
    assert read(order(shipping_charge=written)).shipping == Decimal(dollars)


BAD_MONEY = [
    ({"amount": "12.50", "currency": "CAD"}, "total.currency"),
    ({"amount": "12.50"}, "total.currency"),
    ({"currency": "USD"}, "total.amount"),
    ({"amount": "1,250", "currency": "USD"}, "total.amount"),
    ({"amount": "NaN", "currency": "USD"}, "total.amount"),
    ({"amount": True, "currency": "USD"}, "total.amount"),
    ({"amount": "1e99", "currency": "USD"}, "total.amount"),
    ({"amount": ["1"], "currency": "USD"}, "total.amount"),
    ("free", "total"),
    ([], "total"),
    (None, "total"),
]


@pytest.mark.parametrize(("written", "field"), BAD_MONEY)
def test_money_that_cannot_be_read_names_its_field(written, field):
    with pytest.raises(Unreadable) as caught:
        read(order(total=written))
    assert caught.value.field == field


MULTIPLIERS = [(None, 1), (0, 1), (1, 1), (10, 10), ("10", 10), (Decimal("10.0"), 10)]


@pytest.mark.fault(62)
@pytest.mark.parametrize(("written", "multiplier"), MULTIPLIERS)
def test_a_multiplier_of_null_zero_or_one_is_one(written, multiplier):
    found = read(order(line_items=[line(unit_multiplier=written)])).lines[0]
    assert found.multiplier == multiplier
    assert found.eaches == 24


@pytest.mark.parametrize("written", [-1, "1.5", "many", [], True])
def test_a_multiplier_that_is_no_count_is_refused(written):
    with pytest.raises(Unreadable) as caught:
        read(order(line_items=[line(), line(unit_multiplier=written)]))
    assert caught.value.field == "line_items[1].unit_multiplier"


PRICES = [
    # on sale, sale price, price taken
    (False, "0.00", "114.00"),
    (False, "99.00", "114.00"),
    (True, "99.00", "99.00"),
    (True, "0.00", "114.00"),
    (None, None, "114.00"),
]


@pytest.mark.parametrize(("on_sale", "sale_price", "price"), PRICES)
def test_a_line_on_sale_has_its_sale_price(on_sale, sale_price, price):
    written = {"amount": sale_price, "currency": "USD"} if sale_price else None
    found = read(order(line_items=[line(on_sale=on_sale, sale_price=written)]))
    assert found.lines[0].case_price == Decimal(price)


DISCOUNTS = [
    # discount, type, line price of one case, dollars
    (0, "%", "114.00", "0"),
    (None, None, "114.00", "0"),
    (10, "%", "114.00", "11.40"),
    ("12.5", "%", "99.99", "12.50"),
    (Decimal("2.5"), "%", "1.00", "0.02"),
    (100, "%", "114.00", "114.00"),
    (25, "$", "114.00", "25"),
    ("0.01", "$", "114.00", "0.01"),
]


@pytest.mark.parametrize(("discount", "kind", "price", "dollars"), DISCOUNTS)
def test_a_discount_is_in_dollars_and_a_percentage_is_one_of_the_lines(discount, kind, price, dollars):
    items = [line(ordered_unit_price={"amount": price, "currency": "USD"})]
    assert read(order(discount=discount, discount_type=kind, line_items=items)).discount == Decimal(dollars)


@pytest.mark.parametrize(
    ("discount", "kind", "field"),
    [(5, "€", "discount_type"), (5, None, "discount_type"), (-5, "$", "discount"), (101, "%", "discount")],
)
def test_a_discount_that_makes_no_sense_is_refused(discount, kind, field):
    with pytest.raises(Unreadable) as caught:
        read(order(discount=discount, discount_type=kind))
    assert caught.value.field == field


def test_tax_is_the_final_one_or_what_the_rate_comes_to():
    assert read(order(final_tax="9.12", tax_amount=8)).tax == Decimal("9.12")
    discounted = order(final_tax=None, tax_amount=10, tax_type="%", discount=14, discount_type="$")
    assert read(discounted).tax == Decimal("10.00")
    assert read(order(final_tax=None, tax_amount=7, tax_type=None)).tax == Decimal(7)
    assert read(without(order(), "final_tax", "tax_amount")).tax == 0


def test_shipping_and_credits_are_read():
    found = read(order(shipping_charge={"amount": "15.5", "currency": "USD"}, credits="420.10"))
    assert (found.shipping, found.credits) == (Decimal("15.5"), Decimal("420.10"))


SHIP_DATES = [
    (None, None),
    ("2026-12-01T00:00:00-05:00", datetime(2026, 12, 1, 5, tzinfo=UTC)),
    ("2026-12-01T06:00:00Z", datetime(2026, 12, 1, 6, tzinfo=UTC)),
    ("2026-12-01", datetime(2026, 12, 1, 12, tzinfo=UTC)),
]


@pytest.mark.parametrize(("written", "moment"), SHIP_DATES)
def test_a_ship_date_is_a_moment(written, moment):
    assert read(order(ship_date=written)).ship_at == moment


@pytest.mark.fault(65)
@pytest.mark.parametrize(
    "written", ["2026-12-01T06:00:00", "soon", "2026-13-01", 5, "0001-01-01T00:00:00+14:00"]
)
def test_a_ship_date_that_is_no_moment_is_refused(written):
    with pytest.raises(Unreadable) as caught:
        read(order(ship_date=written))
    assert caught.value.field == "ship_date"


def test_skus_come_from_the_line_as_ordered_or_from_its_product():
    frozen = line(
        frozen_data={"product": {"sku": "OLD", "name": "Old"}}, product={"sku": "NEW", "name": "New"}
    )
    assert read(order(line_items=[frozen])).lines[0].sku == "OLD"
    expanded = line(frozen_data=None, product={"id": 5, "sku": "NEW", "name": "New"})
    found = read(order(line_items=[expanded])).lines[0]
    assert (found.sku, found.name) == ("NEW", "New")
    with pytest.raises(Unreadable) as caught:
        read(order(line_items=[line(frozen_data={})]))
    assert caught.value.field == "line_items[0].frozen_data.product.sku"


def test_what_is_asked_of_the_delivery_goes_into_the_notes():
    found = read(
        order(
            notes="Leave at the back. ",
            shipping_details="Dock 3",
            delivery_preferences="Monday only",
            delivery_info={"acquire_type": 2, "manifest_number": "M1"},
        )
    )
    assert found.notes.splitlines() == [
        "Leave at the back.",
        "Shipping: Dock 3",
        "Delivery preferences: Monday only",
        "Handover: Pick Up",
        "Manifest: M1",
    ]
    assert read(order()).notes == ""


@pytest.mark.promise("LL-7")
def test_a_samples_line_and_a_batchs_number_are_read():
    batch = {"id": 77, "production_batch_number": "GL-0004-A"}
    found = read(order(line_items=[line(is_sample=True), line(batch=batch), line(is_backorder=True)]))

    assert [one.is_sample for one in found.lines] == [True, False, False]
    assert [one.lot for one in found.lines] == ["", "GL-0004-A", ""]
    assert found.unsupported == ()


@pytest.mark.promise("LL-7")
@pytest.mark.parametrize("batch", [77, {"id": 77}, {"id": 77, "production_batch_number": ""}])
def test_a_batch_without_a_number_is_named_and_not_dropped(batch):
    ((what, todo),) = read(order(line_items=[line(batch=batch)])).unsupported

    assert what.endswith("PR-1")
    assert todo.endswith(".")


@pytest.mark.parametrize(
    ("written", "states"),
    [
        (["accepted", "rejected"], ("accepted", "rejected")),
        ([], ()),
        (None, ()),
        ("accepted, rejected", ("accepted", "rejected")),
        (["Accepted "], ("accepted",)),
    ],
)
def test_transitions_are_states_in_lower_case(written, states):
    assert read(order(available_transitions=written)).transitions == states


ADDRESSES = [
    # changes of the customer, street found
    ({}, "1 River Street"),
    ({"address": ""}, "9 Order Road"),
    ({"address": None, "delivery_address": {"address": "2 Dock"}}, "2 Dock"),
    ({"address": None, "corporate_address": {"address": "3 Office"}}, "3 Office"),
]


@pytest.mark.parametrize(("changes", "street"), ADDRESSES)
def test_an_address_is_the_first_one_with_a_street(changes, street):
    payload = order(customer=customer(**changes), delivery_address={"address": "9 Order Road"})
    assert read(payload).customer.address.line_1 == street


def test_an_order_without_reps_notes_or_dates_is_read():
    bare = without(order(sales_reps=[]), "short_id", "notes", "ship_date", "credits", "shipping_charge")
    found = read(bare)
    assert (found.label, found.reps, found.credits) == (NUMBER, (), Decimal(0))


REQUIRED = ["number", "status", "customer", "line_items", "total", "created_on", "modified"]


@pytest.mark.parametrize("name", REQUIRED)
def test_a_required_field_that_is_missing_is_named(name):
    with pytest.raises(Unreadable) as caught:
        read(without(order(), name))
    assert caught.value.field == name


WRONG = [
    ("line_items", {}, "line_items"),
    ("line_items", [3], "line_items[0]"),
    ("line_items", [line(quantity="lots")], "line_items[0].quantity"),
    ("line_items", [line(quantity="-1")], "line_items[0].quantity"),
    ("line_items", [line(ordered_unit_price=None)], "line_items[0].ordered_unit_price"),
    ("customer", 5, "customer"),
    ("customer", {"name": "x"}, "customer.id"),
    ("sales_reps", [{"user": "x"}], "sales_reps[0].id"),
    ("created_on", "yesterday", "created_on"),
    ("modified", "2026-11-20T09:14:49", "modified"),
    ("is_combination", "yes", "is_combination"),
    ("number", " ", "number"),
    ("available_transitions", [1], "available_transitions"),
    ("payment_term", True, "payment_term"),
]


@pytest.mark.parametrize(("name", "value", "field"), WRONG)
def test_a_field_of_the_wrong_type_is_named_by_its_path(name, value, field):
    with pytest.raises(Unreadable) as caught:
        read(order(**{name: value}))
    assert caught.value.field == field


@pytest.mark.fault(29)
def test_fields_that_nobody_knows_are_told_of_and_known_ones_are_not():
    told: list[tuple[str, str]] = []
    payload = order(brand_new=1, line_items=[line(surprise=2)], customer=customer(extra=3))
    read_order(payload, lambda resource, name: told.append((resource, name)))
    assert sorted(told) == [
        ("LeafLink customer", "extra"),
        ("LeafLink line item", "surprise"),
        ("LeafLink order", "brand_new"),
    ]


_RUBBISH: st.SearchStrategy[object] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({})
)


@given(st.sampled_from(sorted(ORDER)), st.integers(0, 2), _RUBBISH)
def test_any_field_may_be_rubbish_without_anything_but_unreadable(name, where, value):
    payload = copy.deepcopy(ORDER)
    target = (payload, payload["line_items"][0], payload["customer"])[where]
    names = sorted(target)
    target[names[sorted(ORDER).index(name) % len(names)]] = value
    with contextlib.suppress(Unreadable):
        read(payload)


NEW_ORDER = {"type": "order", "action": "create", "data": {"number": "n1", "short_id": "s1"}}
PRODUCT = {"type": "product", "action": "edit", "data": {"id": 5, "sku": "S", "name": "N"}}
WEBHOOKS = [
    # payload, kind, ref, topic, label
    (NEW_ORDER, "order", "n1", "order/create", "s1"),
    ({"type": "order", "action": "edit", "data": {"number": "n1"}}, "order", "n1", "order/edit", ""),
    ({"type": "order", "data": {"number": "n1"}}, "order", "n1", "order/", ""),
    (PRODUCT, "item", "S", "product/edit", "N"),
    ({**PRODUCT, "data": {"id": 5, "sku": ""}}, "item", "5", "product/edit", ""),
    ({"type": "invoice", "action": "create", "data": {}}, "", "", "invoice", ""),
    ({"number": "n1", "status": "Submitted"}, "", "", "unknown", ""),
    ({"type": {"a": 1}, "data": []}, "", "", "unknown", ""),
    ({}, "", "", "unknown", ""),
]


@pytest.mark.parametrize(("payload", "kind", "ref", "topic", "label"), WEBHOOKS)
def test_a_webhook_says_only_what_to_look_at(payload, kind, ref, topic, label):
    assert read_webhook(payload) == Hint(kind, ref, topic, label=label)


def test_a_webhook_about_an_order_without_its_number_is_unreadable():
    with pytest.raises(Unreadable, match=r"data\.number"):
        read_webhook({"type": "order", "action": "edit", "data": {"id": 5}})


def test_a_page_gives_hints_and_the_next_address():
    rows = [{"number": "n1", "short_id": "s1", "modified": "2026-11-20T09:00:00Z"}]
    hints, following, total = read_page({"count": 7, "next": "https://x/?offset=1", "results": rows})
    assert (following, total) == ("https://x/?offset=1", 7)
    assert hints == (Hint("order", "n1", "poll", datetime(2026, 11, 20, 9, tzinfo=UTC), label="s1"),)
    assert read_page({"results": [], "next": None}) == ((), "", None)
