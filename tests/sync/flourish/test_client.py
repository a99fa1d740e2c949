import base64
import contextlib
from datetime import UTC, date, datetime

import pytest
import responses

from portal.sync.addresses import check_address
from portal.sync.domain import Address, Company, Destination
from portal.sync.drafts import DestinationDraft
from portal.sync.errors import ConnectionBroken, Rejected, Retryable, Unreadable, Unsettled
from portal.sync.flourish import FLOURISH, authorise, check_credentials
from portal.sync.flourish.client import FlourishClient
from portal.sync.flourish.envelope import MAX_PAGES
from portal.sync.http import Caller
from portal.sync.questions import DestinationByLicense, ItemBySku, RepByEmail, TermNamed
from tests.sync.fakes import FakeCalls
from tests.sync.flourish.examples import DRAFT, many, one, order

ORDERS, ONE = "/v1/outbound-orders", "/v1/outbound-orders/00000042"
FACILITY = {
    "id": "00000001",
    "facility_name": "Oakland",
    "timezone": "America/Los_Angeles",
    "active": True,
    "sales_rep_required_for_outbound": True,
    "license_number": None,
}


def client(**replies) -> tuple[FlourishClient, FakeCalls]:
    calls = FakeCalls({"/v1/facilities": many(FACILITY), **replies})
    return FlourishClient(calls, lambda *_: None), calls


def current():
    found = client(**{ONE: one(order())})[0].outbound_order("00000042")
    assert found is not None
    return found


def test_an_order_is_read_or_is_none():
    assert current().id == "00000042"
    assert client()[0].outbound_order("00000042") is None
    assert client(**{ONE: {"message": "not found", "status": 404}})[0].outbound_order("00000042") is None


STATUSES = [
    # status inside an answer that HTTP calls a success, of a read, of a write
    (400, Rejected, Rejected),
    (401, ConnectionBroken, ConnectionBroken),
    (403, ConnectionBroken, ConnectionBroken),
    (429, Retryable, Retryable),
    (500, Retryable, Unsettled),
    (502, Retryable, Unsettled),
]


@pytest.mark.fault(28)
@pytest.mark.parametrize(("status", "read", "write"), STATUSES)
def test_the_status_inside_an_answer_counts(status, read, write):
    body = {"message": "No.", "status": status}
    flourish, _calls = client(**{ONE: body, ORDERS: body, f"POST {ORDERS}": body})
    with pytest.raises(read):
        flourish.outbound_order("00000042")
    with pytest.raises(read):
        list(flourish.outbound_orders())
    with pytest.raises(write):
        flourish.create_order(DRAFT)


@pytest.mark.fault(29)
@pytest.mark.parametrize("body", [[], {}, {"data": None}, {"data": []}, {"status": 200, "data": "x"}, "text"])
def test_an_answer_without_what_was_asked_is_unreadable(body):
    with pytest.raises(Unreadable):
        client(**{ONE: body})[0].outbound_order("00000042")


def paged(rows):
    """Answer page by page, as offset and limit say."""

    def answer(query):
        start = query["offset"]
        found = rows[start : start + query["limit"]]
        following = "x" if start + query["limit"] < len(rows) else ""
        return many(*found, total=len(rows), following=following)

    return answer


def test_all_pages_of_a_list_are_read():
    rows = [order(id=f"{number:08}", notes=[]) for number in range(120)]
    flourish, calls = client(**{ORDERS: paged(rows)})
    since = datetime(2026, 11, 20, 10, tzinfo=UTC)
    found = list(flourish.outbound_orders(created_from=since, facility_id="00000001"))
    assert [listed.id for listed in found] == [row["id"] for row in rows]
    assert found[0].notes is None
    assert [call.query["offset"] for call in calls.calls] == [0, 50, 100]
    assert calls.calls[0].query["created_timestamp_start"] == "2026-11-20T10:00:00.000Z"
    assert calls.calls[0].headers == {"FacilityID": "00000001"}


def test_without_a_facility_the_whole_company_is_asked():
    flourish, calls = client(**{ORDERS: many()})
    assert list(flourish.outbound_orders()) == []
    assert calls.calls[0].headers == {}


