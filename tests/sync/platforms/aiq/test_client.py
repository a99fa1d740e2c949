"""The client of one AIQ store: calls, pages, what each refusal means, and the writes that are assumed."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import responses
from responses.matchers import header_matcher, json_params_matcher, query_param_matcher

from portal.sync.addresses import check_address
from portal.sync.contract import PlatformClient
from portal.sync.domain import Company, Hint
from portal.sync.drafts import ProductDraft
from portal.sync.errors import ConnectionBroken, Rejected, Retryable, Unreadable, Unsettled
from portal.sync.http import Caller
from portal.sync.platforms import aiq
from portal.sync.platforms.aiq import paging
from portal.sync.platforms.aiq.client import AiqClient
from portal.sync.product_writers import TakesItems
from portal.sync.questions import LicenseType, RepEmail
from tests.sync.fakes import FakeCalls
from tests.sync.platforms.aiq.examples import NUMBER, VENUE, payload, product

BASE = aiq.DEFAULT_BASE_URL
ORDER, STORE = f"orders/{NUMBER}", f"venues/{VENUE}"
PUT = f"products/00000345?venueId={VENUE}"
REFUSED = {"name": "ConflictError", "message": "No.", "errors": [{"type": "ConflictError", "message": "No."}]}
ENTER = "Enter the id of one that the key opens:"
DRAFT = ProductDraft("GL-GM10", {"name": "Gummies", "quantity": Decimal(12)}, {})


def client(*, writes=True, **replies) -> tuple[AiqClient, FakeCalls]:
    calls = FakeCalls({name.replace("__", "/"): reply for name, reply in replies.items()})
    return AiqClient(calls, VENUE, writes=writes, notice=lambda *_: None), calls


def page(*rows: Any, count: int | None = None) -> dict[str, Any]:
    return {"count": len(rows) if count is None else count, "pageCount": len(rows), "data": list(rows)}


@pytest.fixture
def store():
    """The client as a connection has it, on a wire that answers as a test says."""
    address = check_address(BASE, hosts=aiq.HOSTS, allow_loopback=False)
    headers = aiq.authorise({"api_key": " aq-key "})
    with (
        responses.RequestsMock() as wire,
        Caller(address, headers, label=aiq.AIQ.label, turnstile=lambda: None, user_agent="Trellis") as calls,
    ):
        yield AiqClient(calls, VENUE), wire


def test_an_order_takes_one_call_with_the_key_in_aiqs_header(store):
    ours, wire = store
    wire.get(f"{BASE}{ORDER}", json=payload_json(), match=[header_matcher({"x-dispense-api-key": "aq-key"})])

    assert ours.order(NUMBER).label == "1001"


def payload_json(**changed: Any) -> dict[str, Any]:
    """An order as JSON has it."""
    return {**payload(items=[], totalTax=3, total=23), **changed}


def test_an_order_of_another_store_of_the_organisation_is_none_of_ours():
    ours, _calls = client(**{f"orders__{NUMBER}": payload(venue="another")})

    assert ours.order(NUMBER) is None


def test_an_order_that_aiq_does_not_know_is_none(store):
    ours, wire = store
    wire.get(f"{BASE}{ORDER}", status=404, json={"name": "NotFoundError", "message": "order not found"})

    assert ours.order(NUMBER) is None


@pytest.mark.parametrize(
    ("write", "arguments", "method", "path", "body", "answer"),
    [
        (
            "move",
            (NUMBER, "READY_FOR_PICKUP"),
            "PATCH",
            ORDER,
            {"status": "READY_FOR_PICKUP"},
            payload_json(),
        ),
        ("tell", (NUMBER, {"posOrderId": "42"}, ""), "PATCH", ORDER, {"posOrderId": "42"}, payload_json()),
        ("tell", (NUMBER, {"posOrderId": None}, ""), "PATCH", ORDER, {"posOrderId": None}, payload_json()),
        ("release", (NUMBER,), "PATCH", ORDER, {"fullfilled": True}, payload_json()),
    ],
)
def test_each_write_of_an_order_is_one_call(store, write, arguments, method, path, body, answer):
    ours, wire = store
    wire.add(method, f"{BASE}{path}", json=answer, match=[json_params_matcher(body)])

    getattr(ours, write)(*arguments)


def test_a_product_is_put_under_flourishs_id_within_the_store(store):
    ours, wire = store
    wire.put(
        f"{BASE}products/00000345",
        json={**product(), "price": 8.65},
        match=[
            query_param_matcher({"venueId": VENUE}),
            json_params_matcher({"sku": "GL-GM10", "name": "Gummies", "quantity": 12}),
        ],
    )

    assert ours.put_product("00000345", DRAFT).ref == "p1"


WRITES: dict[str, tuple[Any, ...]] = {
    "move": (NUMBER, "CLOSED"),
    "tell": (NUMBER, {"posOrderId": "1"}, ""),
    "release": (NUMBER,),
    "put_product": ("00000345", DRAFT),
}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {**REFUSED, "name": "ValidationError"}, Rejected),
        (404, {**REFUSED, "name": "NotFoundError"}, Rejected),
        (401, {**REFUSED, "name": "UnauthenticatedError"}, ConnectionBroken),
        (403, REFUSED, ConnectionBroken),
        (429, {**REFUSED, "name": "TooManyRequestsError"}, Retryable),
        (500, {}, Unsettled),
        (502, {}, Unsettled),
        # Never documented for writes; nobody knows what it means.
        (204, None, Unsettled),
    ],
)
@pytest.mark.parametrize("write", WRITES)
def test_each_refusal_of_a_write_says_what_is_next(store, write, status, body, error):
    ours, wire = store
    path = "products/00000345" if write == "put_product" else ORDER
    wire.add("PUT" if write == "put_product" else "PATCH", f"{BASE}{path}", status=status, json=body)

    with pytest.raises(error):
        getattr(ours, write)(*WRITES[write])


@pytest.mark.promise("AQ-6")
@pytest.mark.parametrize("write", WRITES)
def test_writes_that_are_switched_off_are_refused_without_a_call(write):
    ours, calls = client(writes=False)

    with pytest.raises(Rejected, match="switched off"):
        getattr(ours, write)(*WRITES[write])
    assert calls.calls == []


@pytest.mark.promise("AQ-10")
@pytest.mark.parametrize(
    ("now", "wanted", "error"),
    [
        # Somebody was quicker: the next look sees it, and plans nothing more.
        ("CLOSED", "CLOSED", Retryable),
        ("CANCELLED", "CLOSED", Retryable),
        ("READY_FOR_PICKUP", "READY_FOR_PICKUP", Retryable),
        # Nothing explains it: a person has to look.
        ("CONFIRMED", "CLOSED", Rejected),
        ("PENDING", "READY_FOR_PICKUP", Rejected),
    ],
)
def test_a_step_that_aiq_refuses_is_looked_at_again(store, now, wanted, error):
    ours, wire = store
    wire.patch(f"{BASE}{ORDER}", status=409, json=REFUSED)
    wire.get(f"{BASE}{ORDER}", json=payload_json(status=now))

    with pytest.raises(error):
        ours.move(NUMBER, wanted)


def row(number: int, second: int = 0) -> dict[str, Any]:
    return {"id": f"o{number}", "orderId": number, "modified": f"2026-11-20T12:00:{second:02}.000Z"}


def test_orders_that_changed_are_asked_for_by_store_and_time():
    ours, calls = client(orders=page(row(1)))

    (found,) = ours.changed_orders(datetime(2026, 11, 20, 11, tzinfo=UTC))

    assert found.hints == (Hint("order", "o1", "poll", datetime(2026, 11, 20, 12, tzinfo=UTC), label="1"),)
    assert calls.calls[0].query == {
        "venueId": VENUE, "sort": "modified", "skip": 0, "limit": 250,
        "modifiedStart": "2026-11-20T11:00:00.000Z",
    }  # fmt: skip


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(paging, "PAGE_SIZE", 2)


class Shelf:
    """Answers as AIQ does, of rows that may change between two pages."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = list(rows)
        self.between = lambda: None

    def __call__(self, query: dict[str, Any]) -> dict[str, Any]:
        kept = [each for each in self.rows if each["modified"] >= query.get("modifiedStart", "")]
        kept.sort(key=lambda each: each["modified"])
        answer = page(*kept[query["skip"] : query["skip"] + query["limit"]], count=len(kept))
        self.between()
        return answer


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize(
    "seconds", [(1, 2, 3, 4, 5), (1, 1, 1, 1, 1), (1, 1, 1, 2, 2), (1, 2, 2, 2, 2), (3,), ()]
)
def test_pages_lead_through_all_rows_whenever_they_changed(seconds):
    shelf = Shelf(*(row(place, second) for place, second in enumerate(seconds)))
    ours, _calls = client(orders=shelf)

    found = {hint.ref for each in ours.changed_orders(None) for hint in each.hints}

    assert found == {f"o{place}" for place in range(len(seconds))}


