"""LeafLink's transport: keys, slashes, paging, other companies, the rate limit, lookups."""

import pytest

from sandbox.leaflink.limits import BURST, PER_MINUTE, RateLimit
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


def test_the_limit_lets_a_burst_through_and_then_asks_for_patience():
    limit = RateLimit()
    allowed = sum(limit.allows("someone") for _ in range(BURST))
    assert BURST - PER_MINUTE <= allowed <= BURST - PER_MINUTE + 5
    assert limit.allows("someone else")


def test_requests_beyond_the_limit_get_429(doors):
    doors.control("POST", "/settings", {"leaflink_rate_limit": 1})
    statuses = [doors.leaflink("GET", "/companies/").status_code for _ in range(705)]
    assert statuses[-1] == 429
    assert statuses.count(200) <= 701
    doors.control("POST", "/settings", {"leaflink_rate_limit": 0})
    assert doors.leaflink("GET", "/companies/").status_code == 200