@pytest.mark.fault(33)
@pytest.mark.fault(33)
def test_rows_that_shift_between_pages_are_read_once_and_missing_ones_are_noticed():
    rows = [order(id=f"{number:08}") for number in range(60)]
    pages = iter([many(*rows[:50], total=60, following="x"), many(*rows[49:], total=61)])
    with pytest.raises(Retryable, match="changed while it was read"):
        list(client(**{ORDERS: lambda _query: next(pages)})[0].outbound_orders())
    pages = iter([many(*rows[:50], total=60, following="x"), many(*rows[49:], total=60)])
    found = list(client(**{ORDERS: lambda _query: next(pages)})[0].outbound_orders())
    assert len(found) == 60


@pytest.mark.fault(29, 34)
@pytest.mark.parametrize(
    "without", [{"data": None}, {"meta": None}, {"meta": {"total": 1}}, {"meta": {"next": None}}], ids=str
)
def test_a_list_that_does_not_say_where_it_ends_is_unreadable_and_not_empty(without):
    flourish, _calls = client(**{ORDERS: many(order()) | without})
    for act in (lambda: list(flourish.outbound_orders()), lambda: list(flourish.changed_orders(None))):
        with pytest.raises(Unreadable):
            act()


@pytest.mark.fault(34)
def test_a_page_that_comes_twice_is_noticed():
    with pytest.raises(Unreadable, match="read already"):
        list(client(**{ORDERS: many(order(), total=9, following="x")})[0].outbound_orders())


@pytest.mark.fault(34)
@pytest.mark.fault(34)
def test_pages_that_never_end_are_noticed():
    def endless(query):
        return many(
            {"id": str(query["offset"]), "last_updated_timestamp": "2026-11-20T10:00:00Z"}, following="x"
        )

    flourish, calls = client(**{ORDERS: endless})
    with pytest.raises(Unreadable, match="more than"):
        list(flourish.changed_orders(None))
    assert len(calls.calls) == MAX_PAGES


def test_a_list_that_is_not_there_is_no_empty_list():
    with pytest.raises(Rejected, match="has no /v1/outbound-orders"):
        list(client()[0].outbound_orders())


def test_changes_are_hints_with_the_count_of_all():
    flourish, calls = client(**{ORDERS: many(order())})
    (page,) = flourish.changed_orders(datetime(2026, 11, 20, tzinfo=UTC))
    assert (page.total, page.hints[0].ref, page.hints[0].label) == (1, "00000042", "55556666")
    assert page.hints[0].marker == "Trellis c1 n1"
    assert calls.calls[0].query["last_updated_timestamp_start"] == "2026-11-20T00:00:00.000Z"


def test_creating_an_order_is_one_post_in_its_facility():
    flourish, calls = client(**{f"POST {ORDERS}": one({"id": "00000050"})})
    assert flourish.create_order(DRAFT) == "00000050"
    (call,) = calls.calls
    assert (call.method, call.headers) == ("POST", {"FacilityID": "00000001"})


@pytest.mark.parametrize("answer", [{"id": "00000050"}, {"data": {"id": 50}}, {"data": {"order_id": "50"}}])
def test_the_id_of_what_was_made_is_found_in_every_shape(answer):
    assert client(**{f"POST {ORDERS}": answer})[0].create_order(DRAFT).endswith("50")


@pytest.mark.parametrize(
    "answer", [None, {}, [], {"data": {}}, {"data": {"id": ""}}, {"data": [1]}, {"id": True}]
)
def test_an_order_without_an_id_in_the_answer_has_to_be_looked_for(answer):
    with pytest.raises(Unsettled, match="without the id"):
        client(**{f"POST {ORDERS}": answer})[0].create_order(DRAFT)


def test_finishing_reads_the_order_again_and_keeps_what_it_holds():
    flourish, calls = client(**{ONE: one(order(ref_field_2="by staff")), f"PUT {ONE}": one(order())})
    flourish.finish_order(current(), requested_date=date(2026, 12, 1), term="Net 30")
    (put,) = calls.asked("PUT")
    assert put.headers == {"FacilityID": "00000001"}
    assert (put.body["requested_delivery_date"], put.body["payment_term"]) == ("2026-12-01", "Net 30")
    assert put.body["ref_field_2"] == "by staff"
    assert "order_status" not in put.body
    flourish.finish_order(current(), requested_date=None, term="Net 30")
    assert "requested_delivery_date" not in calls.asked("PUT")[1].body


