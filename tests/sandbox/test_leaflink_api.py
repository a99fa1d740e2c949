"""LeafLink's transport: keys, slashes, paging, other companies, the rate limit, lookups."""

import pytest

from sandbox.leaflink.limits import BURST, PER_MINUTE
from sandbox.rates import RateLimit, Rates
from tests.sandbox.doors import LEAFLINK_BASE, SKU


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("App ll-greenleaf-key", 200),
        ("Token ll-greenleaf-key", 200),
        ("App wrong", 401),
        ("Bearer ll-greenleaf-key", 401),
        ("App fl-greenleaf-key", 401),
        ("", 401),
    ],
)
def test_a_key_opens_its_own_company(doors, header, status):
    answer = doors.call(
        "GET", f"{LEAFLINK_BASE}/companies/", headers={"Authorization": header} if header else {}
    )
    assert answer.status_code == status
    if status == 200:
        assert [company["name"] for company in answer.json["results"]] == ["Greenleaf Farms"]
    else:
        assert list(answer.json) == ["detail"]


def test_a_path_without_its_last_slash_is_a_bad_request(doors):
    assert doors.leaflink("GET", "/products").status_code == 400


@pytest.mark.parametrize("kind", ["products", "customers", "company-staff", "brands", "orders-received"])
def test_another_company_s_things_are_not_found(doors, kind):
    doors.order()
    key = "number" if kind == "orders-received" else "id"
    first = doors.leaflink("GET", f"/{kind}/?limit=1").json["results"][0][key]
    assert doors.leaflink("GET", f"/{kind}/{first}/").status_code == 200
    assert doors.leaflink("GET", f"/{kind}/{first}/", world="sunrise").status_code == 404


def test_paging_goes_through_every_product_once_by_next(doors):
    seen: list[int] = []
    path: str | None = "/products/?limit=75&listing_state=Available"
    while path:
        page = doors.leaflink("GET", path).json
        seen += [product["id"] for product in page["results"]]
        assert page["next"] is None or page["next"].startswith("http://localhost/leaflink/api/v2/products/?")
        path = page["next"].removeprefix("http://localhost" + LEAFLINK_BASE) if page["next"] else None
    assert len(seen) == len(set(seen)) == page["count"] == 396


@pytest.mark.parametrize(
    ("query", "count"),
    [
        (f"sku={SKU}", 1),
        (f"sku={SKU},GL-PR1-BLUDRE", 2),
        ("sku=gl-fl35-bludre", 0),
        ("archived=true", 0),
        ("modified__gte=2999-01-01T00:00:00Z", 0),
        ("nonsense=1", 396),
    ],
)
def test_products_are_found(doors, query, count):
    assert doors.leaflink("GET", f"/products/?{query}").json["count"] == count


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("license_number=C10-0000214-LIC", 1),
        ("license_number__in=C10-0000214-LIC,C10-0000215-LIC", 2),
        ("license_number__startswith=C10-", 120),
        ("license_number=c10-0000214-lic", 0),
    ],
)
def test_customers_are_found_by_license(doors, query, count):
    assert doors.leaflink("GET", f"/customers/?{query}").json["count"] == count


@pytest.mark.parametrize("query", ["modified__gte=yesterday", "brand=x", "archived=maybe"])
def test_a_filter_that_cannot_be_read_is_refused(doors, query):
    assert doors.leaflink("GET", f"/products/?{query}").status_code == 400


@pytest.mark.parametrize("body", ["{", "[1]", '"x"', ""])
def test_a_body_that_is_no_object_is_refused(doors, body):
    answer = doors.call(
        "PATCH", f"{LEAFLINK_BASE}/orders-received/{doors.order()['number']}/", data=body,
        headers={"Authorization": "App ll-greenleaf-key"}, content_type="application/json",
    )  # fmt: skip
    assert answer.status_code == 400


def test_a_burst_passes_at_once_and_then_the_steady_rate():
    limit = RateLimit()
    allowed = sum(limit.count("someone", Rates(PER_MINUTE, BURST)).allowed for _ in range(BURST))
    assert BURST - PER_MINUTE <= allowed <= BURST - PER_MINUTE + 5
    assert limit.count("someone else", Rates(PER_MINUTE, BURST)).allowed


def test_a_second_has_its_own_bound():
    limit, rates = RateLimit(), Rates(per_minute=0, burst=BURST, per_second=8)
    standings = [limit.count("someone", rates) for _ in range(9)]
    assert [each.allowed for each in standings] == [True] * 8 + [False]
    assert [each.remaining for each in standings] == [7, 6, 5, 4, 3, 2, 1, 0, 0]
    assert 0 < standings[-1].reset_seconds <= 1


def statuses(doors, count, key="ll-greenleaf-key"):
    headers = {"Authorization": f"App {key}"}
    path = f"{LEAFLINK_BASE}/companies/"
    return [doors.call("GET", path, headers=headers).status_code for _ in range(count)]


def test_requests_beyond_the_limit_get_429_and_are_told_when_to_come_again(doors):
    doors.control("POST", "/settings", {"leaflink_rate_limit": 1, "leaflink_burst": 5})
    assert statuses(doors, 5) == [200, 200, 200, 200, 429]
    answer = doors.leaflink("GET", "/companies/")
    assert answer.json == {"detail": "Request was throttled."}
    assert (answer.headers["RateLimit-Limit"], answer.headers["RateLimit-Remaining"]) == ("5", "0")
    assert 55 <= int(answer.headers["RateLimit-Reset"]) <= 60
    assert answer.headers["Retry-After"] == answer.headers["RateLimit-Reset"]


