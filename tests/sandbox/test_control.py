"""The control API: orders, ledger, state, reset, webhooks, settings; it refuses in words and never breaks."""

import re
from hashlib import sha256

import pytest

from sandbox.accounts import WORLDS
from sandbox.control.openapi import OPERATIONS
from tests.sandbox.doors import SKU, outbound_body

LICENSE = "C10-0000217-LIC"


def test_an_order_without_further_words_is_submitted_by_a_customer_that_flourish_knows(doors):
    order = doors.order(lines=3)
    assert order["status"] == "Submitted"
    assert order["number"].endswith(order["short_id"])
    assert len(order["line_items"]) == 3
    known = doors.flourish("GET", f"/destinations?license_number={order['customer']['license_number']}").json
    assert known["meta"]["total"] == 1
    rep = doors.leaflink("GET", f"/company-staff/{order['sales_reps'][0]['id']}/").json
    emails = [each["email"] for each in doors.flourish("GET", "/sales-reps").json["data"]]
    assert rep["email"] in emails
    for line in order["line_items"]:
        sku = line["frozen_data"]["product"]["sku"]
        assert doors.flourish("GET", f"/items?sku={sku}").json["meta"]["total"] == 1


def test_every_random_order_of_the_other_company_can_be_filled_too(doors):
    for _ in range(20):
        order = doors.order(lines=5, company="sunrise")
        skus = [line["frozen_data"]["product"]["sku"] for line in order["line_items"]]
        lines = [{"sku": sku, "order_qty": 1} for sku in skus]
        body = outbound_body(order_lines=lines, sales_rep={"id": 9}, destination={"id": "00000113"})
        assert (
            doors.flourish("POST", "/outbound-orders", body, world="sunrise", facility="00000003").status_code
            == 200
        )


def test_what_is_asked_for_is_placed(doors):
    order = doors.order(
        lines=[{"sku": SKU, "quantity": 48}], customer=LICENSE, sales_rep="MAYA.Ortega@greenleaf.example",
        status="Accepted", discount="5", shipping_charge=10, payment_term="Net 15", ship_date="2026-12-01",
        notes="Ring", is_sample=False,
    )  # fmt: skip
    assert (order["customer"]["license_number"], order["status"], order["notes"]) == (
        LICENSE,
        "Accepted",
        "Ring",
    )
    assert order["sales_reps"][0]["user"] == "Maya Ortega"
    assert order["line_items"][0]["quantity"] == "48.0000"


def test_a_customer_is_found_behind_a_type_label(doors):
    order = doors.order(company="sunrise", customer="C10-0005225-LIC")
    assert order["customer"]["license_number"] == "C10-0005225-LIC  Adult Use Retailer"


@pytest.mark.parametrize("key", ["number", "short_id"])
def test_an_order_is_changed_with_the_app_s_freedom(doors, key):
    order = doors.order(status="Shipped")
    path = f"/leaflink/orders/{order[key]}"
    assert doors.control("POST", path, {"status": "submitted"}).json["status"] == "Submitted"
    changed = doors.control("POST", path, {"sales_rep": None, "customer": LICENSE, "notes": "New"}).json
    assert (changed["sales_reps"], changed["customer"]["license_number"]) == ([], LICENSE)
    assert doors.control("POST", path, {"status": "Combined"}).json["status"] == "Combined"


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"lines": 0},
        {"lines": 51},
        {"lines": True},
        {"lines": "three"},
        {"lines": []},
        {"lines": [1]},
        {"lines": [{"sku": 5}]},
        {"lines": [{"sku": "NONE", "quantity": 1}]},
        {"lines": [{"sku": SKU, "quantity": 0}]},
        {"lines": [{"sku": SKU, "quantity": "x"}]},
        {"lines": [{"sku": SKU, "quantity": [1]}]},
        {"lines": [{"sku": SKU, "quantity": 1e30}]},
        {"lines": [{"sku": SKU, "quantity": 1, "price": -1}]},
        {"lines": 1, "customer": "NONE"},
        {"lines": 1, "customer": 5},
        {"lines": 1, "sales_rep": "no@one.example"},
        {"lines": 1, "sales_rep": []},
        {"lines": 1, "status": "Lost"},
        {"lines": 1, "status": 3},
        {"lines": 1, "company": "moonrise"},
        {"lines": 1, "company": []},
        {"lines": 1, "discount": {}},
        {"lines": 1, "custmer": LICENSE},
        {"lines": 1, "payment_term": "Net 1000"},
        {"lines": 1, "external_ids": 4},
    ],
)
def test_an_order_that_cannot_be_placed_is_refused_in_words(doors, asked):
    answer = doors.control("POST", "/leaflink/orders", asked)
    assert answer.status_code == 400
    assert answer.json["error"]
    assert doors.control("GET", "/state").json["leaflink"]["orders"] == []


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"\xff", b"null", b'{"lines": NaN}', b'{"seed": "\\ud800"}', b"[" * 3000]
)
@pytest.mark.parametrize("path", ["/leaflink/orders", "/faults", "/reset", "/leaflink/webhooks", "/settings"])
def test_a_body_that_is_no_json_object_is_refused(doors, path, body):
    answer = doors.call("POST", f"/control{path}", data=body, content_type="application/json")
    assert (answer.status_code, list(answer.json)) == (400, ["error"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/leaflink/orders/none"),
        ("POST", "/flourish/orders/00000001/allocate"),
        ("POST", "/flourish/orders/00000001/explode"),
        ("POST", "/flourish/orders/00000001"),
        ("POST", "/ordo/orders/none/confirm"),
        ("POST", "/ordo/orders/none/explode"),
        ("POST", "/ordo/brands/none"),
        ("DELETE", "/ordo/licenses/none"),
        ("GET", "/nothing"),
        ("PUT", "/reset"),
    ],
)
def test_what_does_not_exist_is_not_found_in_json(doors, method, path):
    answer = doors.control(method, path)
    assert answer.status_code == 404
    assert answer.json["error"]


