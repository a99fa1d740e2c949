"""Ordo's assumed API: keys, pages, brands, licenses, items; it refuses in words and never breaks."""

import pytest

from tests.sandbox.doors import ORDO_BASE, SKU, item_body

NO_KEYS: tuple[dict[str, str], ...] = (
    {},
    {"Authorization": "Bearer nope"},
    {"Authorization": "Basic or-greenleaf-key"},
    {"Authorization": "Bearer ll-greenleaf-key"},
    {"x-api-key": "or-greenleaf-key"},
)
LISTS = ("brands", "licenses", "items", "orders")


def pages(doors, path, world="greenleaf"):
    """Walk a list by its cursors and return its pages."""
    found = [doors.ordo("GET", path, world=world).json]
    while found[-1]["next_cursor"]:
        found.append(doors.ordo("GET", f"{path}&cursor={found[-1]['next_cursor']}", world=world).json)
    return [page["data"] for page in found]


@pytest.mark.parametrize("headers", NO_KEYS, ids=str)
def test_without_its_bearer_key_nothing_is_served(doors, headers):
    answer = doors.call("GET", f"{ORDO_BASE}/brands", headers=headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "unauthorized")


@pytest.mark.parametrize("name", LISTS)
def test_every_list_has_one_envelope_and_shows_one_organisation_alone(doors, name):
    doors.draft(), doors.draft(company="sunrise")
    ids = {}
    for world in ("greenleaf", "sunrise"):
        answer = doors.ordo("GET", f"/{name}?limit=100", world=world)
        assert (answer.status_code, set(answer.json)) == (200, {"data", "next_cursor"})
        ids[world] = {each["id"] for each in answer.json["data"]}
    assert ids["greenleaf"]
    assert ids["sunrise"]
    assert not ids["greenleaf"] & ids["sunrise"]


@pytest.mark.parametrize(("limit", "sizes"), [(7, [7] * 8 + [4]), (20, [20] * 3), (60, [60]), (100, [60])])
def test_cursors_lead_through_a_list_once(doors, limit, sizes):
    found = pages(doors, f"/items?limit={limit}")
    assert [len(page) for page in found] == sizes
    assert len({each["id"] for page in found for each in page}) == 60


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=-1", "limit=x", "limit=", "limit=٣", "cursor=x", "cursor=ZnJvbSAtMQ",
     "cursor=ZnJvbSA5OTk5OTk5OTk5", "cursor=%FF", "offset=5", "stat=Paid"],
)  # fmt: skip
def test_a_query_that_means_nothing_is_refused(doors, query):
    answer = doors.ordo("GET", f"/orders?{query}")
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "invalid")
    assert answer.json["error"]["field"] == query.partition("=")[0]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", "/orders/none", 404), ("PATCH", "/orders/none", 404),
     ("POST", "/orders", 405), ("DELETE", "/brands", 405), ("PUT", "/items/a/b", 404)],
)  # fmt: skip
def test_what_is_not_there_is_said_in_json(doors, method, path, status):
    answer = doors.ordo(method, path, {} if method != "GET" else None)
    assert answer.status_code == status
    assert set(answer.json["error"]) >= {"code", "message"}


def test_brands_and_licenses_are_those_of_the_world(doors):
    brands = doors.ordo("GET", "/brands").json["data"]
    assert [each["name"] for each in brands] == [
        "Greenleaf Farms",
        "Greenleaf Extracts",
        "Greenleaf Kitchen",
    ]
    facilities = doors.flourish("GET", "/facilities").json["data"]
    licenses = doors.ordo("GET", "/licenses").json["data"]
    assert [each["license_number"] for each in licenses] == [each["license_number"] for each in facilities]
    assert all(each["street2"] for each in licenses)


def test_the_planted_organisation_differs_where_it_should(doors):
    brands = [each["name"] for each in doors.ordo("GET", "/brands", world="sunrise").json["data"]]
    assert brands == ["Sunrise Gardens", "SUNRISE LABS", "Sunrise Pantry"]
    licenses = doors.ordo("GET", "/licenses", world="sunrise").json["data"]
    assert [bool(each["street2"]) for each in licenses] == [False, True]
    items = doors.ordo("GET", "/items?limit=100", world="sunrise").json["data"]
    assert [each["brand"] for each in items].count(None) == 1
    assert [each["sku"] for each in items if each["sku"] != each["sku"].upper()] == ["sr-fl28-soudie"]
    order = doors.draft(company="sunrise", customer="C10-0005216-LIC")
    assert (order["payment_term"], order["net_days"]) == ("Half now, half on delivery", None)
    bare = doors.flourish("GET", "/items?limit=50&offset=200", world="sunrise").json["data"]
    assert [each["brand"] for each in bare].count(None) == 1


def test_an_item_is_made_by_its_first_put_and_changed_by_the_next(doors):
    made = doors.ordo("PUT", "/items/00000345", item_body())
    assert made.status_code == 201
    assert made.json | {"id": ""} == {
        "id": "", "external_id": "00000345", "sku": "GL-GM10-LYCHEE", "brand": "Greenleaf Kitchen",
        "name": "Greenleaf Lychee Gummies 10-Pack 100mg", "category": "Gummies", "unit": "ea",
        "price": "8.65", "sellable_quantity": 120, "updated_at": "2026-11-20T10:00:00.000000+00:00",
    }  # fmt: skip
    changed = doors.ordo("PUT", "/items/00000345", item_body(sellable_quantity="0", sku="GL-NEW"))
    assert (changed.status_code, changed.json["sellable_quantity"]) == (200, 0)
    found = doors.ordo("GET", "/items?external_id=00000345").json["data"]
    assert found == [changed.json]
    assert doors.ordo("GET", "/items?sku=GL-NEW").json["data"] == found


