import base64
from datetime import datetime

import pytest
import responses

from portal.sync.addresses import check_address
from portal.sync.domain import Company
from portal.sync.errors import ConnectionBroken, Rejected, Retryable, Unreadable, Unsettled
from portal.sync.http import Caller
from portal.sync.platforms.leaflink import LEAFLINK, WEBHOOK, authorise, check_credentials
from portal.sync.platforms.leaflink.client import LeafLinkClient
from portal.sync.platforms.leaflink.paging import MAX_PAGES
from portal.sync.questions import LicenseType, RepEmail
from tests.sync.fakes import FakeCalls
from tests.sync.platforms.leaflink.examples import NUMBER, customer, line, order, without

ORDER_PATH = f"orders-received/{NUMBER}/"


def client(**replies) -> tuple[LeafLinkClient, FakeCalls]:
    calls = FakeCalls(replies)
    return LeafLinkClient(calls, lambda *_: None), calls


def test_an_order_that_is_whole_takes_one_call():
    leaflink, calls = client(**{ORDER_PATH: order()})
    found = leaflink.order(NUMBER)
    assert found is not None
    assert found.customer.license == "RE000123"
    assert [call.query for call in calls.calls] == [{"include_children": "line_items,customer,sales_reps"}]


def test_an_order_that_nobody_knows_is_none():
    assert client()[0].order(NUMBER) is None


def test_a_customer_without_a_license_is_looked_up():
    light = {"id": 148, "display_name": "Riverside", "ext_acct_id": None, "delinquent": False}
    leaflink, calls = client(
        **{ORDER_PATH: order(customer=light), "customers/148/": customer(license_type=4)}
    )
    found = leaflink.order(NUMBER)
    assert found is not None
    assert (found.customer.license, found.customer.license_type_ref) == ("RE000123", "4")
    assert [call.path for call in calls.calls] == [ORDER_PATH, "customers/148/"]


@pytest.mark.promise("LL-22")
@pytest.mark.parametrize(
    ("own", "shown", "asked"),
    [
        # An order's own rep counts; the customer's is not asked for.
        ([{"id": 7, "user": "Rae"}], {}, False),
        ([], {}, True),
        ([], {"managers": [8]}, False),
        ([], {"managers": []}, False),
    ],
)
def test_the_customers_default_reps_are_asked_for_where_the_order_has_none(own, shown, asked):
    light = without(customer(), "managers") | shown
    leaflink, calls = client(
        **{
            ORDER_PATH: order(customer=light, sales_reps=own),
            f"customers/{light['id']}/": light | {"managers": [{"id": 8}, 9]},
        }
    )

    found = leaflink.order(NUMBER)

    assert found is not None
    assert found.customer.reps == (("8", "9") if asked else tuple(map(str, shown.get("managers", ()))))
    assert len(calls.calls) == 1 + asked
    assert all(call.query["include_children"] for call in calls.calls)


def test_default_reps_that_are_no_list_are_unreadable():
    with pytest.raises(Unreadable, match="managers"):
        client(**{ORDER_PATH: order(customer=customer(managers="8"))})[0].order(NUMBER)


def test_a_customer_that_is_gone_leaves_the_license_empty():
    found = client(**{ORDER_PATH: order(customer={"id": 148})})[0].order(NUMBER)
    assert found is not None
    assert found.customer.license == ""


def test_a_license_type_is_named_when_it_is_asked_for():
    replies = {"license-types/4/": {"id": 4, "type": "adult", "display_type": "Retail Dispensary"}}
    leaflink, _ = client(**replies)
    assert leaflink.license_type(LicenseType("4")) == "Retail Dispensary"
    assert leaflink.license_type(LicenseType("5")) == ""


def test_a_license_type_that_the_key_may_not_read_is_left_out():
    leaflink, _ = client(**{"license-types/4/": ConnectionBroken("no", http_status=403)})
    assert leaflink.license_type(LicenseType("4")) == ""