def test_the_ledger_has_every_request_with_its_key_and_status(doors):
    doors.leaflink("GET", "/companies/?limit=1")
    doors.flourish("POST", "/outbound-orders", {"a": 1})
    doors.call("GET", "/leaflink/api/v2/companies/")
    rows = doors.control("GET", "/ledger").json
    assert [(row["platform"], row["key"], row["method"], row["status"]) for row in rows] == [
        ("leaflink", "ll-greenleaf-key", "GET", 200),
        ("flourish", "fl-greenleaf-key", "POST", 400),
        ("leaflink", None, "GET", 401),
    ]
    assert rows[0]["path"] == "/leaflink/api/v2/companies/?limit=1"
    assert rows[1]["body_hash"] == sha256(rows[1]["body"].encode()).hexdigest()
    assert doors.control("GET", f"/ledger?since={rows[1]['id']}").json == rows[2:]
    moment = rows[1]["time"].replace("+", "%2B")
    assert doors.control("GET", f"/ledger?since={moment}&platform=leaflink").json == rows[2:]
    assert doors.control("GET", "/ledger?limit=2").json == rows[:2]
    assert doors.control("GET", "/ledger?since=yesterday").status_code == 400
    assert doors.control("GET", "/ledger?platform=metrc").status_code == 400


def test_the_state_shows_everything_in_the_platforms_own_words(doors):
    order, outbound = doors.order(), doors.outbound()
    doors.control(
        "POST", "/flourish/webhooks", {"company": "sunrise", "url": "http://x.example/h/t", "key": "k"}
    )
    doors.control("POST", "/leaflink/webhooks", {"company": "sunrise", "url": "http://x.example/l/t"})
    state = doors.control("GET", "/state").json
    assert [each["number"] for each in state["leaflink"]["orders"]] == [order["number"]]
    assert state["flourish"]["orders"][0] == outbound | {"company": "greenleaf"}
    assert {each["company"] for each in state["leaflink"]["products"]} == set(WORLDS)
    assert (len(state["leaflink"]["customers"]), len(state["flourish"]["destinations"])) == (271, 237)
    assert state["flourish"]["webhooks"] == [
        {
            "url": "http://x.example/h/t",
            "key": "k",
            "headers": {},
            "events": ["Outbound Order", "Inventory", "Item", "Retail Order"],
            "company": "sunrise",
        }
    ]
    assert state["leaflink"]["webhooks"][0]["key"] == "ll-sunrise-webhook"


def test_reset_makes_the_data_of_the_seed_anew(doors):
    def prices() -> list[str]:
        return [
            str(each["wholesale_price"])
            for each in doors.control("GET", "/state").json["leaflink"]["products"]
        ]

    first = prices()
    doors.order()
    doors.control(
        "POST", "/flourish/webhooks", {"company": "sunrise", "url": "http://x.example/t", "key": "k"}
    )
    doors.control("POST", "/faults", {"platform": "leaflink", "fault": "500"})
    assert doors.control("POST", "/reset", {"seed": 2, "keep_webhooks": True}).json == {"seed": 2}
    state = doors.control("GET", "/state").json
    assert (state["leaflink"]["orders"], len(state["flourish"]["webhooks"])) == ([], 1)
    assert doors.control("GET", "/faults").json["on"] == []
    assert prices() != first
    doors.control("POST", "/reset", {"seed": 1})
    assert prices() == first
    assert doors.control("GET", "/state").json["flourish"]["webhooks"] == []


