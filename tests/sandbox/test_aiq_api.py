"""AIQ's API: its key, pages, venues, products with labs, rate; it refuses in words and never breaks."""

import pytest

from sandbox.aiq.labs import AMOUNTS
from tests.sandbox.doors import AIQ_BASE

NO_KEYS: tuple[dict[str, str], ...] = (
    {},
    {"x-dispense-api-key": ""},
    {"x-dispense-api-key": "nope"},
    {"x-dispense-api-key": "or-greenleaf-key"},
    {"api-key": "aq-greenleaf-key"},
    {"Authorization": "Bearer aq-greenleaf-key"},
)
OF_VENUES = ("products", "categories", "product-categories", "offers")


def product_body(**fields):
    return {
        "sku": "GL-NEW-1", "name": "Lychee Gummies", "brand": "Greenleaf Kitchen", "price": 8.65,
        "quantity": 12, "cannabisComplianceType": "EDIBLES", **fields,
    }  # fmt: skip


def put(doors, key="00000345", venue=None, **fields):
    where = venue or doors.venue()
    return doors.aiq("PUT", f"/products/{key}?venueId={where}", product_body(**fields))


@pytest.mark.parametrize("headers", NO_KEYS, ids=str)
def test_without_its_key_nothing_is_served(doors, headers):
    answer = doors.call("GET", f"{AIQ_BASE}/venues", headers=headers)
    assert (answer.status_code, answer.json["name"]) == (401, "UnauthenticatedError")
    assert answer.json["errors"][0].keys() == {"type", "message"}


@pytest.mark.parametrize("name", [*OF_VENUES, "orders", "venues"])
def test_every_list_has_one_envelope_and_shows_one_organisation_alone(doors, name):
    ids = {}
    for world in ("greenleaf", "sunrise"):
        doors.shop(company=world)
        where = f"?venueId={doors.venue(world)}" if name in OF_VENUES else ""
        answer = doors.aiq("GET", f"/{name}{where}", world=world).json
        assert list(answer) == ["count", "pageCount", "skip", "limit", "data"]
        assert answer["count"] == answer["pageCount"] == len(answer["data"])
        assert (answer["skip"], answer["limit"]) == (0, 100)
        ids[world] = {each["id"] for each in answer["data"]}
    assert ids["greenleaf"]
    assert ids["sunrise"]
    assert not ids["greenleaf"] & ids["sunrise"]


@pytest.mark.parametrize(("limit", "sizes"), [(7, [7, 7, 6, 0]), (20, [20, 0]), (250, [20])])
def test_skip_leads_through_a_list_once_and_page_count_is_the_rows_of_a_page(doors, limit, sizes):
    venue, found = doors.venue(), []
    for place, size in enumerate(sizes):
        path = f"/products?venueId={venue}&limit={limit}&skip={place * limit}"
        page = doors.aiq("GET", path).json
        assert (page["count"], page["pageCount"], len(page["data"])) == (20, size, size)
        found += [each["id"] for each in page["data"]]
    assert len(set(found)) == 20


def test_a_list_is_sorted_up_and_down(doors):
    path = f"/products?venueId={doors.venue()}"
    names = [each["name"] for each in doors.aiq("GET", f"{path}&sort=name").json["data"]]
    assert names == sorted(names)
    down = doors.aiq("GET", f"{path}&sort=-name&limit=3&skip=1").json
    assert [each["name"] for each in down["data"]] == names[::-1][1:4]
    assert (down["count"], down["pageCount"]) == (20, 3)


