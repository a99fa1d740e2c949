"""The client of one Ordo account: calls, pages, and what each refusal means."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import responses
from responses.matchers import header_matcher, json_params_matcher, query_param_matcher

from portal.sync.addresses import check_address
from portal.sync.contract import CatalogueClient, TakesLines
from portal.sync.domain import Company, Hint
from portal.sync.drafts import DraftLine
from portal.sync.errors import ConnectionBroken, Rejected, Retryable, Unreadable, Unsettled
from portal.sync.http import Caller
from portal.sync.platforms.ordo import ORDO, authorise, check_credentials
from portal.sync.platforms.ordo.client import OrdoClient
from portal.sync.platforms.ordo.paging import MAX_PAGES
from portal.sync.questions import LicenseType, RepEmail
from tests.sync.fakes import FakeCalls
from tests.sync.platforms.ordo.examples import NUMBER, line, order

BASE = "https://api.ordo.example/v1/"
PATH = f"orders/{NUMBER}"
CONFLICT = {"error": {"code": "status_backwards", "message": "An order that is Paid does not go back."}}


def client(**replies) -> tuple[OrdoClient, FakeCalls]:
    calls = FakeCalls(replies)
    return OrdoClient(calls, lambda *_: None), calls


@pytest.fixture
def ordo():
    """The client as a connection has it, on a wire that answers as a test says."""
    address = check_address(BASE, hosts=ORDO.hosts, allow_loopback=False)
    headers = authorise({"api_key": " or-key "})
    with (
        responses.RequestsMock() as wire,
        Caller(address, headers, label="Ordo", turnstile=lambda: None, user_agent="Trellis") as calls,
    ):
        yield ORDO.connect(calls, "", {}), wire


def test_an_order_takes_one_call_with_the_key(ordo):
    ours, wire = ordo
    wire.get(f"{BASE}{PATH}", json=order(), match=[header_matcher({"Authorization": "Bearer or-key"})])

    found = ours.order(NUMBER)

    assert (found.number, found.label) == (NUMBER, "ORD-1001")


def test_an_order_that_ordo_does_not_know_is_none(ordo):
    ours, wire = ordo
    wire.get(f"{BASE}{PATH}", status=404, json={"error": {"code": "not_found", "message": "No."}})

    assert ours.order(NUMBER) is None


@pytest.mark.promise("OR-5")
def test_a_status_is_written_under_its_operations_key(ordo):
    ours, wire = ordo
    wire.patch(
        f"{BASE}{PATH}",
        json=order(status="Awaiting Delivery"),
        match=[
            json_params_matcher({"status": "Awaiting Delivery"}),
            header_matcher({"Idempotency-Key": "op-1"}),
        ],
    )

    ours.move(NUMBER, "Awaiting Delivery", key="op-1")


def test_its_id_in_flourish_is_written_and_taken_back(ordo):
    ours, wire = ordo
    for external_id in ("00000042", None):
        wire.patch(
            f"{BASE}{PATH}",
            json=order(),
            match=[
                json_params_matcher({"external_order_id": external_id}),
                header_matcher({"Idempotency-Key": f"op-{external_id}"}),
            ],
        )

        ours.tell(NUMBER, {"external_order_id": external_id}, "", key=f"op-{external_id}")


@pytest.mark.promise("OR-6")
def test_lines_are_written_whole(ordo):
    ours, wire = ordo
    sent = {"sku": "FL-1", "item_external_id": "i1", "quantity": 12, "unit_price": "9.5"}
    wire.patch(
        f"{BASE}{PATH}",
        json=order(lines=[line("FL-1")]),
        match=[json_params_matcher({"lines": [sent]}), header_matcher({"Idempotency-Key": "op-1"})],
    )

    ours.replace_lines(NUMBER, (DraftLine("i1", "FL-1", Decimal(12), Decimal("9.5000")),), key="op-1")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": {"code": "invalid", "message": "No.", "field": "status"}}, Rejected),
        (422, {"error": {"code": "unknown_item", "message": "No item.", "field": "lines"}}, Rejected),
        (401, {"error": {"code": "unauthorized", "message": "No."}}, ConnectionBroken),
        (403, {"error": {"code": "forbidden", "message": "No."}}, ConnectionBroken),
        (429, {"error": {"code": "rate_limited", "message": "Slow."}}, Retryable),
        (500, {}, Unsettled),
        (502, {}, Unsettled),
    ],
)
@pytest.mark.parametrize("write", ["move", "tell", "replace_lines"])
def test_each_refusal_of_a_write_says_what_is_next(ordo, write, status, body, error):
    ours, wire = ordo
    wire.patch(f"{BASE}{PATH}", status=status, json=body)
    arguments = {
        "move": ("Delivered",),
        "tell": ({"external_order_id": "1"}, ""),
        "replace_lines": ((DraftLine("i1", "FL-1", Decimal(1), Decimal(1)),),),
    }

    with pytest.raises(error):
        getattr(ours, write)(NUMBER, *arguments[write], key="op-1")


@pytest.mark.promise("OR-10")
@pytest.mark.parametrize(
    ("now", "wanted", "error"),
    [
        # Somebody was quicker: the next look sees it, and plans nothing more.
        ("Paid", "Delivered", Retryable),
        ("Delivered", "Delivered", Retryable),
        ("Cancelled", "Delivered", Retryable),
        # Nothing explains it: a person has to look.
        ("Confirmed", "Delivered", Rejected),
        ("Paid", "Cancelled", Rejected),
        ("Pending", "Awaiting Delivery", Rejected),
    ],
)
def test_a_step_that_would_go_backwards_is_looked_at_again(ordo, now, wanted, error):
    ours, wire = ordo
    wire.patch(f"{BASE}{PATH}", status=409, json=CONFLICT)
    wire.get(f"{BASE}{PATH}", json=order(status=now))

    with pytest.raises(error):
        ours.move(NUMBER, wanted, key="op-1")


def test_orders_that_changed_are_read_page_by_page(ordo):
    ours, wire = ordo
    since = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    asked = {"limit": "50", "updated_since": "2026-03-01T09:30:00+00:00"}
    first, second = order(), order(id="other", number="ORD-1002")
    wire.get(
        f"{BASE}orders",
        json={"data": [first], "next_cursor": "c2"},
        match=[query_param_matcher(asked)],
    )
    wire.get(
        f"{BASE}orders",
        json={"data": [second], "next_cursor": None},
        match=[query_param_matcher({**asked, "cursor": "c2"})],
    )

    pages = list(ours.changed_orders(since))

    changed = datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert [page.hints for page in pages] == [
        (Hint("order", NUMBER, "poll", changed, label="ORD-1001"),),
        (Hint("order", "other", "poll", changed, label="ORD-1002"),),
    ]


def test_the_first_time_all_orders_are_read():
    ours, calls = client(orders={"data": [], "next_cursor": None})

    assert next(ours.changed_orders(None)).hints == ()
    assert calls.calls[0].query == {"limit": 50}


@pytest.mark.parametrize(
    "page",
    [
        {"data": []},
        {"next_cursor": None},
        {"data": {}, "next_cursor": None},
        {"data": [{"number": "ORD-1"}], "next_cursor": None},
        # It leads back to itself.
        {"data": [], "next_cursor": "again"},
        [],
    ],
)
def test_what_is_no_page_is_said(page):
    ours, _calls = client(orders=page)

    with pytest.raises(Unreadable):
        list(ours.changed_orders(None))


def test_pages_that_never_end_are_given_up(monkeypatch):
    cursors = iter(range(10 * MAX_PAGES))
    ours, calls = client(orders=lambda _query: {"data": [], "next_cursor": f"c{next(cursors)}"})

    with pytest.raises(Unreadable, match=f"more than {MAX_PAGES} pages"):
        list(ours.changed_orders(None))
    assert len(calls.calls) == MAX_PAGES


LISTS: dict[str, Any] = {
    name: {"data": [], "next_cursor": None} for name in ("orders", "brands", "licenses", "items")
}
OWN = {"organization": {"id": "org-61", "name": "Ember Extracts"}}


def test_a_key_says_whose_it_is():
    ours, _calls = client(**OWN, **LISTS)

    assert ours.company() == Company("org-61", "Ember Extracts", ())


def test_what_a_key_may_not_read_is_named():
    forbidden = ConnectionBroken("no", http_status=403)
    ours, _calls = client(**OWN, **{**LISTS, "brands": forbidden, "items": forbidden})

    assert ours.company().missing_permissions == ("brands", "items")


@pytest.mark.parametrize(
    ("replies", "error"),
    [
        ({"organization": ConnectionBroken("no", http_status=401)}, ConnectionBroken),
        # The key was good a moment ago: that says nothing about it.
        ({**OWN, **LISTS, "orders": ConnectionBroken("no", http_status=401)}, Retryable),
        ({"organization": {"name": "Nobody"}}, Unreadable),
    ],
)
def test_a_key_that_does_not_work_is_said(replies, error):
    ours, _calls = client(**replies)

    with pytest.raises(error):
        ours.company()


@pytest.mark.promise("OR-13")
def test_a_rep_is_known_by_e_mail_alone_and_a_license_has_no_type():
    ours, calls = client()

    assert ours.rep_email(RepEmail("rae@acme.example")) == "rae@acme.example"
    assert ours.license_type(LicenseType("4")) == ""
    assert calls.calls == []


@pytest.mark.promise("OR-9")
def test_a_payment_term_is_never_written():
    ours, calls = client()

    with pytest.raises(Rejected, match="takes no payment term"):
        ours.set_term(NUMBER, "Net 30", key="op-1")
    assert calls.calls == []


def test_orders_that_may_still_come_in_are_a_list_of_checks():
    ours, calls = client(orders={"data": [order()], "next_cursor": None})

    (entry,) = ours.entries("coming_orders")

    assert (entry.ref, entry.value) == (NUMBER, "ORD-1001")
    assert entry.facts == {
        "license": "c10-0000217-lic",
        "customer": "Riverside",
        "rep": "Rae@acme.example",
        "skus": ("EM-FL35-BLUDRE",),
    }
    assert calls.calls[0].query == {"limit": 50, "status": ["Pending", "Confirmed"]}


@pytest.mark.parametrize("key", ["", "  ", "a b", "kéy", "line\nbreak"])
def test_what_cannot_be_a_key_is_named_before_any_call(key):
    (finding,) = check_credentials({"api_key": key})

    assert finding.next_step.endswith(".")
    assert check_credentials({"api_key": "or-fine-key"}) == ()


@pytest.mark.promise("OR-11")
def test_the_declaration_holds_together():
    ours, _calls = client()

    assert ORDO.webhook is None
    assert ORDO.assumed.endswith(".")
    assert set(ORDO.intake_statuses) <= set(ORDO.status_ladder)
    assert ORDO.course.takes_lines
    assert isinstance(ours, TakesLines)
    assert (ORDO.catalogue is not None) == isinstance(ours, CatalogueClient)
