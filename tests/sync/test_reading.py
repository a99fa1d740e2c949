from datetime import date
from decimal import Decimal

import pytest

from portal.sync.errors import Unreadable
from portal.sync.reading import Fields, Shape, decimal, log_unknown_field, rows, words


def test_a_field_is_named_by_its_whole_path():
    payload = {"orders": [{"lines": [{"qty": 1}, {"qty": "x"}]}]}
    (only,) = Fields.of(payload).children("orders")
    with pytest.raises(Unreadable) as caught:
        only.children("lines")[1].number("qty")
    assert caught.value.field == "orders[0].lines[1].qty"
    assert "should be a number" in caught.value.reason


def test_missing_and_empty_are_told_apart():
    for payload, reason in (({}, "is missing"), ({"a": None}, "is empty")):
        with pytest.raises(Unreadable, match=reason):
            Fields(payload).text("a")
        assert Fields(payload).text_or_empty("a") == ""
        assert Fields(payload).number_or_zero("a") == 0
        assert Fields(payload).flag_or_no("a") is False
        assert Fields(payload).child_or_empty("a").value == {}
        assert Fields(payload).children_or_none("a") == ()


@pytest.mark.parametrize(
    ("value", "number"),
    [(3, "3"), ("3.50", "3.50"), (Decimal("0.1"), "0.1"), (" 7 ", "7"), ("-2", "-2"), ("0", "0")],
)
def test_numbers_come_as_numbers_and_as_text(value, number):
    assert decimal(value, "a") == Decimal(number)


@pytest.mark.parametrize(
    "value", [None, True, "", "x", "1,5", "NaN", "Infinity", "1e30", 1.5, [], {}, 10**25]
)
def test_what_is_no_number_is_refused(value):
    with pytest.raises(Unreadable):
        decimal(value, "a")


@pytest.mark.parametrize(("value", "flag"), [(True, True), (False, False), (1, True), (0, False)])
def test_a_flag_is_true_false_one_or_zero(value, flag):
    assert Fields({"a": value}).flag("a") is flag


@pytest.mark.parametrize("value", ["true", 2, [], Decimal(1)])
def test_other_values_are_no_flags(value):
    with pytest.raises(Unreadable, match="true or false"):
        Fields({"a": value}).flag("a")


def test_a_shape_refuses_what_is_missing_and_tells_of_what_is_new():
    shape = Shape("thing", required=words("a b"), used=words("c"), ignored=words("d"))
    told: list[str] = []
    Fields({"a": 1, "b": None, "d": 1, "e": 1}).check(shape, lambda _, name: told.append(name))
    assert told == ["e"]
    with pytest.raises(Unreadable) as caught:
        Fields({"b": 1}, "thing").check(shape, lambda *_: None)
    assert caught.value.field == "thing.a"


@pytest.mark.parametrize("value", [None, {}, "x", [1], [[]]])
def test_rows_are_a_list_of_objects(value):
    with pytest.raises(Unreadable):
        rows(value, "data")


def test_an_unknown_field_is_logged_once_per_process(caplog):
    log_unknown_field.cache_clear()
    for _ in range(3):
        log_unknown_field("thing", "brand_new")
    log_unknown_field("other thing", "brand_new")
    assert [(record.resource, record.field) for record in caplog.records] == [
        ("thing", "brand_new"),
        ("other thing", "brand_new"),
    ]


@pytest.mark.fault(29, 65)
@pytest.mark.parametrize(
    "written",
    ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "1899-12-31T00:00:00Z", "2026-02-30T00:00:00Z", 7],
)
def test_a_time_that_no_span_can_be_added_to_is_refused(written):
    with pytest.raises(Unreadable, match="a time with its offset"):
        Fields({"at": written}).time("at")


@pytest.mark.fault(29)
def test_an_id_that_would_be_cut_where_it_is_kept_is_refused():
    assert Fields({"id": "x" * 200}).ident("id")
    with pytest.raises(Unreadable, match="longer than 200 characters"):
        Fields({"id": "x" * 201}).ident("id")


@pytest.mark.fault(29)
def test_the_largest_numbers_still_multiply_exactly_to_the_cent():
    largest = decimal("9999999999.99", "a")
    assert (largest * largest).quantize(Decimal("0.01"))
    for beyond in ("1e10", "1e-10", "0." + "1" * 50):
        with pytest.raises(Unreadable, match="out of range"):
            decimal(beyond, "a")
    assert decimal("0.000000000000", "a") == 0


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("1990-02-03", date(1990, 2, 3)),
        (" 1990-02-03T00:00:00.000Z ", date(1990, 2, 3)),
        ("", None),
        (None, None),
    ],
)
def test_a_day_may_have_a_time_behind_it(written, day):
    assert Fields({"shipped": written}).day_or_none("shipped") == day


@pytest.mark.parametrize(
    ("name", "said"), [("shipped", "but is the text 'last June'"), ("dob", "should be a date")]
)
def test_what_is_no_day_is_shown_unless_it_is_somebodys(name, said):
    with pytest.raises(Unreadable) as refused:
        Fields({name: "last June"}).day_or_none(name)
    assert said in str(refused.value)
    assert ("last June" in str(refused.value)) is (name == "shipped")