def test_an_item_that_was_entered_by_hand_is_taken_over_by_its_sku(doors):
    by_hand = doors.ordo("GET", f"/items?sku={SKU}").json["data"][0]
    assert by_hand["external_id"] is None
    put = doors.ordo("PUT", "/items/00000001", item_body(sku=SKU, brand="Greenleaf Farms"))
    assert (put.status_code, put.json["id"]) == (200, by_hand["id"])
    again = doors.ordo("PUT", "/items/00000002", item_body(sku=SKU, brand="Greenleaf Farms"))
    assert again.status_code == 201  # a second item of the SKU is another one
    assert len(doors.ordo("GET", f"/items?sku={SKU}").json["data"]) == 2


def test_two_organisations_keep_items_of_one_external_id_apart(doors):
    doors.ordo("PUT", "/items/7", item_body())
    doors.ordo("PUT", "/items/7", item_body(brand="Sunrise Gardens", name="Other"), world="sunrise")
    names = [
        doors.ordo("GET", "/items?external_id=7", world=world).json["data"][0]["name"]
        for world in ("greenleaf", "sunrise")
    ]
    assert names == ["Greenleaf Lychee Gummies 10-Pack 100mg", "Other"]


def test_an_item_may_have_no_price_and_then_a_line_of_it_needs_one(doors):
    assert doors.ordo("PUT", "/items/1", item_body(price=None)).json["price"] is None
    key = doors.draft(lines=[{"sku": SKU, "quantity": 1}], status="Confirmed")["id"]
    bare = {"item_external_id": "1", "quantity": 1}
    answer = doors.ordo("PATCH", f"/orders/{key}", {"lines": [bare]})
    assert (answer.status_code, "has no price" in answer.json["error"]["message"]) == (400, True)
    answer = doors.ordo("PATCH", f"/orders/{key}", {"lines": [bare | {"unit_price": 0}]})
    assert answer.json["total"] == "0.00"


def test_a_key_tells_whose_it_is(doors):
    assert doors.ordo("GET", "/organization").json == {"id": "org-61", "name": "Greenleaf Farms"}
    assert doors.ordo("GET", "/organization", world="sunrise").json["name"] == "Sunrise Brands"


@pytest.mark.parametrize("brand", ["greenleaf kitchen", "Greenleaf", "Sunrise Gardens", "", None])
def test_a_brand_that_the_organisation_does_not_have_is_refused(doors, brand):
    answer = doors.ordo("PUT", "/items/1", item_body(brand=brand))
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "unknown_brand")
    assert doors.ordo("GET", "/items?external_id=1").json["data"] == []


@pytest.mark.parametrize(
    "fields",
    [{"sku": ""}, {"sku": None}, {"sku": 5}, {"sku": "x" * 256}, {"name": " "}, {"price": -1}, {"price": "x"},
     {"price": True}, {"sellable_quantity": -1}, {"sellable_quantity": None},
     {"sellable_quantity": 1e30}, {"updated_at": "yesterday"}, {"updated_at": 5}, {"category": 5},
     {"colour": "green"}, {"brand": ["Greenleaf Kitchen"]}],
    ids=str,
)  # fmt: skip
def test_an_item_that_is_not_valid_is_refused_and_not_kept(doors, fields):
    answer = doors.ordo("PUT", "/items/1", item_body(**fields))
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "invalid")
    assert answer.json["error"]["field"] in fields
    assert doors.ordo("GET", "/items?external_id=1").json["data"] == []


@pytest.mark.parametrize("body", [b"{", b"[]", b"", b"\xff", b"null", b'{"price": NaN}', b"[" * 3000])
@pytest.mark.parametrize("path", ["PUT /items/1", "PATCH /orders/1"])
def test_a_body_that_is_no_json_object_is_refused(doors, path, body):
    method, where = path.split()
    headers = {"Authorization": "Bearer or-greenleaf-key"}
    answer = doors.call(method, ORDO_BASE + where, data=body, headers=headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "invalid")


def test_the_rate_is_free_until_it_is_set_and_counts_each_organisation(doors):
    assert doors.control("GET", "/settings").json["ordo_rate_limit"] == 0
    assert all(doors.ordo("GET", "/brands").status_code == 200 for _ in range(20))
    assert doors.control("POST", "/settings", {"ordo_rate_limit": 3}).json["ordo_rate_limit"] == 3
    answers = [doors.ordo("GET", "/brands") for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert answers[-1].json["error"]["code"] == "rate_limited"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 20
    assert doors.ordo("GET", "/brands", world="sunrise").status_code == 200
    doors.control("POST", "/settings", {"ordo_rate_limit": None})
    assert doors.ordo("GET", "/brands").status_code == 200


def test_the_ledger_has_each_request_with_its_key(doors):
    doors.ordo("GET", "/brands?limit=1")
    doors.ordo("PUT", "/items/1", item_body(brand="none"))
    rows = doors.control("GET", "/ledger?platform=ordo").json
    assert [(row["key"], row["method"], row["path"], row["status"]) for row in rows[-2:]] == [
        ("or-greenleaf-key", "GET", "/ordo/v1/brands?limit=1", 200),
        ("or-greenleaf-key", "PUT", "/ordo/v1/items/1", 422),
    ]
