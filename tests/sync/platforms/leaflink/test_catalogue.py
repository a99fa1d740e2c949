"""Products of LeafLink: read strictly, written in LeafLink's words, and looked up by name."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import responses

from portal.sync.addresses import check_address
from portal.sync.domain import Product, StockKind
from portal.sync.drafts import ProductDraft
from portal.sync.errors import ConnectionBroken, Rejected, Unreadable, Unsettled
from portal.sync.http import Caller
from portal.sync.platforms.leaflink import LEAFLINK
from portal.sync.platforms.leaflink.catalogue import DENOMINATIONS, LISTING_STATES, UNITS, read_product
from portal.sync.platforms.leaflink.client import LeafLinkClient
from portal.sync.questions import (
    BrandNamed,
    CategoryNamed,
    LineNamed,
    Named,
    NamedCategory,
    OwnLicenses,
    StrainNamed,
)
from tests.sync.fakes import FakeCalls
from tests.sync.platforms.leaflink.examples import product, without

COMPANY = {"companies/": {"results": [{"id": 7, "name": "Acme", "seller": True}], "next": None}}


def client(**replies) -> tuple[LeafLinkClient, FakeCalls]:
    calls = FakeCalls({**COMPANY, **replies})
    return LeafLinkClient(calls, lambda *_: None), calls


def read(**changes) -> Product:
    return read_product(product(**changes), lambda *_: None)


def page(*rows, following=None, count=None):
    return {"count": len(rows) if count is None else count, "next": following, "results": list(rows)}


def test_a_product_is_read_whole():
    found = read()
    assert (found.ref, found.sku, found.unit, found.multiplier) == ("501", "PR-1", "ea", 24)
    assert (found.quantity, found.reserved, found.available) == (Decimal(120), Decimal(24), Decimal(96))
    assert (found.price, found.sale_price) == (Decimal("114.00"), Decimal(0))
    assert (found.brand, found.line, found.category, found.subcategory) == ("31", "", "4", "9")
    assert (found.strains, found.strain_class, found.parent) == (("12", "7"), "hybrid", "")
    assert (found.listed, found.archived) == (True, False)
    assert found.updated_at == datetime(2026, 11, 20, 16, 14, 49, 494713, tzinfo=UTC)


@pytest.mark.promise("LL-9")
@pytest.mark.parametrize(("state", "listed"), list(LISTING_STATES.items()))
def test_every_listing_state_is_known(state, listed):
    found = read(listing_state=state)
    assert (found.listed, found.archived) == (listed, state == "Archived")


@pytest.mark.promise("LL-28")
@pytest.mark.parametrize(
    ("written", "kind"),
    [
        (1, StockKind.MANAGED),
        ("2", StockKind.UNLIMITED),
        (3, StockKind.INHERITED),
        ("3", StockKind.INHERITED),
        ("Inherited", StockKind.INHERITED),
    ],
)
def test_stock_is_managed_unlimited_or_inherited_however_it_is_written(written, kind):
    assert read(inventory_management=written).stock_kind is kind


@pytest.mark.promise("LL-11")
@pytest.mark.parametrize(("unit", "uom"), list(UNITS.items()))
def test_every_unit_has_flourishs_word(unit, uom):
    assert read(unit_of_measure=unit).unit == uom


@pytest.mark.parametrize("number", list(DENOMINATIONS))
def test_a_denomination_is_read_from_its_object_or_its_id(number):
    assert read(unit_denomination=number).denomination == Decimal(DENOMINATIONS[number])
    shown = {"id": number, "value": DENOMINATIONS[number], "name": "", "label": ""}
    assert read(unit_denomination=shown).denomination == Decimal(DENOMINATIONS[number])


SHAPES = [
    # what LeafLink writes, in which field, and what is read of it
    ({"wholesale_price": "12.50"}, "price", Decimal("12.50")),
    ({"wholesale_price": {"amount": Decimal("12.5"), "currency": "USD"}}, "price", Decimal("12.5")),
    ({"wholesale_price": None}, "price", None),
    ({"unit_denomination": None}, "denomination", Decimal(1)),
    ({"unit_multiplier": 0}, "multiplier", 1),
    ({"unit_multiplier": None}, "multiplier", 1),
    ({"available_inventory": None}, "available", Decimal(96)),
    ({"available_inventory": Decimal("-3.5")}, "available", Decimal("-3.5")),
    ({"quantity": None}, "quantity", Decimal(0)),
    ({"sku": None}, "sku", ""),
    ({"parent": {"id": 77}}, "parent", "77"),
    ({"parent": 77}, "parent", "77"),
    ({"brand": {"id": 31, "name": "Acme"}}, "brand", "31"),
    ({"strains": [{"id": 3, "name": "OG"}, 5]}, "strains", ("3", "5")),
    ({"strains": None}, "strains", ()),
    ({"strain_classification": None}, "strain_class", ""),
    ({"children_count": 2}, "children", 2),
]


@pytest.mark.parametrize(("changes", "field", "expected"), SHAPES, ids=lambda value: str(value)[:60])
def test_each_shape_that_was_seen_is_read(changes, field, expected):
    assert getattr(read(**changes), field) == expected


UNKNOWN = [
    ({"listing_state": "Hidden"}, "listing_state"),
    ({"listing_state": None}, "listing_state"),
    ({"inventory_management": 4}, "inventory_management"),
    ({"inventory_management": None}, "inventory_management"),
    ({"unit_of_measure": "Case"}, "unit_of_measure"),
    ({"unit_of_measure": "gram"}, "unit_of_measure"),
    ({"unit_denomination": 99}, "unit_denomination"),
    ({"unit_denomination": {"id": 1}}, "unit_denomination.value"),
    ({"quantity": "many"}, "quantity"),
    ({"quantity": True}, "quantity"),
    ({"reserved_qty": "1e99"}, "reserved_qty"),
    ({"unit_multiplier": Decimal("1.5")}, "unit_multiplier"),
    ({"wholesale_price": {"amount": 1, "currency": "CAD"}}, "wholesale_price.currency"),
    ({"strains": "12"}, "strains"),
    ({"brand": [1]}, "brand"),
    ({"modified": "yesterday"}, "modified"),
    ({"id": None}, "id"),
]


@pytest.mark.parametrize(("changes", "field"), UNKNOWN, ids=lambda value: str(value)[:60])
def test_what_is_not_understood_is_named_and_never_guessed(changes, field):
    with pytest.raises(Unreadable) as caught:
        read(**changes)
    assert caught.value.field == field


@pytest.mark.parametrize("name", ["quantity", "listing_state", "modified", "sku"])
def test_a_field_that_is_gone_is_named(name):
    with pytest.raises(Unreadable, match=name):
        read_product(without(product(), name), lambda *_: None)


def test_pages_of_products_are_followed_and_one_unreadable_row_stops_no_other():
    second = "https://app.leaflink.com/api/v2/products/?offset=100"
    leaflink, calls = client(
        **{
            "products/": page(product(), product(id=502, listing_state="New"), following=second, count=3),
            second: page(product(id=503), count=3),
        }
    )
    pages = list(leaflink.products(datetime(2026, 11, 20, 9, tzinfo=UTC)))
    assert [[row.ref for row in found.rows] for found in pages] == [["501"], ["503"]]
    assert [(ref, error.field) for ref, error in pages[0].unreadable] == [("502", "listing_state")]
    assert [found.position for found in pages] == [second, ""]
    assert pages[0].total == 3
    assert calls.calls[0].query == {"limit": 100, "modified__gte": "2026-11-20T09:00:00+00:00"}


@pytest.mark.promise("LL-27")
def test_a_pull_goes_on_at_the_page_where_it_broke_off():
    second = "https://app.leaflink.com/api/v2/products/?offset=100"
    leaflink, calls = client(**{second: page(product(id=503))})
    assert [row.ref for found in leaflink.products(None, second) for row in found.rows] == ["503"]
    assert [call.path for call in calls.calls] == [second]


def test_pages_that_go_round_in_a_circle_are_noticed():
    first = "https://app.leaflink.com/api/v2/products/?offset=0"
    leaflink, _ = client(**{"products/": page(following=first), first: page(following=first)})
    with pytest.raises(Unreadable, match="leads back"):
        list(leaflink.products(None))


def test_one_product_is_read_or_is_none():
    leaflink, _ = client(**{"products/501/": product()})
    found = leaflink.product("501")
    assert found is not None
    assert found.sku == "PR-1"
    assert leaflink.product("502") is None


@pytest.mark.promise("LL-1")
def test_products_of_a_sku_are_those_with_exactly_this_one():
    rows = page(product(), product(id=502, sku=" PR-1"), product(id=503, sku="pr-1"))
    leaflink, calls = client(**{"products/": rows})
    assert [found.ref for found in leaflink.products_by_sku("PR-1")] == ["501", "502"]
    assert calls.calls[0].query["sku"] == "PR-1"


def test_a_sku_with_a_comma_is_no_question_for_several():
    leaflink, calls = client()
    assert leaflink.products_by_sku("PR,1") == ()
    assert calls.calls == []


WRITES = [
    ("available", Decimal("12"), {"available_inventory": "12"}),
    ("quantity", Decimal("0"), {"quantity": "0"}),
    ("available", Decimal("1200000"), {"available_inventory": "1200000"}),
    ("available", Decimal("0.5"), {"available_inventory": "0.5"}),
]


@pytest.mark.promise("LL-11")
@pytest.mark.parametrize(("field", "value", "body"), WRITES)
def test_stock_is_one_call_that_answers_with_the_product(field, value, body):
    leaflink, calls = client(**{"PATCH products/501/": product(available_inventory="12.0000")})
    assert leaflink.set_stock("501", field, value).available == Decimal(12)
    assert [(call.method, call.path, call.body) for call in calls.calls] == [("PATCH", "products/501/", body)]


def test_changes_are_written_in_leaflinks_words():
    leaflink, calls = client(**{"PATCH products/501/": product()})
    leaflink.update_product(
        "501",
        {
            "name": "Pre-Roll",
            "description": "One gram",
            "brand": "31",
            "line": "",
            "category": "4",
            "subcategory": "9",
            "strains": ["12", "7"],
            "strain_class": "hybrid",
            "price": "114",
        },
    )
    assert calls.calls[0].body == {
        "name": "Pre-Roll",
        "description": "One gram",
        "brand": 31,
        "product_line": None,
        "category": 4,
        "sub_category": 9,
        "strains": [12, 7],
        "strain_classification": "hybrid",
        "wholesale_price": {"amount": "114", "currency": "USD"},
    }


@pytest.mark.promise("LL-9")
def test_a_product_that_is_made_is_available_and_its_sellers():
    leaflink, calls = client(**{"POST products/": product(id=900)})
    draft = ProductDraft(
        "PR-1",
        {"name": "Pre-Roll", "unit": "g", "quantity": "5", "multiplier": 10, "brand": "31", "price": "9.5"},
        {"license": "3", "minimum_order": "0.01"},
    )
    assert leaflink.create_product(draft).ref == "900"
    assert calls.calls[-1].body == {
        "sku": "PR-1",
        "name": "Pre-Roll",
        "brand": 31,
        "wholesale_price": {"amount": "9.5", "currency": "USD"},
        "seller": 7,
        "license": 3,
        "minimum_order": "0.01",
        "listing_state": "Available",
        "inventory_management": 1,
        "unit_of_measure": "Gram",
        "quantity": "5",
        "unit_multiplier": 10,
        "sell_in_unit_of_measure": "Case",
    }


UNCLEAR = [{"id": 501}, [], "text", product(listing_state="Hidden")]


@pytest.mark.parametrize("answer", UNCLEAR, ids=lambda value: str(value)[:40])
def test_a_write_that_answers_with_no_product_is_unsettled_and_not_failed(answer):
    replies = {"PATCH products/501/": answer, "POST products/": answer}
    leaflink, _ = client(**replies)
    for act in (
        lambda: leaflink.set_stock("501", "available", Decimal(1)),
        lambda: leaflink.update_product("501", {"name": "A"}),
        lambda: leaflink.create_product(ProductDraft("A", {"unit": "ea"}, {})),
    ):
        with pytest.raises(Unsettled):
            act()


@responses.activate
def test_a_refusal_names_the_field_as_leaflink_does():
    address = check_address(LEAFLINK.default_base_url, hosts=LEAFLINK.hosts, allow_loopback=False)
    url = "https://app.leaflink.com/api/v2/products/501/"
    responses.add("PATCH", url, json={"sku": ["SKUs cannot contain commas."]}, status=400)
    headers = {"Authorization": "App k3y"}
    with Caller(address, headers, label="LeafLink", turnstile=lambda: None, user_agent="Trellis") as calls:
        leaflink = LeafLinkClient(calls)
        with pytest.raises(Rejected) as caught:
            leaflink.update_product("501", {"name": "A"})
    assert (caught.value.field, caught.value.http_status) == ("sku", 400)


BRANDS = page({"id": 31, "name": "Acme", "company": 7}, {"id": 32, "name": "ACME!", "company": 7})


@pytest.mark.promise("LL-5")
def test_a_brand_is_one_of_the_accounts_own_by_its_exact_name_else_near():
    leaflink, calls = client(**{"brands/": BRANDS})
    assert leaflink.look_up(BrandNamed("Acme")) == (Named("31", "Acme"),)
    assert leaflink.look_up(BrandNamed("acme")) == (Named("31", "Acme"), Named("32", "ACME!"))
    assert leaflink.look_up(BrandNamed("Other")) == ()
    assert [call.query.get("company") for call in calls.calls if call.path == "brands/"] == ["7"]


@pytest.mark.promise("LL-6")
def test_a_line_is_one_of_its_brand():
    lines = page({"id": 5, "name": "Gold", "brand": 31}, {"id": 6, "name": "gold", "brand": 31})
    leaflink, calls = client(**{"product-lines/": lines})
    assert leaflink.look_up(LineNamed("Gold", "31")) == (Named("5", "Gold"),)
    assert leaflink.look_up(LineNamed("GOLD", "31")) == (Named("5", "Gold"), Named("6", "gold"))
    assert calls.calls[0].query["brand"] == "31"


CATEGORIES = {
    "product-categories/": page(
        {"id": 1, "name": "Flower", "slug": "flower"},
        {"id": 2, "name": "Edibles & Ingestibles", "slug": "edibles"},
    ),
    "product-subcategories/": page(
        {"id": 10, "name": "Gummies", "slug": "gummies", "category": 2},
        {"id": 11, "name": "Indoor", "slug": "indoor", "category": 1},
        {"id": 12, "name": "Gummies", "slug": "flower-gummies", "category": 1},
    ),
}


@pytest.mark.promise("LL-8")
def test_a_category_is_found_by_name_or_slug_with_its_own_subcategory():
    leaflink, calls = client(**CATEGORIES)
    edibles = NamedCategory(Named("2", "Edibles & Ingestibles"), Named("10", "Gummies"))
    assert leaflink.look_up(CategoryNamed("edibles", "GUMMIES")) == (edibles,)
    assert leaflink.look_up(CategoryNamed("Edibles & Ingestibles", "gummies")) == (edibles,)
    assert leaflink.look_up(CategoryNamed("Flower", "Outdoor")) == (
        NamedCategory(Named("1", "Flower"), None),
    )
    assert leaflink.look_up(CategoryNamed("Toys", "Gummies")) == ()
    assert len(calls.calls) == 2


@pytest.mark.promise("LL-4")
def test_a_strain_is_found_whatever_its_case_and_made_when_it_is_missing():
    def strains(query):
        own = [{"id": 3, "name": "Blue Dream", "company": 7}]
        found = own if "company" in query else [row for row in own if row["name"] == query["name"]]
        return page(*found)

    leaflink, calls = client(**{"strains/": strains, "POST strains/": {"id": 4, "name": "OG"}})
    assert leaflink.look_up(StrainNamed("Blue Dream")) == (Named("3", "Blue Dream"),)
    assert leaflink.look_up(StrainNamed("BLUE DREAM")) == (Named("3", "Blue Dream"),)
    assert leaflink.look_up(StrainNamed("OG")) == ()
    assert leaflink.create_strain("OG", "indica") == "4"
    assert calls.asked("POST")[0].body == {
        "name": "OG",
        "strain_classification": "indica",
        "parents": [],
        "company": 7,
    }
    asked = len(calls.calls)
    leaflink.look_up(StrainNamed("OG"))
    assert len(calls.calls) == asked + 2


def test_a_strain_that_was_made_without_an_id_in_the_answer_is_unsettled():
    with pytest.raises(Unsettled):
        client(**{"POST strains/": {"name": "OG"}})[0].create_strain("OG", "na")


def test_licenses_are_normalised_and_left_out_for_a_key_that_may_not_read_them():
    row = {"id": 70, "number": "C11-0000777-LIC  Adult", "type": "x"}
    assert client(**{"licenses/": page(row)})[0].look_up(OwnLicenses()) == (Named("70", "C11-0000777-LIC"),)
    assert client(**{"licenses/": ConnectionBroken("no", http_status=403)})[0].look_up(OwnLicenses()) == ()
    with pytest.raises(ConnectionBroken):
        client(**{"licenses/": ConnectionBroken("no", http_status=401)})[0].look_up(OwnLicenses())