@pytest.mark.usefixtures("small_pages")
def test_a_row_that_changes_while_pages_are_read_hides_no_other():
    shelf = Shelf(*(row(place, place) for place in range(6)))
    ours, _calls = client(orders=shelf)

    def edit_the_first() -> None:
        shelf.rows[0]["modified"] = f"2026-11-20T12:01:{len(_calls.calls):02}.000Z"

    shelf.between = edit_the_first
    found = {hint.ref for each in ours.changed_orders(None) for hint in each.hints}

    assert found == {f"o{place}" for place in range(6)}


@pytest.mark.usefixtures("small_pages")
def test_pages_that_never_end_are_given_up(monkeypatch):
    monkeypatch.setattr(paging, "MAX_PAGES", 5)
    ours, calls = client(orders=page(row(1), row(2)), products=page({"id": "p"}, {"id": "q"}))

    with pytest.raises(Unreadable, match="more than 5 pages"):
        list(ours.changed_orders(None))
    with pytest.raises(Unreadable, match="more than 5 pages"):
        list(ours.entries("aiq_products"))
    assert len(calls.calls) == 10


@pytest.mark.parametrize("answer", [[], {"count": 0}, {"data": {}}, {"data": [{"orderId": 1}], "count": 1}])
def test_what_is_no_page_is_said(answer):
    ours, _calls = client(orders=answer)

    with pytest.raises(Unreadable):
        list(ours.changed_orders(None))


