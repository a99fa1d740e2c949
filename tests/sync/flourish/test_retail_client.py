"""The retail side's calls: what is asked, followed, written once, and hidden."""

import contextlib
import logging
from datetime import UTC, datetime
from itertools import islice

import pytest
import responses
from responses.matchers import header_matcher, query_param_matcher

from portal.sync.addresses import check_address
from portal.sync.errors import Rejected, Retryable, Unsettled
from portal.sync.flourish import FLOURISH, authorise
from portal.sync.flourish.client import FlourishClient
from portal.sync.http import Caller, Exchange
from portal.sync.retail import CustomerLookup, CustomerUpdate, MadeCustomer
from tests.sync.fakes import FakeCalls
from tests.sync.flourish.examples import many, one
from tests.sync.flourish.retail_examples import CUSTOMER_DRAFT, DISCOUNT, DRAFT, customer, lab, retail_order

BASE = "https://app.flourishsoftware.com/external/api"
CUSTOMERS, ORDERS, LABS = "/v1/customers", "/v1/retail-orders", "/v1/lab-test-results"
BY_PHONE = CustomerLookup("phone", "+1 (415) 555-0100")
SINCE = datetime(2026, 11, 20, 10, tzinfo=UTC)


def retail(**replies):
    calls = FakeCalls(replies)
    return FlourishClient(calls, lambda *_: None).retail, calls


@pytest.fixture
def wired():
    """The client as a hub has it, on a wire that answers as a test says; and what is noted of its calls."""
    notes: list[Exchange] = []
    address = check_address(f"{BASE}/", hosts=FLOURISH.hosts, allow_loopback=False)
    with (
        responses.RequestsMock() as wire,
        Caller(
            address,
            authorise({"api_key": "k"}),
            label="Flourish",
            turnstile=lambda: None,
            user_agent="Trellis",
            observe=notes.append,
        ) as calls,
    ):
        yield FLOURISH.connect(calls).retail, wire, notes


@pytest.mark.parametrize(
    ("lookup", "query"),
    [
        (BY_PHONE, {"phone_number": "4155550100"}),
        (CustomerLookup("patient_id", " MMJ-1 "), {"patient_id": "MMJ-1"}),
        (CustomerLookup("email", "nia@guests.example"), {"email": "nia@guests.example"}),
    ],
    ids=["phone", "patient id", "e-mail"],
)
def test_customers_are_found_by_one_thing_and_compared_again(lookup, query):
    other = customer(id="8", phone="4155550199", email="b@guests.example", patient_id="MMJ-9")
    ours, calls = retail(**{CUSTOMERS: many(customer(), other)})
    assert [each.id for each in ours.customers(lookup)] == ["00000007"]
    (asked,) = calls.asked("GET")
    assert query.items() <= asked.query.items()


def test_a_merged_profile_is_followed_to_the_one_that_was_kept():
    gone = customer(id="6", is_active=False, merged_customer_id="00000007")
    older = customer(id="5", is_active=False, merged_customer_id="6")
    ours, _calls = retail(
        **{
            CUSTOMERS: many(older, gone, customer()),
            f"{CUSTOMERS}/6": one(gone),
            f"{CUSTOMERS}/00000007": one(customer()),
        }
    )
    assert [each.id for each in ours.customers(BY_PHONE)] == ["00000007"]


def test_profiles_that_were_merged_in_a_circle_end():
    first = customer(id="5", is_active=False, merged_customer_id="6")
    second = customer(id="6", is_active=False, merged_customer_id="5")
    ours, calls = retail(
        **{CUSTOMERS: many(first), f"{CUSTOMERS}/6": one(second), f"{CUSTOMERS}/5": one(first)}
    )
    assert [each.is_active for each in ours.customers(BY_PHONE)] == [False]
    assert len(calls.calls) < 10


def test_a_kept_profile_that_is_not_shown_is_tried_again():
    ours, _calls = retail(**{CUSTOMERS: many(customer(is_active=False, merged_customer_id="9"))})
    with pytest.raises(Retryable):
        ours.customers(BY_PHONE)


def test_a_customer_is_read_or_is_none():
    ours, _calls = retail(**{f"{CUSTOMERS}/00000007": one(customer())})
    assert ours.customer("00000007").id == "00000007"
    assert ours.customer("9") is None


def test_a_customer_is_made_once_and_the_remark_told():
    ours, calls = retail(**{f"POST {CUSTOMERS}": one({"id": "00000009"}) | {"code": "CUS0003"}})
    assert ours.create_customer(CUSTOMER_DRAFT) == MadeCustomer("00000009", "CUS0003")
    assert len(calls.asked("POST")) == 1


def test_what_was_made_without_an_id_in_the_answer_is_unsettled():
    ours, _calls = retail(**{f"POST {CUSTOMERS}": one({}), f"POST {ORDERS}": {"message": "Success"}})
    with pytest.raises(Unsettled):
        ours.create_customer(CUSTOMER_DRAFT)
    with pytest.raises(Unsettled):
        ours.create_order(DRAFT)


def test_a_customer_is_changed_in_what_is_there():
    path = f"{CUSTOMERS}/00000007"
    ours, calls = retail(**{path: one(customer()), f"PUT {path}": one(customer())})
    ours.update_customer("00000007", CustomerUpdate(patient_id="MMJ-3", state="CA"))
    (put,) = calls.asked("PUT")
    assert (put.body["patient_id"], put.body["email"], put.body["is_verified"]) == (
        "MMJ-3",
        "nia@guests.example",
        True,
    )
    with pytest.raises(Retryable):
        ours.update_customer("9", CustomerUpdate())