def test_a_line_without_a_sku_is_completed_from_its_product():
    bare = order(line_items=[without(line(), "frozen_data")])
    leaflink, _calls = client(**{ORDER_PATH: bare, "products/501/": {"id": 501, "sku": "PR-1", "name": "P"}})
    found = leaflink.order(NUMBER)
    assert found is not None
    assert found.lines[0].sku == "PR-1"


def page(*numbers: str, following: str | None = None) -> dict[str, object]:
    rows = [{"number": number, "short_id": "", "modified": "2026-11-20T09:00:00Z"} for number in numbers]
    return {"count": 9, "next": following, "results": rows}


def test_pages_are_followed_to_the_end():
    second = "https://app.leaflink.com/api/v2/orders-received/?offset=100"
    leaflink, calls = client(**{"orders-received/": page("a", "b", following=second), second: page("c")})
    pages = list(leaflink.changed_orders(None))
    assert [hint.ref for found in pages for hint in found.hints] == ["a", "b", "c"]
    assert pages[0].total == 9
    assert "modified__gte" not in calls.calls[0].query
    assert calls.calls[1].query == {}


def test_a_poll_asks_for_changes_since_a_time():
    leaflink, calls = client(**{"orders-received/": page()})
    list(leaflink.changed_orders(datetime.fromisoformat("2026-11-20T09:00:00-07:00")))
    assert calls.calls[0].query["modified__gte"] == "2026-11-20T16:00:00+00:00"


@pytest.mark.fault(29, 34)
def test_a_page_that_does_not_say_whether_more_follows_is_unreadable():
    with pytest.raises(Unreadable, match="next: is missing"):
        list(client(**{"orders-received/": without(page("a"), "next")})[0].changed_orders(None))


@pytest.mark.fault(34)
@pytest.mark.parametrize("following", ["orders-received/", "https://app.leaflink.com/api/v2/loop"])
def test_pages_that_go_in_a_circle_are_noticed(following):
    replies = {following: page("b", following=following), "orders-received/": page("a", following=following)}
    with pytest.raises(Unreadable, match="read already"):
        list(client(**replies)[0].changed_orders(None))


@pytest.mark.fault(34)
def test_pages_that_never_end_are_noticed():
    class Endless(FakeCalls):
        def read(self, path, *, query=None, headers=None):
            self.calls.append(path)
            return page("a", following=f"https://app.leaflink.com/?offset={len(self.calls)}")

    calls = Endless()
    with pytest.raises(Unreadable, match="more than"):
        list(LeafLinkClient(calls).changed_orders(None))
    assert len(calls.calls) == MAX_PAGES


def test_a_move_is_one_post_without_a_body():
    leaflink, calls = client()
    leaflink.move(NUMBER, "accept")
    (call,) = calls.calls
    assert (call.method, call.path, call.body) == ("POST", f"{ORDER_PATH}transition/accept/", None)


def test_an_id_cannot_leave_its_place_in_the_path():
    leaflink, calls = client()
    leaflink.move("../x", "accept")
    assert calls.calls[0].path == "orders-received/..%2Fx/transition/accept/"
    for wrong in ("", "..", "."):
        with pytest.raises(Rejected):
            leaflink.order(wrong)


def test_the_email_of_a_rep_is_looked_up():
    leaflink, _calls = client(**{"company-staff/13/": {"id": 13, "email": " Jo@x.example "}})
    assert leaflink.rep_email(RepEmail("13")) == "Jo@x.example"
    assert leaflink.rep_email(RepEmail("14")) == ""


COMPANIES = {
    "results": [{"id": 1, "name": "Buyer", "seller": False}, {"id": 7, "name": "Farm", "seller": True}]
}


def test_a_key_is_proved_and_names_its_company():
    leaflink, calls = client(**{"companies/": COMPANIES})
    assert leaflink.company() == Company("7", "Farm", ())
    assert [call.path for call in calls.calls[1:]] == [
        "orders-received/",
        "products/",
        "licenses/",
        "customers/",
        "company-staff/",
    ]