@pytest.mark.usefixtures("small_pages")
def test_products_go_on_from_a_page_and_one_that_cannot_be_read_stops_no_other():
    rows = [product(id=f"p{place}", modified=f"2026-11-20T12:00:0{place}.000Z") for place in range(5)]
    rows[3]["quantity"] = "many"
    ours, _calls = client(products=Shelf(*rows))

    every = list(ours.products(None))
    again = list(ours.products(None, every[0].position))

    assert {one.ref for each in every for one in each.rows} == {"p0", "p1", "p2", "p4"}
    assert {ref for each in every for ref, _error in each.unreadable} == {"p3"}
    assert {one.ref for each in again for one in each.rows} == {"p1", "p2", "p4"}
    assert every[-1].position == ""
    assert [each.total for each in (*every, *again)] == [5, *(None for _ in (*every[1:], *again))]


@pytest.mark.promise("AQ-2")
def test_an_empty_list_of_products_is_believed_only_of_a_store_that_is_there():
    standing, _calls = client(products=page(), **{f"venues__{VENUE}": {"id": VENUE, "name": "Oakland"}})
    gone, _calls = client(products=page())

    assert [each.rows for each in standing.products(None)] == [()]
    with pytest.raises(ConnectionBroken, match="no store"):
        list(gone.products(None))