REFUSALS = [
    ("nia@guests.example already exists", "nia@"),
    ("Call 415-555-0100 about it", "0100"),
    ("Patient id MMJ-1001 is taken", "MMJ-1001"),
]


@pytest.mark.parametrize(("words", "told"), REFUSALS)
def test_a_refusal_that_repeats_who_somebody_is_hides_it(words, told):
    ours, _calls = retail(**{f"POST {CUSTOMERS}": {"message": words, "status": 400}})
    with pytest.raises(Rejected) as refused:
        ours.create_customer(CUSTOMER_DRAFT)
    assert told not in str(refused.value)
    assert refused.value.__context__ is None or refused.value.__suppress_context__


@pytest.mark.promise("AQ-6")
def test_an_order_is_made_in_its_facility(wired):
    ours, wire, _notes = wired
    headers = header_matcher({"FacilityID": "00000001", "x-api-key": "k"})
    wire.post(f"{BASE}{ORDERS}", json=one({"id": "00000042"}), match=[headers])
    assert ours.create_order(DRAFT) == "00000042"


def test_nothing_that_is_noted_of_a_call_shows_who_somebody_is(wired, caplog):
    ours, wire, notes = wired
    caplog.set_level(logging.DEBUG)
    found = many(
        {**customer(), "state_id": "D1234567", "preferred_name": "Ninny", "physician": {"last_name": "Ode"}}
    )
    wire.get(f"{BASE}{CUSTOMERS}", json=found)
    wire.post(f"{BASE}{CUSTOMERS}", json=one(customer()) | {"code": "CUS0002"})
    wire.post(f"{BASE}{ORDERS}", json=one(retail_order(id="00000042", total_price=23)))
    for lookup in (
        BY_PHONE,
        CustomerLookup("email", "nia@guests.example"),
        CustomerLookup("patient_id", "MMJ-1"),
    ):
        ours.customers(lookup)
    ours.create_customer(CUSTOMER_DRAFT)
    ours.create_order(DRAFT)

    shown = "\n".join(f"{note.path} {note.sent} {note.received} {note!r}" for note in notes) + caplog.text
    assert len(notes) == 5
    for told in (
        "Nia",
        "Quist",
        "guests",
        "4155550100",
        "MMJ",
        "1990",
        "Fern",
        "94607",
        "D1234567",
        "Ninny",
        "Ode",
    ):
        assert told not in shown, told
    assert "00000042" in shown


def test_an_order_is_read_or_is_none():
    ours, _calls = retail(**{f"{ORDERS}/00000042": one(retail_order())})
    assert ours.order("00000042").original_order_id == "20471883"
    assert ours.order("43") is None


def test_orders_of_a_customer_since_a_time_are_listed(wired):
    ours, wire, _notes = wired
    query = {
        "customer_id": "00000007",
        "created_timestamp_start": "2026-11-20T10:00:00.000Z",
        "limit": "50",
        "offset": "0",
    }
    rows = many(retail_order(id="00000042", total_price=23))
    wire.get(f"{BASE}{ORDERS}", json=rows, match=[query_param_matcher(query)])
    assert [each.id for each in ours.orders(customer_id="00000007", created_from=SINCE)] == ["00000042"]


def test_open_orders_are_read_fifty_in_one_call():
    asked = []

    def answer(query):
        asked.append(query["order_id"])
        return many(*(retail_order(id=each, order_id=each) for each in query["order_id"]))

    ours, _calls = retail(**{ORDERS: answer})
    ids = [f"{number:08d}" for number in range(120)]
    pages = list(islice(ours.changed_orders(SINCE, ids), 3))
    assert [hint.ref for page in pages for hint in page.hints] == ids
    assert [len(each) for each in asked] == [50, 50, 20]


def test_orders_that_came_to_a_status_are_hinted_at_by_each_time_that_can_be_asked():
    asked = []

    def answer(query):
        asked.append({name: value for name, value in query.items() if name not in ("limit", "offset")})
        return many(retail_order())

    ours, _calls = retail(**{ORDERS: answer})
    pages = list(ours.changed_orders(SINCE))
    assert {hint.ref for page in pages for hint in page.hints} == {"00000042"}
    assert asked == [
        *(
            {f"{name}_timestamp_start": "2026-11-20T10:00:00.000Z"}
            for name in ("created", "submitted", "packed", "completed")
        ),
        {"order_status": "Out for Delivery"},
        {"order_status": "Undeliverable"},
    ]
    asked.clear()
    assert [page.total for page in ours.changed_orders(None)] == [1]
    assert asked == [{}]


def test_discounts_and_labs_are_read():
    ours, calls = retail(
        **{
            "/v1/retail-discounts": one([DISCOUNT]),
            LABS: many(lab(), lab(lab_test_result_id=12, lot_number="LOT-2")),
        }
    )
    assert [each.name for each in ours.discounts()] == ["Loyalty reward"]
    assert [each.id for each in ours.labs(["LOT-1"])] == ["11"]
    assert calls.calls[-1].query["lot_number"] == ["LOT-1"]
    with contextlib.suppress(StopIteration):
        next(ours.labs([]))
    assert len(calls.calls) == 2