def test_what_is_left_is_told_with_each_answer(doors):
    doors.control("POST", "/settings", {"leaflink_rate_limit": 300, "leaflink_per_second": 8})
    answer = doors.leaflink("GET", "/companies/", world="sunrise")
    assert (answer.headers["RateLimit-Limit"], answer.headers["RateLimit-Remaining"]) == ("8", "7")
    assert "Retry-After" not in answer.headers


def test_the_rate_is_counted_by_owner_and_not_by_key(doors):
    doors.control("POST", "/leaflink/keys/second", {"company": "sunrise", "owner": "somebody"})
    doors.control("POST", "/leaflink/keys/third", {"company": "greenleaf", "owner": "somebody"})
    doors.control("POST", "/settings", {"leaflink_rate_limit": 1, "leaflink_burst": 5})
    assert statuses(doors, 2, "second") == [200, 200]
    assert statuses(doors, 3, "third") == [200, 200, 429]


@pytest.mark.parametrize("lifted", [0, None])
def test_a_lifted_limit_lets_everything_through_and_tells_nothing(doors, lifted):
    doors.control("POST", "/settings", {"leaflink_rate_limit": 1, "leaflink_burst": 2})
    statuses(doors, 2)
    shown = doors.control("POST", "/settings", {"leaflink_rate_limit": lifted}).json
    assert shown["leaflink_rate_limit"] == 0
    answer = doors.leaflink("GET", "/companies/")
    assert answer.status_code == 200
    assert not [name for name, _ in answer.headers if name.lower().startswith("ratelimit")]


READ, WRITE, NONE = "read", "write", "none"
NUMBER = "{number}"
OPENED = [
    ("GET", f"/orders-received/{NUMBER}/", {"orders": READ}, True),
    ("GET", f"/orders-received/{NUMBER}/", {"products": WRITE, "customers": WRITE}, False),
    ("PATCH", f"/orders-received/{NUMBER}/", {"orders": WRITE}, True),
    ("PATCH", f"/orders-received/{NUMBER}/", {"orders": READ, "products": WRITE}, False),
    ("POST", f"/orders-received/{NUMBER}/transition/accept/", {"orders": WRITE}, True),
    ("POST", f"/orders-received/{NUMBER}/transition/accept/", {"orders": READ}, False),
    ("GET", f"/orders-received/{NUMBER}/line-items/", {"orders": READ}, True),
    ("GET", "/line-items/", {"products": WRITE}, False),
    ("GET", "/order-event-logs/", {"orders": READ}, True),
    ("GET", "/products/", {"products": READ}, True),
    ("GET", "/products/", {"orders": WRITE}, False),
    ("GET", "/batches/", {"products": READ}, True),
    ("GET", "/brands/", {"orders": READ}, True),
    ("GET", "/brands/", {"products": READ}, True),
    ("GET", "/brands/", {"customers": WRITE}, False),
    ("GET", "/customers/", {"customers": READ}, True),
    ("GET", "/customers/", {"orders": WRITE, "products": WRITE}, False),
    ("GET", "/license-types/", {"customers": READ}, True),
    ("GET", "/licenses/", {"products": READ}, False),
    ("GET", "/licenses/", {"products": WRITE}, True),
    ("GET", "/company-staff/", {"customers": READ}, True),
    ("GET", "/companies/", {"products": READ}, True),
    ("GET", "/companies/", {}, False),
]


@pytest.mark.parametrize(
    ("method", "path", "permissions", "opens"), OPENED, ids=[f"{row[0]} {row[1]} {row[2]}" for row in OPENED]
)
def test_a_key_opens_what_its_permissions_cover(doors, method, path, permissions, opens):
    number = doors.order()["number"]
    asked = {"permissions": {"orders": NONE, "products": NONE, "customers": NONE} | permissions}
    assert doors.control("POST", "/leaflink/keys/ll-greenleaf-key", asked).status_code == 200
    body = {"notes": "x"} if method == "PATCH" else None
    answer = doors.leaflink(method, path.replace(NUMBER, number), body)
    assert answer.status_code == (200 if opens else 403)
    if not opens:
        assert answer.json == {"detail": "You do not have permission to perform this action."}


def test_keys_are_made_listed_and_revoked(doors):
    made = doors.control(
        "POST", "/leaflink/keys/new", {"company": "greenleaf", "permissions": {"orders": READ}}
    )
    assert made.json["permissions"] == {"orders": READ, "products": WRITE, "customers": WRITE}
    assert statuses(doors, 1, "new") == [200]
    listed = {each["key"]: each for each in doors.control("GET", "/leaflink/keys").json}
    assert list(listed) == ["ll-greenleaf-key", "ll-sunrise-key", "ll-ember-key", "ll-verde-key", "new"]
    assert listed["new"]["owner"] == listed["ll-greenleaf-key"]["owner"]
    doors.control("POST", "/leaflink/keys/ll-greenleaf-key", {"active": False})
    assert statuses(doors, 1) == [401]
    assert statuses(doors, 1, "new") == [200]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"company": "moonrise"},
        {"company": 4},
        {"company": "greenleaf", "permissions": {"orders": "all"}},
        {"company": "greenleaf", "permissions": {"secrets": "read"}},
        {"company": "greenleaf", "permissions": []},
        {"company": "greenleaf", "active": "no"},
        {"company": "greenleaf", "owner": 4},
    ],
)
def test_a_key_that_cannot_be_is_refused(doors, asked):
    assert doors.control("POST", "/leaflink/keys/new", asked).status_code == 400
    assert statuses(doors, 1, "new") == [401]
