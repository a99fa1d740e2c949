"""Flourish's items and what there is of them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from portal.sync.domain import Item, Stock
from portal.sync.errors import Retryable, Unreadable
from portal.sync.flourish.client import FlourishClient
from tests.sync.fakes import FakeCalls
from tests.sync.flourish.examples import many, one

SUMMARY = "/v1/inventory/summary"
STAMP = "2026-11-20T10:00:00.000Z"
ITEM = {
    "id": "00000328",
    "sku": "PR-1",
    "item_name": "Pre-Roll",
    "active": True,
    "uom": "ea",
    "ecommerce_active": 1,
    "item_description": "One gram",
    "retail_display_name": "Pre-Roll, 1 g",
    "ecommerce_item_name": None,
    "brand": " Acme ",
    "item_category": "Pre-Rolls",
    "ecommerce_category_name": "Smoke",
    "ecommerce_sub_category_name": "Singles",
    "strain_name": "Blue Dream",
    "strain_type_name": None,
    "item_strain_type_name": "Hybrid",
    "strain_required": False,
    "price": 12,
    "unit_weight": Decimal("1.5"),
    "weight_uom": "g",
    "ref_field_1": None,
    "ref_field_2": "Gold",
    "last_updated_timestamp": STAMP,
}


def client(**replies) -> tuple[FlourishClient, FakeCalls]:
    calls = FakeCalls(replies)
    return FlourishClient(calls, lambda *_: None), calls


def row(item: str, sellable, **changes):
    found = {"item_id": item, "sku": f"S-{item}", "uom": "ea", "sellable_qty": sellable}
    return {**found, "last_updated_timestamp": STAMP, **changes}


def test_an_item_is_read_whole():
    assert client(**{"/v1/items/328": one(ITEM)})[0].item("328") == Item(
        id="00000328",
        sku="PR-1",
        name="Pre-Roll",
        active=True,
        uom="ea",
        ecommerce=True,
        description="One gram",
        display_name="Pre-Roll, 1 g",
        brand="Acme",
        category="Pre-Rolls",
        custom_category="Smoke",
        custom_subcategory="Singles",
        strain="Blue Dream",
        strain_type="Hybrid",
        strain_required=False,
        price=Decimal(12),
        unit_weight=Decimal("1.5"),
        weight_uom="g",
        ref_fields=("", "Gold", "", "", ""),
        updated_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
    )
    assert client()[0].item("328") is None


def test_an_item_with_nothing_but_its_id_is_read():
    bare = client(**{"/v1/items/1": one({"id": "1", "sku": None, "active": False})})[0].item("1")
    assert bare == Item("1", "", "", active=False, uom="", ref_fields=("",) * 5)


WRONG = [
    {"price": "cheap"},
    {"ecommerce_active": "yes"},
    {"unit_weight": []},
    {"active": None},
    {"brand": {}},
]


@pytest.mark.parametrize("changes", WRONG, ids=str)
def test_what_is_not_understood_is_named_and_stops_no_other_item(changes):
    rows = many(ITEM | changes, ITEM | {"id": "2"})
    (page,) = client(**{"/v1/items": rows})[0].items(None)
    assert [item.id for item in page.rows] == ["2"]
    assert [(ref, error.field.rpartition(".")[2]) for ref, error in page.unreadable] == [
        ("00000328", *changes)
    ]


@pytest.mark.promise("LL-27")
def test_pages_of_items_tell_where_to_go_on():
    def answer(query):
        start = query["offset"]
        rows = [ITEM | {"id": f"{number}"} for number in range(start, min(start + 50, 60))]
        return many(*rows, total=60, following="x" if start == 0 else "")

    flourish, calls = client(**{"/v1/items": answer})
    since = datetime(2026, 11, 20, 9, tzinfo=UTC)
    pages = list(flourish.items(since))
    assert [(len(page.rows), page.position, page.total) for page in pages] == [(50, "50", 60), (10, "", 60)]
    assert calls.calls[0].query["last_updated_timestamp_start"] == "2026-11-20T09:00:00.000Z"
    assert [len(page.rows) for page in flourish.items(since, "50")] == [10]


def test_items_of_a_sku_are_those_with_exactly_this_one_inactive_ones_too():
    rows = many(ITEM, ITEM | {"id": "2", "active": False, "sku": "PR-1 "}, ITEM | {"id": "3", "sku": "pr-1"})
    flourish, calls = client(**{"/v1/items": rows})
    assert [item.id for item in flourish.items_by_sku("PR-1")] == ["00000328", "2"]
    assert calls.calls[0].query["sku"] == "PR-1"


@pytest.mark.promise("LL-11")
def test_the_stock_of_an_item_is_summed_over_lots_and_variations():
    rows = many(
        row("1", 10, lot_number="A"),
        row("2", Decimal("3.5")),
        row("1", Decimal("2.25"), lot_number="B", last_updated_timestamp="2026-11-21T10:00:00.000Z"),
        row("1", -4, item_variation_id="9"),
    )
    flourish, calls = client(**{SUMMARY: rows})
    (found,) = flourish.stock("00000001")
    later = datetime(2026, 11, 21, 10, tzinfo=UTC)
    lots = {"A": Decimal(10), "B": Decimal("2.25"), "": Decimal(-4)}
    assert found[0] == Stock("1", "S-1", Decimal("8.25"), "ea", later, lots)
    assert found[1].sellable == Decimal("3.5")
    assert calls.calls[0].headers == {"FacilityID": "00000001"}


def test_what_is_oversold_is_kept_below_zero():
    assert client(**{SUMMARY: many(row("1", -40))})[0].stock_of("1", "7") == Stock(
        "1", "S-1", Decimal(-40), "ea", datetime(2026, 11, 20, 10, tzinfo=UTC), {"": Decimal(-40)}
    )
    assert client(**{SUMMARY: many()})[0].stock_of("1", "7") is None


@pytest.mark.promise("LL-11")
def test_stock_is_asked_for_lot_by_lot_only_where_that_is_needed():
    flourish, calls = client(**{SUMMARY: many(row("1", 10, lot_number=" A "), row("1", 5, lot_number="B"))})

    found = flourish.stock_of("1", "7", by_lot=True)
    pages = list(flourish.stock_pages("7", by_lot=True))
    flourish.stock_of("1", "7")
    list(flourish.stock_pages("7"))

    assert found is not None
    assert found.lots == {"A": Decimal(10), "B": Decimal(5)}
    assert [row.lots for page in pages for row in page.rows] == [{"A": Decimal(10)}, {"B": Decimal(5)}]
    assert [call.query.get("group_by") for call in calls.calls] == ["lot_number", "lot_number", None, None]


@pytest.mark.promise("LL-11")
def test_of_an_item_that_changed_in_one_lot_all_lots_are_read():
    lots = [row("1", 10, lot_number="A"), row("1", 5, lot_number="B"), row("2", 1)]

    def answer(query):
        if "item_id" in query:
            return many(*(each for each in lots if each["item_id"] in query["item_id"]))
        return many(lots[1])

    flourish, calls = client(**{SUMMARY: answer})
    (found,) = flourish.stock("7", datetime(2026, 11, 20, 9, tzinfo=UTC))
    assert [(stock.item_id, stock.sellable) for stock in found] == [("1", Decimal(15))]
    assert [call.query.get("item_id") for call in calls.calls] == [None, ["1"]]
    assert calls.calls[0].query["last_updated_timestamp_start"] == "2026-11-20T09:00:00.000Z"


def test_many_items_are_asked_for_in_pieces():
    asked = []

    def answer(query):
        if "item_id" not in query:
            start = query["offset"]
            rows = [row(f"{number}", 1) for number in range(start, min(start + 50, 90))]
            return many(*rows, total=90, following="x" if start == 0 else "")
        asked.append(query["item_id"])
        return many(*(row(item, 2) for item in query["item_id"]))

    flourish, _calls = client(**{SUMMARY: answer})
    found = list(flourish.stock("7", datetime(2026, 11, 20, 9, tzinfo=UTC)))
    assert [len(piece) for piece in found] == [len(piece) for piece in asked] == [40, 40, 10]


def test_rows_that_shift_between_pages_make_no_wrong_sum():
    with pytest.raises(Retryable, match="changed while it was read"):
        list(client(**{SUMMARY: many(row("1", 10), row("1", 10))})[0].stock("7"))
    with pytest.raises(Retryable, match="changed while it was read"):
        list(client(**{SUMMARY: many(row("1", 10), total=2)})[0].stock("7"))


@pytest.mark.parametrize("sellable", ["many", True, "1e99", []])
def test_a_quantity_that_is_not_understood_makes_no_sum(sellable):
    with pytest.raises(Unreadable, match="sellable_qty"):
        list(client(**{SUMMARY: many(row("1", 10), row("1", sellable))})[0].stock("7"))