def test_a_product_is_found_by_its_sku_exactly_and_once():
    same = product(id="p2", sku="OTHER")
    ours, _calls = client(products=page(product(), same, product()))

    assert [one.ref for one in ours.products_by_sku("GL-GM10")] == ["p1"]
    assert ours.products_by_sku("gl-gm10") == ()


@pytest.mark.promise("AQ-1")
def test_a_key_says_whose_store_it_opens():
    ours, _calls = client(**{f"venues__{VENUE}": {"id": VENUE, "name": " Oakland "}})

    assert ours.company() == Company(VENUE, "Oakland")


@pytest.mark.promise("AQ-1")
@pytest.mark.parametrize(
    ("replies", "error"),
    [
        ({}, ConnectionBroken),
        ({f"venues__{VENUE}": ConnectionBroken("no", http_status=401)}, ConnectionBroken),
        ({f"venues__{VENUE}": {"name": "Nobody"}}, Unreadable),
    ],
)
def test_a_key_or_a_store_that_does_not_work_is_said(replies, error):
    ours, _calls = client(**replies)

    with pytest.raises(error):
        ours.company()


@pytest.mark.promise("AQ-1")
@pytest.mark.parametrize(
    ("venue", "stores", "said"),
    [
        ("other", ["Oakland"], f"AIQ has no store of this id in the organisation. {ENTER} Oakland (v0)."),
        ("", ["Oakland", "Long Beach"], f"The store is missing. {ENTER} Oakland (v0), Long Beach (v1)."),
        ("", ["Shop"] * 22, "The store is missing."),
        ("", [], "The store is missing. The key opens none."),
    ],
)
def test_who_does_not_know_the_id_of_a_store_is_told_which_there_are(venue, stores, said):
    listed = page(*({"id": f"v{place}", "name": name} for place, name in enumerate(stores)))
    _ours, calls = client(venues=listed)

    with pytest.raises(ConnectionBroken) as refused:
        AiqClient(calls, venue).company()

    assert refused.value.reason.startswith(said)
    assert (" and 2 more." in refused.value.reason) is (len(stores) > 20)
    assert refused.value.field == "venue"


def test_the_stores_of_a_key_are_listed_for_whoever_chooses_one():
    place = {"administrativeArea": "CA"}
    ours, _calls = client(
        venues=page({"id": "v1", "name": "Oakland", "address": place, "medicalDispensary": True})
    )

    (found,) = ours.venues()

    assert (found.ref, found.name, found.facts["state"], found.facts["is_medical"]) == (
        "v1",
        "Oakland",
        "CA",
        True,
    )


def test_shoppers_have_neither_terms_nor_reps_nor_licenses():
    ours, calls = client()

    assert ours.rep_email(RepEmail("1")) == ""
    assert ours.license_type(LicenseType("1")) == ""
    with pytest.raises(Rejected, match="no payment term"):
        ours.set_term(NUMBER, "Net 30")
    assert calls.calls == []


def test_orders_that_may_still_come_in_are_a_list_of_checks():
    ours, calls = client(orders=page(payload(posOrderId="42")))

    (entry,) = ours.entries("coming_shop_orders")

    assert (entry.ref, entry.value, entry.facts) == (NUMBER, "1001", {"skus": ("GL-GM10",), "pos_id": "42"})
    assert calls.calls[0].query == {
        "skip": 0,
        "limit": 250,
        "venueId": VENUE,
        "status": ["PENDING", "CONFIRMED"],
    }


def test_it_is_what_a_registered_platforms_client_has_to_be():
    ours, _calls = client()

    assert isinstance(ours, TakesItems)
    assert all(hasattr(ours, name) for name in PlatformClient.__dict__ if not name.startswith("_"))