def test_cancelling_changes_the_status_alone():
    flourish, calls = client(**{ONE: one(order()), f"PUT {ONE}": one(order())})
    flourish.cancel_order("00000042", "00000001")
    (put,) = calls.asked("PUT")
    assert put.body["order_status"] == "Cancelled"
    assert put.body["notes"][0]["note"] == "Trellis c1 n1"


@pytest.mark.promise("LL-21")
@pytest.mark.parametrize(
    ("status", "allocated", "cancels"),
    [
        ("Created", 0, True),
        ("Created", 3, False),
        ("Partially Allocated", 3, False),
        ("Allocated", 3, False),
        ("Shipped", 3, False),
        # Flourish refuses that by itself: nobody has allocated anything.
        ("Cancelled", 0, True),
    ],
)
def test_a_cancel_that_makes_room_is_sent_only_while_nothing_is_allocated(status, allocated, cancels):
    there = order(order_status=status)
    there["order_lines"][0]["allocated_qty"] = allocated
    flourish, calls = client(**{ONE: one(there), f"PUT {ONE}": one(there)})

    with contextlib.nullcontext() if cancels else pytest.raises(Retryable, match="allocated"):
        flourish.cancel_order("00000042", "00000001", untouched=True)

    assert len(calls.asked("PUT")) == cancels


def test_a_list_is_narrowed_to_an_origin_and_a_time():
    flourish, calls = client(**{"/v1/outbound-orders": many()})

    moment = datetime(2026, 4, 1, tzinfo=UTC)
    assert list(flourish.outbound_orders(created_from=moment, created_until=moment, origin="Leaflink")) == []

    query = calls.calls[0].query
    assert query["order_origin"] == "Leaflink"
    assert query["created_timestamp_start"] == query["created_timestamp_end"] == "2026-04-01T00:00:00.000Z"


def test_nothing_is_written_to_an_order_that_cannot_be_seen():
    flourish, calls = client()
    with pytest.raises(Retryable):
        flourish.cancel_order("00000042", "00000001")
    assert calls.asked("PUT") == []


def destination(ref: str, license_number: str | None) -> dict[str, object]:
    return {"id": ref, "name": ref, "license_number": license_number, "active": True}


@pytest.mark.promise("LL-2")
def test_a_destination_is_found_by_its_license_and_never_by_its_name():
    def listed(query):
        return (
            many(destination("1", "RE000123"), destination("2", "RE0001234"))
            if "license_number" in query
            else many()
        )

    flourish, calls = client(**{"/v1/destinations": listed})
    assert flourish.answer(DestinationByLicense("RE000123")) == (
        Destination("1", "1", "RE000123", active=True),
    )
    assert len(calls.calls) == 1


@pytest.mark.fault(61)
def test_a_license_written_otherwise_in_flourish_is_found_before_a_second_one_is_made():
    def listed(query):
        everything = "search" not in query and "license_number" not in query
        return many(destination("1", None), destination("9", "re 000123 (NJ)")) if everything else many()

    flourish, calls = client(**{"/v1/destinations": listed})
    (found,) = flourish.answer(DestinationByLicense("RE000123"))
    assert found.id == "9"
    assert flourish.answer(DestinationByLicense("RE999999")) == ()
    asked = [tuple(call.query.keys() - {"limit", "offset"}) for call in calls.calls]
    assert asked == [("license_number",), ("search",), (), ("license_number",), ("search",)]


def item(ref: str, sku: str) -> dict[str, object]:
    return {"id": ref, "sku": sku, "item_name": sku, "active": True, "uom": "ea"}


@pytest.mark.fault(56)
def test_items_match_by_sku_exactly():
    flourish, calls = client(**{"/v1/items": many(item("1", "PR-1"), item("2", "pr-1"), item("3", "PR-11"))})
    assert [found.id for found in flourish.answer(ItemBySku(" PR-1 "))] == ["1"]
    assert calls.calls[0].query["sku"] == "PR-1"


def test_near_items_are_named_only_when_there_is_no_exact_one():
    def listed(query):
        return many() if "sku" in query else many(item("2", "pr 1"), item("3", "PR-11"))

    flourish, calls = client(**{"/v1/items": listed})
    assert [found.sku for found in flourish.answer(ItemBySku("PR-1"))] == ["pr 1"]
    assert flourish.answer(ItemBySku("XX-9")) == ()
    assert len(calls.calls) == 3, "the list of all items is read once"