@pytest.mark.parametrize(
    "query",
    ["limit=251", "limit=-1", "limit=x", "limit=", "limit=٣", "skip=-1", "skip=x", "skip=99999999999",
     "sort=colour", "sort=--created", "status=Done", "pickUpType=BUS", "createdStart=yesterday", "page=2",
     "stat=PENDING"],
)  # fmt: skip
def test_a_query_that_means_nothing_is_refused(doors, query):
    answer = doors.aiq("GET", f"/orders?{query}")
    assert (answer.status_code, answer.json["name"]) == (400, "ValidationError")
    assert answer.json["errors"][0]["type"] == query.partition("=")[0]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", "/orders/none", 404), ("PATCH", "/orders/none", 404),
     ("POST", "/orders", 405), ("DELETE", "/venues", 405), ("GET", "/venues/none", 404),
     ("GET", "/offers/none/products", 404), ("GET", "/products?venueId=none", 404),
     ("GET", "/products", 401), ("GET", "/products/1", 401), ("PUT", "/products/1", 401),
     ("PUT", "/products/1?venueId=none", 404), ("GET", "/offers?venueId=", 401)],
)  # fmt: skip
def test_what_is_not_there_is_said_in_json(doors, method, path, status):
    answer = doors.aiq(method, path, {} if method != "GET" else None)
    assert answer.status_code == status
    assert set(answer.json) == {"name", "message", "errors"}


def test_a_deleted_venue_is_gone_but_its_products_are_an_empty_list(doors):
    venue = doors.venue()
    doors.control("POST", f"/aiq/venues/{venue}", {"deleted": True})
    assert doors.aiq("GET", f"/venues/{venue}").json["message"] == "venue not found"
    trap = doors.aiq("GET", f"/products?venueId={venue}")
    assert (trap.status_code, trap.json["count"], trap.json["data"]) == (200, 0, [])
    assert put(doors, venue=venue).status_code == 404
    assert venue != doors.venue()
    doors.control("POST", f"/aiq/venues/{venue}", {"deleted": False})
    assert doors.aiq("GET", f"/products?venueId={venue}").json["count"] == 20


def test_venues_have_shelves_of_their_own(doors):
    first, second = doors.venue(place=0), doors.venue(place=1)
    ids = [
        {each["id"] for each in doors.aiq("GET", f"/products?venueId={venue}").json["data"]}
        for venue in (first, second)
    ]
    assert not ids[0] & ids[1]
    both = doors.aiq("GET", f"/products?venueId={first}&venueId={second}").json
    assert both["count"] == 40
    assert doors.aiq("GET", f"/products?venueId={doors.venue('sunrise')}").status_code == 404


def test_a_product_is_made_by_its_first_put_and_changed_in_what_is_sent_by_the_next(doors):
    made = put(doors, labs={"thc": 20.7, "thcContentUnit": "%", "limonene": 0.4, "cbd": None})
    assert made.status_code == 201
    shown = made.json
    assert (shown["posProductId"], shown["quantity"], shown["quantityTotal"]) == ("00000345", 12, 12)
    assert (shown["price"], shown["priceWithDiscounts"], shown["brand"]["name"]) == (
        8.65, 8.65, "Greenleaf Kitchen",
    )  # fmt: skip
    assert shown["labs"] == {"thc": 20.7, "thcContentUnit": "%", "limonene": 0.4}
    venue = doors.venue()
    changed = doors.aiq("PUT", f"/products/00000345?venueId={venue}", {"quantity": 3, "enable": False})
    assert changed.status_code == 200
    same = ("id", "name", "sku", "price", "labs", "created")
    assert {name: changed.json[name] for name in same} == {name: shown[name] for name in same}
    assert (changed.json["quantity"], changed.json["enable"]) == (3, False)
    assert doors.aiq("GET", f"/products/{shown['id']}?venueId={venue}").json == changed.json
    assert doors.aiq("GET", f"/products?venueId={venue}&enable=false").json["data"] == [changed.json]


def test_a_put_that_changes_nothing_leaves_the_product_as_it_was(doors):
    assert put(doors).json["modified"] == put(doors).json["modified"]


def test_a_product_that_was_entered_by_hand_is_taken_over_by_its_sku(doors):
    by_hand = doors.aiq("GET", f"/products?venueId={doors.venue()}&limit=1").json["data"][0]
    assert by_hand["posProductId"] is None
    taken = put(doors, sku=by_hand["sku"])
    assert (taken.status_code, taken.json["id"]) == (200, by_hand["id"])
    assert put(doors, key="00000346", sku=by_hand["sku"]).status_code == 201  # a second one of the SKU
    elsewhere = put(doors, venue=doors.venue(place=1), sku="GL-ELSEWHERE")
    assert elsewhere.status_code == 201  # the same id in another store is another product


