"""Products' pages: every SKU in one state, found by its beginning, with both sides beside each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from portal.models import AuditEvent, Connection, Link, MirroredItem, MirroredProduct, utc_now
from portal.sync.batches import Batch
from portal.sync.engine.marks import PRIORITY
from portal.sync.mapping.facts import batch_facts, item_facts, product_facts
from tests.sync.mapping.shelves import item, product
from tests.web import factory, shelves


@pytest.fixture
def shelf(sessions, company):
    """Four SKUs: linked, only in Flourish, only on LeafLink, stuck."""
    with sessions.tenant(company.id) as session:
        made = {
            "linked": shelves.product(session, company, "AB-35"),
            "flourish": shelves.product(
                session, company, "GG-1", name="Gorilla Glue Gram", state="skipped", sides=("flourish",),
                decision_text="E-commerce is off.", decision_code="ecommerce_off",
            ),
            "platform": shelves.product(
                session, company, "OG-14", name="OG Kush Smalls", state="skipped", sides=("platform",),
                decision_text="Flourish has no item with the SKU OG-14.", decision_code="no_item",
            ),
            "stuck": shelves.product(
                session, company, "ZK-2", name="Zkittlez", state="stuck", decision_text="Two items have it.",
            ),
        }  # fmt: skip
        return {name: link.id for name, link in made.items()}


def listed(text: str) -> list[str]:
    return [sku for sku in ("AB-35", "GG-1", "OG-14", "ZK-2") if f">{sku}</a>" in text]


@pytest.mark.parametrize(
    ("query", "skus"),
    [
        ("", ["AB-35", "GG-1", "OG-14", "ZK-2"]),
        ("q=AB", ["AB-35"]),
        ("q=kush", ["OG-14"]),
        ("q=ream", []),
        ("q=3.5", ["AB-35"]),
        ("state=stuck", ["ZK-2"]),
        ("state=skipped", ["GG-1", "OG-14"]),
        ("side=both", ["AB-35", "ZK-2"]),
        ("side=flourish", ["GG-1"]),
        ("side=platform", ["OG-14"]),
        ("code=no_item", ["OG-14"]),
        ("state=skipped&side=flourish", ["GG-1"]),
        # What is no choice is no filter.
        ("state=lost&side=moon&connection=x", ["AB-35", "GG-1", "OG-14", "ZK-2"]),
    ],
)
@pytest.mark.promise("LL-1")
def test_skus_are_found_by_state_side_and_beginning(shelf, admin, company, query, skus):
    assert listed(admin.get(f"/t/{company.slug}/products?{query}").text) == skus


def test_each_sku_is_in_one_state_and_the_counts_lead_there(shelf, admin, company):
    text = admin.get(f"/t/{company.slug}/products").text

    for words, count in (("Linked", 1), ("Waiting", 0), ("Not synced", 2), ("Stuck", 1)):
        assert f'{words}: <b class="num">{count}</b>' in text


def test_one_product_shows_both_sides_the_reason_and_its_history(shelf, admin, company, sessions):
    with sessions.tenant(company.id) as session:
        link = session.get_one(Link, shelf["linked"])
        factory.event(session, link, "Stock written: 228", side="platform")

    text = admin.get(f"/t/{company.slug}/products/{shelf['linked']}").text

    for words in (
        "Both sides agree.",
        "i-AB-35",
        "p-AB-35",
        "Sellable in Oakland DC",
        "$17.50",
        "228",
        "Stock written",
    ):
        assert words in text
    assert "hx-trigger" not in text.split('id="product-now"')[1][:300]


@pytest.fixture
def by_lot(sessions, company):
    """A product that is sold by batch, whose connection keeps the stock of lots; and one without batches."""
    batch = Batch("5", "90", "", "1", Decimal(12), Decimal(2))
    known = [batch_facts(replace(batch, number=number)) for number in ("FL-A", "FL-B", "FL-C")]
    lots = {"12": {"FL-A": "10", "FL-B": "4", "fl-c": "3"}}
    with sessions.tenant(company.id) as session:
        settings = {"stock_by_lot": True, "stock_facilities": "12"}
        session.execute(update(Connection).values(settings=settings))
        made = {sku: shelves.product(session, company, sku).id for sku in ("FL-28", "PR-1")}
        for row in session.scalars(select(MirroredItem)):
            row.facts, row.lots, row.stock = item_facts(item(sku=row.sku)), lots, {"12": "17"}
        for one in session.scalars(select(MirroredProduct)):
            one.facts = product_facts(product(sku=one.sku))
            one.batches = known if one.sku == "FL-28" else []
    return made


@pytest.mark.promise("LL-11")
def test_a_product_that_is_sold_by_batch_shows_each_lot_on_both_sides_and_why(by_lot, admin, company):
    text = admin.get(f"/t/{company.slug}/products/{by_lot['FL-28']}").text

    assert "Its stock is kept lot by lot" in text
    rows = [" ".join(row.split()) for row in text.split("<tr>") if 'scope="row"' in row]
    assert [row.split(">")[1].partition("<")[0] for row in rows] == ["FL-A", "FL-B", "FL-C", "fl-c"]
    for row, note in zip(
        rows,
        (
            "Agrees",
            "Differs",
            "Differs",
            "no batch of the product has this number",
        ),
        strict=True,
    ):
        assert note in row


@pytest.mark.promise("LL-11")
def test_a_product_without_batches_says_that_it_has_one_quantity(by_lot, admin, company):
    text = admin.get(f"/t/{company.slug}/products/{by_lot['PR-1']}").text

    assert "as one quantity: it has no batches" in text
    assert "Its stock is kept lot by lot" not in text


def test_a_product_that_one_side_lacks_says_so(shelf, admin, company):
    text = admin.get(f"/t/{company.slug}/products/{shelf['flourish']}").text

    assert "Nothing with this SKU." in text
    assert "E-commerce is off." in text


def test_a_stuck_product_asks_for_itself_until_it_is_settled(shelf, admin, company):
    page = f"/t/{company.slug}/products/{shelf['stuck']}"

    assert f'hx-get="{page}/now"' in admin.get(page).text
    assert "Two items have it." in admin.get(f"{page}/now").text


def test_looking_again_marks_the_product_and_is_audited(shelf, admin, company, sessions):
    page = f"/t/{company.slug}/products/{shelf['stuck']}"
    admin.get(page)

    assert admin.post(f"{page}/look").status_code == 303

    with sessions.tenant(company.id) as session:
        assert session.scalar(select(Link.due_at).where(Link.id == shelf["stuck"])) is not None
    assert "had Trellis look again at" in admin.get(f"/t/{company.slug}/audit").text


def test_pages_of_fifty_follow_each_other_in_the_order_of_skus(admin, company, sessions):
    with sessions.tenant(company.id) as session:
        for number in range(53):
            shelves.product(session, company, f"S.K-{number:03}")

    first = admin.get(f"/t/{company.slug}/products").text
    following = first.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    second = admin.get(following).text

    assert "S.K-049</a>" in first
    assert "S.K-050</a>" not in first
    assert [f"S.K-{number:03}</a>" in second for number in range(49, 53)] == [False, True, True, True]


def test_two_items_with_one_sku_are_one_row(admin, company, sessions):
    with sessions.tenant(company.id) as session:
        shelves.product(session, company, "TW-1")
        session.add(shelves.mirrored_item(company, "TW-1", "Twin", "i-another"))

    assert admin.get(f"/t/{company.slug}/products").text.count(">TW-1</a>") == 1


@pytest.mark.parametrize("after", ["x", "0.0", "\x00.", "00000000-0000-0000-0000-000000000000.ZZ"])
def test_a_cursor_that_cannot_be_is_the_first_page_or_an_empty_one(shelf, admin, company, after):
    answer = admin.get(f"/t/{company.slug}/products", query_string={"after": after})

    assert answer.status_code == 200


@pytest.mark.promise("LL-27")
def test_a_long_backlog_says_until_when_it_takes(admin, company, sessions):
    page = f"/t/{company.slug}/products"
    with sessions.tenant(company.id) as session:
        for number in range(9):
            shelves.product(session, company, f"W-{number}", state="waiting", due_at=utc_now())
    assert "wait to be looked at" not in admin.get(page).text

    with sessions.tenant(company.id) as session:
        for number in range(9, 400):
            shelves.product(session, company, f"W-{number}", state="waiting", due_at=utc_now())

    text = " ".join(admin.get(page).text.split())
    assert "400 products of Greenleaf Farms on LeafLink wait to be looked at, orders first." in text
    told = text.split('this takes until about <time datetime="')[1].split('"')[0]
    # 400 calls less the burst of 18, at 3.7 a second.
    assert timedelta(seconds=95) < datetime.fromisoformat(told) - utc_now() < timedelta(seconds=110)


@pytest.mark.promise("LL-26")
def test_one_sku_is_synced_first_by_its_name(admin, company, sessions):
    page = f"/t/{company.slug}/products"
    admin.get(page)

    answer = admin.post(f"{page}/try", {"sku": " NEW-1 ", "connection": str(company.connection_id)})

    assert answer.status_code == 303
    with sessions.tenant(company.id) as session:
        link = session.scalars(select(Link).where(Link.kind == "item")).one()
        assert (link.foreign_id, link.priority < PRIORITY["order"], link.due_at is not None) == (
            "NEW-1",
            True,
            True,
        )
    assert answer.location.endswith(f"/products/{link.id}")


@pytest.mark.parametrize("sku", ["  ", ""])
def test_what_is_no_sku_is_not_tried(admin, company, sku):
    page = f"/t/{company.slug}/products"
    admin.get(page)

    admin.post(f"{page}/try", {"sku": sku, "connection": str(company.connection_id)})

    assert "Nothing was tried: Name a SKU." in admin.get(page).text


def test_no_sku_is_tried_on_another_companys_connection(admin, company, sessions):
    other = factory.company(sessions)
    page = f"/t/{company.slug}/products"
    admin.get(page)

    assert admin.post(f"{page}/try", {"sku": "A", "connection": str(other.connection_id)}).status_code == 404
    assert "Sync one SKU first" in admin.get(page).text


@pytest.mark.promise("ON-9")
def test_what_came_apart_is_unlinked_on_its_page_and_what_is_one_is_not(admin, viewer, company, sessions):
    with sessions.tenant(company.id) as session:
        base = {"item": "i-AB-35", "product": "p-AB-35"}
        apart = shelves.product(
            session, company, "AB-35", state="stuck", decision_code="sku_changed", base=base
        )
        whole = shelves.product(session, company, "GG-1", base=base)
        apart_id, whole_id = apart.id, whole.id
    page, other = (f"/t/{company.slug}/products/{one}" for one in (apart_id, whole_id))
    assert "Unlink them" in admin.get(page).text
    assert "Unlink them" not in viewer.get(page).text
    assert "Unlink them" not in admin.get(other).text

    admin.post(f"{page}/unlink")
    admin.post(f"{other}/unlink")

    assert "Nothing was changed: an equal SKU links them" in admin.get(other).text
    with sessions.tenant(company.id) as session:
        link, kept = session.get_one(Link, apart_id), session.get_one(Link, whole_id)
        assert (link.base, link.due_at is not None) == ({"parted": ["p-AB-35"]}, True)
        assert kept.base == base
        assert session.scalars(select(AuditEvent.action)).all().count("product.unlinked") == 1