def rep(ref: int, email: str | None) -> dict[str, object]:
    return {"sales_rep_id": ref, "email": email, "facility_id": "00000001", "active": True, "first_name": "A"}


def test_sales_reps_match_by_email_whatever_its_case():
    reps = many(rep(1, "JO@x.example"), rep(2, "al@x.example"), rep(3, None), rep(4, " jo@X.example"))
    flourish, calls = client(**{"/v1/sales-reps": reps})
    assert [found.id for found in flourish.answer(RepByEmail("Jo@x.example"))] == ["1", "4"]
    assert calls.calls[-1].headers == {"FacilityID": "00000001"}
    flourish.answer(RepByEmail("x"), facility_id="00000002")
    assert calls.calls[-1].headers == {"FacilityID": "00000002"}


def test_terms_match_but_for_case():
    terms = many(*({"order_payment_term": name} for name in ("net 30", "Net 300", "Net 30")))
    assert client(**{"/v1/order-payment-terms": terms})[0].answer(TermNamed("NET 30")) == ("net 30", "Net 30")


LISTS = [
    "/v1/sales-reps",
    "/v1/order-payment-terms",
    "/v1/inventory/summary",
    "/v1/items",
    "/v1/destinations",
    ORDERS,
]


def test_a_key_is_proved_and_its_company_called_by_its_facilities():
    flourish, calls = client(**{path: many() for path in LISTS})
    assert flourish.company() == Company("00000001", "Flourish company of Oakland")
    assert [call.path for call in calls.calls] == ["/v1/facilities", *LISTS]


def test_permissions_that_a_key_lacks_are_named():
    replies = {**{path: many() for path in LISTS}, "/v1/items": ConnectionBroken("no", http_status=403)}
    assert client(**replies)[0].company().missing_permissions == ("Items",)


@pytest.mark.parametrize("facilities", [many(), ConnectionBroken("no", http_status=401)])
def test_a_key_that_opens_nothing_is_broken(facilities):
    with pytest.raises(ConnectionBroken):
        client(**{"/v1/facilities": facilities})[0].company()


def test_a_destination_is_made_once_and_read_from_what_was_sent():
    draft = DestinationDraft("Riverside", "RE000123", "Dispensary", "", "", Address("1 River"))
    flourish, calls = client(**{"POST /v1/destinations": one({"id": "00000099"})})
    assert flourish.create_destination(draft) == Destination("00000099", "Riverside", "RE000123", active=True)
    assert len(calls.calls) == 1


@responses.activate
def test_over_the_wire_it_sends_what_flourish_wants():
    base = "https://app.flourishsoftware.com/external/api"
    responses.post(f"{base}{ORDERS}", json=one({"id": "00000050"}))
    responses.put(
        f"{base}{ONE}", json={"message": "Order has already been shipped", "status": 400}, status=400
    )
    responses.get(
        f"{base}{ONE}",
        json={**one({**order(), "total_price": 1, "discounts": [], "order_lines": []})},
        status=500,
    )
    address = check_address(FLOURISH.default_base_url, hosts=FLOURISH.hosts, allow_loopback=False)
    headers = authorise({"api_key": "k3y"})
    with Caller(address, headers, label="Flourish", turnstile=lambda: None, user_agent="Trellis") as caller:
        flourish = FLOURISH.connect(caller)
        assert flourish.create_order(DRAFT) == "00000050"
        with pytest.raises(Rejected, match="already been shipped"):
            caller.write("PUT", ONE, {})
        with pytest.raises(Retryable):
            flourish.cancel_order("00000042", "00000001")
    sent = responses.calls[0].request
    assert (sent.headers["x-api-key"], sent.headers["FacilityID"]) == ("k3y", "00000001")
    assert isinstance(sent.body, bytes)
    assert b'"unit_price":4.7500' in sent.body


def test_the_older_key_goes_with_its_user_name():
    header = authorise({"api_key": "k3y", "username": " gl7k "})["Authorization"]
    assert base64.b64decode(header.removeprefix("Basic ")) == b"gl7k:k3y"


@pytest.mark.parametrize(
    "credentials", [{}, {"api_key": " "}, {"api_key": "a\nb"}, {"api_key": "k", "username": "a:b"}]
)
def test_credentials_that_cannot_work_are_refused_before_any_call(credentials):
    (finding,) = check_credentials(credentials)
    assert finding.next_step
    assert check_credentials({"api_key": "k3y"}) == ()