@pytest.mark.parametrize(
    "fields",
    [{"sku": ""}, {"sku": None}, {"sku": 5}, {"name": " "}, {"name": "x" * 256}, {"price": -1},
     {"price": "x"}, {"quantity": -1}, {"quantity": 1.5}, {"quantity": None}, {"quantity": True},
     {"enable": "yes"}, {"cannabisType": "Sativa"}, {"cannabisComplianceType": "Gummies"},
     {"weightUnit": "g"}, {"image": "ftp://a.example/b.png"}, {"productCategory": "none"},
     {"labs": []}, {"labs": {"camphene": 1}}, {"labs": {"thc": -1}}, {"labs": {"thc": "much"}},
     {"labs": {"thcContentUnit": "percent"}}, {"colour": "green"}, {"priceWithDiscounts": 1}],
    ids=str,
)  # fmt: skip
def test_a_product_that_is_not_valid_is_refused_and_not_kept(doors, fields):
    answer = put(doors, **fields)
    assert (answer.status_code, answer.json["name"]) == (400, "ValidationError")
    assert doors.aiq("GET", f"/products?venueId={doors.venue()}").json["count"] == 20


def test_a_product_is_put_into_a_category_of_its_venue_alone(doors):
    venue, other = doors.venue(), doors.venue(place=1)
    categories = {
        key: doors.aiq("GET", f"/categories?venueId={key}").json["data"][4] for key in (venue, other)
    }
    made = put(doors, productCategory=categories[venue]["id"])
    assert (made.json["productCategoryName"], categories[venue]["cannabisComplianceType"]) == (
        "Edibles", "EDIBLES",
    )  # fmt: skip
    assert put(doors, key="2", productCategory=categories[other]["id"]).status_code == 400


def test_labs_are_six_cannabinoids_and_sixteen_terpenes(doors):
    assert len(AMOUNTS) == 22
    labs = dict.fromkeys(AMOUNTS, 0.25) | {f"{name}ContentUnit": "mg/g" for name in AMOUNTS}
    assert put(doors, labs=labs).json["labs"] == labs


@pytest.mark.parametrize("body", [b"{", b"[]", b"", b"\xff", b"null", b'{"price": NaN}', b"[" * 3000])
@pytest.mark.parametrize("path", ["PUT /products/1?venueId={venue}", "PATCH /orders/1"])
def test_a_body_that_is_no_json_object_is_refused(doors, path, body):
    method, where = path.format(venue=doors.venue()).split()
    headers = {"x-dispense-api-key": "aq-greenleaf-key"}
    answer = doors.call(method, AIQ_BASE + where, data=body, headers=headers)
    assert (answer.status_code, answer.json["name"]) == (400, "ValidationError")


def test_twenty_requests_a_second_are_let_in_for_each_key_and_the_headers_count(doors):
    doors.control("POST", "/settings", {"aiq_per_second": 20})
    answers = [doors.aiq("GET", "/venues/none") for _ in range(40)]
    refused = [each for each in answers if each.status_code == 429]
    assert answers[0].headers["X-RateLimit-Limit"] == "20"
    left = [int(each.headers["X-RateLimit-Remaining"]) for each in answers]
    assert left[:20] == sorted(left[:20], reverse=True)
    assert refused
    assert refused[0].json["name"] == "TooManyRequestsError"
    assert "Retry-After" not in refused[0].headers
    assert doors.aiq("GET", "/venues", world="sunrise").status_code == 200
    doors.control("POST", "/settings", {"aiq_per_second": None})
    assert all(doors.aiq("GET", "/venues/none").status_code == 404 for _ in range(30))


def test_the_ledger_has_each_request_with_its_key(doors):
    doors.aiq("GET", "/venues?limit=1")
    doors.aiq("PATCH", "/orders/none", {})
    rows = doors.control("GET", "/ledger?platform=aiq").json
    assert [(row["key"], row["method"], row["path"], row["status"]) for row in rows[-2:]] == [
        ("aq-greenleaf-key", "GET", "/aiq/2023-03/venues?limit=1", 200),
        ("aq-greenleaf-key", "PATCH", "/aiq/2023-03/orders/none", 404),
    ]