def test_permissions_that_a_key_lacks_are_named():
    forbidden = ConnectionBroken("no", http_status=403)
    leaflink, _calls = client(**{"companies/": COMPANIES, "customers/": forbidden, "products/": forbidden})
    assert leaflink.company().missing_permissions == ("Products: Read", "Customers: Read")


@pytest.mark.parametrize(
    "replies",
    [
        {"companies/": ConnectionBroken("no", http_status=401)},
        {"companies/": {"results": []}},
    ],
)
def test_a_key_that_does_not_work_is_broken(replies):
    with pytest.raises(ConnectionBroken):
        client(**replies)[0].company()


@pytest.mark.fault(24)
def test_a_key_that_worked_a_moment_ago_is_not_called_broken():
    replies = {"companies/": COMPANIES, "customers/": ConnectionBroken("no", http_status=401)}
    with pytest.raises(Retryable, match="in turns"):
        client(**replies)[0].company()


@responses.activate
def test_over_the_wire_it_sends_what_leaflink_wants():
    responses.get(f"https://app.leaflink.com/api/v2/{ORDER_PATH}", json=order())
    move = f"https://app.leaflink.com/api/v2/{ORDER_PATH}transition/accept/"
    responses.post(move, json={"available_transitions": ["This transition is not allowed."]}, status=400)
    responses.post(move, body="<h1>Bad gateway</h1>", status=502, content_type="text/html")
    address = check_address(LEAFLINK.default_base_url, hosts=LEAFLINK.hosts, allow_loopback=False)
    headers = authorise({"api_key": " k3y "})
    with Caller(address, headers, label="LeafLink", turnstile=lambda: None, user_agent="Trellis") as caller:
        leaflink = LEAFLINK.connect(caller, "", {})
        assert leaflink.order(NUMBER) is not None
        with pytest.raises(Rejected, match="not allowed") as refused:
            leaflink.move(NUMBER, "accept")
        with pytest.raises(Unsettled):
            leaflink.move(NUMBER, "accept")
    assert refused.value.field == "available_transitions"
    sent = responses.calls[0].request
    assert (sent.headers["Authorization"], sent.headers["User-Agent"]) == ("App k3y", "Trellis")
    assert responses.calls[1].request.body is None


@pytest.mark.parametrize("key", ["", "  ", "two words", "schlüssel", "a\nb", "a\x00b"])
def test_a_key_that_cannot_be_one_is_refused_before_any_call(key):
    (finding,) = check_credentials({"api_key": key})
    assert finding.next_step
    assert check_credentials({"api_key": base64.b64encode(b"fine").decode()}) == ()


def test_the_declaration_holds_together():
    assert WEBHOOK.key_field in {field.name for field in LEAFLINK.credentials}
    assert set(LEAFLINK.default_status_table.values()) <= {*LEAFLINK.status_ladder, "Cancelled"}
    for setting in LEAFLINK.settings:
        chosen = setting.default if setting.many else [setting.default]
        assert not setting.choices or isinstance(setting.default, dict) or set(chosen) <= set(setting.choices)
    check_address(LEAFLINK.default_base_url, hosts=LEAFLINK.hosts, allow_loopback=False)


@pytest.mark.parametrize(
    ("ids", "paid_on", "body"),
    [
        ({"erp": "00000042"}, "", {"external_ids": {"erp": "00000042"}}),
        ({"erp": None}, "", {"external_ids": {"erp": None}}),
        ({}, "2026-04-01", {"paid": True, "paid_date": "2026-04-01"}),
        (
            {"erp": "1"},
            "2026-04-01",
            {"external_ids": {"erp": "1"}, "paid": True, "paid_date": "2026-04-01"},
        ),
    ],
)
def test_ids_and_payment_are_told_in_one_call(ids, paid_on, body):
    leaflink, calls = client(**{ORDER_PATH: {}})

    leaflink.tell(NUMBER, ids, paid_on)

    assert [(call.method, call.path, call.body) for call in calls.calls] == [("PATCH", ORDER_PATH, body)]