@pytest.mark.parametrize("seed", ["x", 1.5, -1, [], True])
def test_a_seed_is_a_whole_number(doors, seed):
    assert doors.control("POST", "/reset", {"seed": seed}).status_code == 400


@pytest.mark.parametrize(
    ("platform", "asked"),
    [
        ("leaflink", {"company": "greenleaf"}),
        ("leaflink", {"company": "greenleaf", "url": "ftp://x.example"}),
        ("leaflink", {"company": "greenleaf", "url": "http://[::1"}),
        ("leaflink", {"company": "moonrise", "url": "http://x.example"}),
        ("leaflink", {"company": "greenleaf", "url": "http://x.example", "key": 5}),
        ("flourish", {"company": "greenleaf", "url": "http://x.example", "key": ""}),
        ("flourish", {"company": "greenleaf", "url": "http://x.example", "events": []}),
        ("flourish", {"company": "greenleaf", "url": "http://x.example", "events": ["Purchase Order"]}),
        ("flourish", {"company": "greenleaf", "url": "http://x.example", "events": [["Item"]]}),
        ("flourish", {"company": "greenleaf", "url": 5}),
        ("flourish", {"company": "greenleaf", "url": "http://x.example", "key": "k", "headers": [1]}),
        (
            "flourish",
            {"company": "greenleaf", "url": "http://x.example", "key": "k", "headers": {"a": "b\nc"}},
        ),
        (
            "flourish",
            {"company": "greenleaf", "url": "http://x.example", "key": "k", "headers": {"a b": "c"}},
        ),
    ],
)
def test_a_webhook_that_cannot_be_registered_is_refused(doors, platform, asked):
    assert doors.control("POST", f"/{platform}/webhooks", asked).status_code == 400


def test_registering_an_address_again_replaces_it(doors):
    for key in ("one", "two"):
        asked = {"company": "greenleaf", "url": "http://x.example/t", "key": key}
        assert doors.control("POST", "/flourish/webhooks", asked).status_code == 201
    assert [each["key"] for each in doors.control("GET", "/state").json["flourish"]["webhooks"]] == ["two"]


def test_accounts_name_keys_and_addresses(doors):
    accounts = {(each["platform"], each["world"]): each for each in doors.control("GET", "/accounts").json}
    assert accounts["leaflink", "greenleaf"]["base_url"] == "http://localhost/leaflink/api/v2/"
    assert accounts["flourish", "sunrise"]["key"] == "fl-sunrise-key"
    assert [place["id"] for place in accounts["flourish", "sunrise"]["facilities"]] == [
        "00000003",
        "00000004",
    ]


def test_the_description_names_every_route(doors):
    described = {(each.method.upper(), each.path) for each in OPERATIONS}
    app = doors._client.application.app
    served = {
        (method, re.sub(r"<(?:int:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.endpoint.startswith("control.") and rule.endpoint != "control.unknown"
    }
    assert described == served
    document = doors.control("GET", "/openapi.json").json
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {path for _, path in described}


@pytest.mark.parametrize(
    "extra",
    [
        {"environ_base": {"REMOTE_ADDR": "10.0.0.9"}},
        {"headers": {"Host": "sandbox.example"}},
        {"headers": {"Host": "127.0.0.1.example"}},
        {"headers": {"Origin": "http://evil.example"}},
        {"headers": {"Sec-Fetch-Site": "cross-site"}},
        {"headers": {"Sec-Fetch-Site": "same-site"}},
    ],
)
@pytest.mark.parametrize("path", ["/control/reset", "/faults/clear"])
def test_strangers_and_other_sites_pages_are_refused(doors, path, extra):
    assert doors.call("POST", path, **extra).status_code == 403


def test_a_customer_may_have_other_default_reps_or_none(doors):
    """An order's customer comes with it."""
    license_number = "C10-0000217-LIC"
    address = f"/leaflink/customers/{license_number}"
    order = doors.order(customer=license_number)
    for emails in ([], ["maya.ortega@greenleaf.example"]):
        changed = doors.control("POST", address, {"sales_reps": emails})
        assert (changed.status_code, len(changed.json["managers"])) == (200, len(emails))
    assert order["customer"]["id"] == changed.json["id"]
    for wrong in (None, ["nobody@example.com"]):
        assert doors.control("POST", address, {"sales_reps": wrong}).status_code == 400
