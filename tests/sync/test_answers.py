"""What an answer means for what happens next: rows 18, 19, 22, 26 to 31 of the catalogue of faults."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sync.answers import MAX_WAIT, Answer, asked_wait, http_date, understand
from portal.sync.errors import ConnectionBroken, Rejected, Retryable, SyncError, Unreadable, Unsettled

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
JSON = {"content-type": "application/json; charset=utf-8"}


def meaning(status: int, body: object = None, *, writing: bool = False, **headers: str) -> object:
    """Give the value, or the error itself."""
    raw = json.dumps(body).encode() if body is not None else b""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        return understand(Answer(status, JSON | names, raw), label="LeafLink", writing=writing, now=NOW)
    except SyncError as error:
        return error


@pytest.mark.parametrize(
    ("status", "read", "write"),
    [
        (300, Retryable, Unsettled),
        (308, Retryable, Unsettled),
        (400, Rejected, Rejected),
        (401, ConnectionBroken, ConnectionBroken),
        (403, ConnectionBroken, ConnectionBroken),
        (405, Rejected, Rejected),
        (408, Retryable, Unsettled),
        (409, Rejected, Rejected),
        (418, Rejected, Rejected),
        (422, Rejected, Rejected),
        (425, Retryable, Retryable),
        (429, Retryable, Retryable),
        (500, Retryable, Unsettled),
        (502, Retryable, Unsettled),
        (503, Retryable, Unsettled),
        (504, Retryable, Unsettled),
        (599, Retryable, Unsettled),
    ],
)
def test_each_status_is_named_by_what_happens_next(status, read, write):
    assert type(meaning(status)) is read
    assert type(meaning(status, writing=True)) is write


def test_not_found_is_an_answer_to_a_read_and_a_refusal_of_a_write():
    assert meaning(404, {"detail": "Not found."}) is None
    refused = meaning(404, {"detail": "Not found."}, writing=True)
    assert isinstance(refused, Rejected)
    assert (refused.reason, refused.http_status) == ("Not found.", 404)


@pytest.mark.fault(18)
def test_a_write_may_be_made_again_when_the_api_says_when():
    error = meaning(503, writing=True, retry_after="12")
    assert isinstance(error, Retryable)
    assert (error.after, error.throttled) == (12.0, False)


def test_too_many_calls_are_told_from_failures():
    error = meaning(429, retry_after="3")
    assert isinstance(error, Retryable)
    assert (error.after, error.throttled) == (3.0, True)


COMPLAINTS = [
    # a body that HTTP calls a success, its words
    ({"errors": [{"detail": "Not a customer of yours."}]}, "Not a customer of yours."),
    ({"errors": ["No."], "data": {"id": 1}}, "No."),
    ({"errors": {"quantity": ["Too many."]}}, "Too many."),
    ({"error": "Try again."}, "Try again."),
    ({"errors": [{}]}, "without a reason"),
    ({"errors": 7}, "without a reason"),
]


@pytest.mark.fault(28)
@pytest.mark.parametrize(
    ("body", "words"), COMPLAINTS, ids=[row[1] + str(n) for n, row in enumerate(COMPLAINTS)]
)
def test_the_body_decides_and_not_the_status(body, words):
    read, written = meaning(200, body), meaning(200, body, writing=True)
    assert isinstance(read, Unreadable)
    assert str(read) == f"errors: came instead of data: {words}"
    assert isinstance(written, Unsettled)
    assert written.reason == f"LeafLink answered with errors: {words}"


@pytest.mark.fault(28)
@pytest.mark.parametrize(
    "body", [{"errors": []}, {"errors": None, "error": ""}, {"errors": {}}, [], "errors"]
)
def test_no_complaint_is_no_error(body):
    assert meaning(200, body) == body


REFUSALS = [
    # body, field, reason
    ({"detail": "Not a customer of yours."}, "", "Not a customer of yours."),
    ({"status": ["Not a valid choice."]}, "", ""),
    ({"quantity": ["Must be positive.", "Again."]}, "quantity", "Must be positive."),
    ({"non_field_errors": ["Both."], "brand": ["No such brand."]}, "brand", "No such brand."),
    (
        {"line_items": [{}, {"quantity": ["Too many."], "available": ["24"]}]},
        "line_items[1].quantity",
        "Too many.",
    ),
    ({"customer": {"license": {"number": ["Unknown."]}}}, "customer.license.number", "Unknown."),
    ({"message": "Order has already been shipped", "status": 400}, "", "Order has already been shipped"),
    (["Bad."], "", "Bad."),
    ({}, "", ""),
    ({"a": None, "b": 3, "c": []}, "", ""),
    ("Nope.", "", "Nope."),
    ({"error": {"code": "invalid", "message": "No such item.", "field": "lines"}}, "lines", "No such item."),
    ({"error": {"code": "not_found", "message": "Not here."}}, "", "Not here."),
    ({"message": ["Too long."], "field": ["Unknown."]}, "field", "Unknown."),
]


@pytest.mark.fault(22)
@pytest.mark.parametrize(("body", "field", "reason"), REFUSALS)
def test_a_refusal_names_its_field_and_reason(body, field, reason):
    error = meaning(400, body, writing=True)
    assert isinstance(error, Rejected)
    assert error.field == field
    assert error.reason == (reason or "LeafLink refused without a reason (400)")


def test_a_refusal_is_cut_and_holds_no_personal_data():
    error = meaning(400, {"detail": "ask bob@example.com " + "x" * 5000})
    assert isinstance(error, Rejected)
    assert "bob" not in error.reason
    assert len(error.reason) < 600


WAITS = [
    # header, seconds
    ("0", 0.0),
    ("7", 7.0),
    (" 7 ", 7.0),
    ("1.0", 1.0),
    ("1.9", 2.0),
    ("1.x", None),
    ("901", MAX_WAIT),
    ("1000000000", MAX_WAIT),
    ("9" * 400, MAX_WAIT),
    ("-1", None),
    ("", None),
    ("soon", None),
    ("NaN", None),
    ("inf", None),
    ("1e3", None),
    ("٣", None),
    ("²", None),
    (format_datetime(NOW + timedelta(seconds=30), usegmt=True), 30.0),
    (format_datetime(NOW - timedelta(seconds=30), usegmt=True), None),
    ("Sat, 21 Nov 2026 12:00:30", 30.0),
    ("Sat, 21 Nov 9999 23:59:59 GMT", MAX_WAIT),
    ("Sat, 99 Nov 2026 12:00:30 GMT", None),
    ("Sat, 01 Jan 0001 00:00:00 +2359", None),
]


@pytest.mark.fault(18, 19)
@pytest.mark.parametrize(("header", "seconds"), WAITS)
def test_a_time_to_wait_is_read_in_every_form_and_never_guessed(header, seconds):
    assert asked_wait({"retry-after": header}, NOW) == seconds


@pytest.mark.fault(18)
def test_the_reset_of_a_rate_limit_counts_when_nothing_else_is_said():
    assert asked_wait({"ratelimit-reset": "8"}, NOW) == 8.0
    assert asked_wait({"x-ratelimit-reset": str(int(NOW.timestamp()) + 9)}, NOW) == 9.0
    assert asked_wait({"retry-after": "garbage", "ratelimit-reset": "8"}, NOW) == 8.0
    assert asked_wait({"retry-after": "2", "ratelimit-reset": "8"}, NOW) == 2.0
    assert asked_wait({}, NOW) is None


_WAITS = st.one_of(
    st.text(),
    st.integers(-(10**12), 10**12).map(str),
    st.floats().map(str),
    st.datetimes().map(lambda moment: format_datetime(moment.replace(tzinfo=UTC))),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.sampled_from(["-1", "1e9", "NaN", "inf", "-inf", "1e400", "0x10", "1_000", " ", "soon", "9" * 5000]),
)


@pytest.mark.fault(18, 19)
@given(
    st.sampled_from(["retry-after", "ratelimit-reset", "x-ratelimit-reset"]),
    _WAITS,
    st.sampled_from([429, 503]),
)
def test_no_header_makes_it_wait_wrongly_or_fail(name, text, status):
    error = meaning(status, writing=True, **{name.replace("-", "_"): text})
    assert isinstance(error, Retryable | Unsettled)
    assert not isinstance(error, Retryable) or error.after is None or 0 <= error.after <= MAX_WAIT
    http_date(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
        max_leaves=15,
    )
)
def test_any_refusal_body_is_a_refusal(body):
    assert isinstance(meaning(400, body, writing=True), Rejected)
