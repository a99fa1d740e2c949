"""The page of writes: all that Trellis changed in a company's systems, filtered, page by page, as a file."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, text

from portal.models import Operation, new_id, utc_now
from portal.queries import writes as queries
from tests.web import factory, shelves
from tests.web.asked import statements
from tests.web.conftest import first

pytestmark = pytest.mark.promise("MO-10")


@pytest.fixture
def page(company):
    return f"/t/{company.slug}/writes"


@pytest.fixture
def written(sessions, company):
    """Four writes: an order was made, told of, refused a cancel; a product is getting its stock."""
    now = utc_now()
    with sessions.tenant(company.id) as session:
        order = factory.order(session, company, label="4F2A-1187", flourish_id="00018842")
        factory.operation(session, order, intent_at=now - timedelta(days=3), response_ref="00018842")
        factory.operation(
            session,
            order,
            kind="move",
            system="leaflink",
            once=False,
            intent_at=now - timedelta(days=2),
            changes=[["Status", "Submitted", "Accepted"]],
        )
        factory.operation(
            session,
            order,
            kind="cancel_order",
            once=False,
            intent_at=now - timedelta(days=1),
            status="refused",
            error="Flourish refused it: goods are allocated",
        )
        product = shelves.product(session, company, "BD-35-LMN")
        factory.operation(
            session,
            product,
            kind="set_stock",
            system="leaflink",
            once=False,
            intent_at=now,
            status="unknown",
            finished_at=None,
            settle_at=now,
            changes=[["Stock", "12", "7"]],
            why="Set the stock in LeafLink from 12 to 7.",
        )
    return order


KINDS_SHOWN = {
    "stock": "Set the stock",
    "cancel": "Cancel the order",
    "move": "Moved the order on",
    "create": "Created the order",
}


def shown(answer):
    """The writes on a page, newest first."""
    assert answer.status_code == 200
    done = re.findall(r"<td>\s*<b>([^<]+)</b>", answer.text)
    return [{words: name for name, words in KINDS_SHOWN.items()}[one] for one in done]


def test_each_write_says_where_to_what_from_what_to_what_why_and_after_whose_doing(viewer, page, written):
    answer = viewer.get(page)
    said = " ".join(answer.text.split())

    assert shown(answer) == ["stock", "cancel", "move", "create"]
    for words in (
        "<del>Submitted</del> → <ins>Accepted</ins>",
        "<del>12</del> → <ins>7</ins>",
        "Being looked for",
        "Refused",
        "Flourish refused it: goods are allocated",
        "Bring it in: Submitted is a status that you chose.",
        "After: Harbor Wellness, LeafLink: Order submitted, 2 lines",
        f'href="{page.removesuffix("writes")}orders/{written.id}">4F2A-1187</a>',
        ">BD-35-LMN</a>",
        "original_order_id",
    ):
        assert words in said, words


FILTERS = {
    "system=flourish": ["cancel", "create"],
    "system=leaflink": ["stock", "move"],
    "system=nonsense": ["stock", "cancel", "move", "create"],
    "kind=set_stock": ["stock"],
    "kind=nonsense": ["stock", "cancel", "move", "create"],
    "outcome=done": ["move", "create"],
    "outcome=refused": ["cancel"],
    "outcome=unclear": ["stock"],
    "outcome=abandoned": [],
    "thing=4f2a1187": ["cancel", "move", "create"],
    "thing=00018": ["cancel", "move", "create"],
    "thing=bd-35": ["stock"],
    "thing=Gelato": [],
    "thing=%25": [],
    "thing=%00": ["stock", "cancel", "move", "create"],
    "system=flourish&outcome=done": ["create"],
    "connection=nonsense": ["stock", "cancel", "move", "create"],
    "connection=00000000-0000-4000-8000-000000000000": [],
    "link=00000000-0000-4000-8000-000000000000": [],
    "since=never&until=9999-12-31": ["stock", "cancel", "move", "create"],
    "after=nonsense": ["stock", "cancel", "move", "create"],
}


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("query", FILTERS)
def test_filters_are_in_the_address_and_hold_for_the_file(viewer, page, query):
    assert shown(viewer.get(f"{page}?{query}")) == FILTERS[query]
    rows = list(csv.DictReader(io.StringIO(viewer.get(f"{page}/writes.csv?{query}").text)))
    assert [{words: name for name, words in KINDS_SHOWN.items()}[row["what"]] for row in rows] == FILTERS[
        query
    ]


def test_days_are_those_of_the_companys_zone(sessions, company, viewer, page):
    late = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)  # still the first of March in Los Angeles
    with sessions.tenant(company.id) as session:
        factory.operation(session, factory.order(session, company), intent_at=late)

    assert shown(viewer.get(f"{page}?since=2026-03-01&until=2026-03-01")) == ["create"]
    assert shown(viewer.get(f"{page}?since=2026-03-02")) == []
    assert shown(viewer.get(f"{page}?until=2026-02-28")) == []


def test_the_order_and_the_connection_lead_to_their_writes(company, viewer, page, written):
    base = page.removesuffix("writes")
    for address, wanted in (
        (f"{base}orders/{written.id}", ["cancel", "move", "create"]),
        (f"{base}connections/{company.connection_id}", ["stock", "cancel", "move", "create"]),
    ):
        there = first(r'href="([^"]+)">What Trellis wrote<', viewer.get(address).text)
        assert shown(viewer.get(there)) == wanted
    assert "Only: <b>4F2A-1187</b>" in viewer.get(f"{page}?link={written.id}").text


def test_another_companys_writes_are_not_there(sessions, as_user, written):
    other = factory.company(sessions)
    stranger = as_user(factory.member(sessions, other, "owner"))
    for query in ("", f"?link={written.id}", f"?connection={written.connection_id}", "?thing=4F2A-1187"):
        answer = stranger.get(f"/t/{other.slug}/writes{query}")
        assert shown(answer) == []
        assert "4F2A-1187</b>" not in answer.text or "thing" in query


def _many(sessions, company, count):
    """So many writes at two moments only, so that a page ends between equal ones."""
    at = utc_now()
    with sessions.tenant(company.id) as session:
        for number in range(count):
            order = factory.order(session, company)
            factory.operation(
                session, order, intent_at=at - timedelta(days=number % 2), response_ref=f"R-{number}"
            )


def test_pages_go_back_without_gap_or_repetition_and_keep_the_filters(sessions, company, viewer, page):
    _many(sessions, company, 120)
    address, seen = f"{page}?outcome=done", []
    for _ in range(3):
        answer = viewer.get(address)
        seen += re.findall(r"R-\d+", answer.text)
        older = re.search(r'href="([^"]+)" rel="next"', answer.text)
        address = older[1].replace("&amp;", "&") if older else ""

    assert address == ""
    assert (len(seen), len(set(seen))) == (120, 120)


def test_a_page_asks_no_more_of_the_database_the_more_it_shows(sessions, company, viewer, page):
    def number():
        with statements() as asked:
            viewer.get(page)
        return len(asked)

    _many(sessions, company, 2)
    few = number()
    _many(sessions, company, 60)
    assert number() == few


def test_a_file_is_read_a_page_and_a_transaction_at_a_time(sessions, company, viewer, page, monkeypatch):
    _many(sessions, company, 25)
    sizes = []
    read = queries.page

    def counting(session, tenant_id, filters, *, after, size=50):
        found = read(session, tenant_id, filters, after=after, size=size)
        sizes.append(len(found.rows))
        return found

    monkeypatch.setattr(queries, "page", counting)
    monkeypatch.setattr("portal.blueprints.writes._AT_ONCE", 10)
    answer = viewer.get(f"{page}/writes.csv", buffered=False)
    rows = list(csv.DictReader(io.StringIO(answer.text)))

    assert sizes == [10, 10, 5]
    assert len({row["answered id"] for row in rows}) == 25


def test_the_file_tells_all_of_it_and_holds_no_formula(sessions, company, viewer, page):
    with sessions.tenant(company.id) as session:
        order = factory.order(session, company, label="=1+1")
        factory.operation(
            session,
            order,
            why="@SUM(A1)",
            changes=[["Note", "", "-2"], ["Total", "4", "5"]],
            request={"email": "kim@mail.example", "sku": "A"},
            http_status=201,
        )

    answer = viewer.get(f"{page}/writes.csv")
    assert answer.headers["Content-Disposition"].startswith(f"attachment; filename={company.slug}-writes-")
    (row,) = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert (row["number"], row["why"]) == ("'=1+1", "'@SUM(A1)")
    assert (row["system"], row["thing"], row["outcome"], row["answer"]) == (
        "Flourish",
        "order",
        "Done",
        "201",
    )
    assert row["changed"] == "Note: -2; Total: 4 → 5"
    assert json.loads(row["sent"]) == {"email": "***", "sku": "A"}
    assert datetime.fromisoformat(row["at"]).utcoffset() in (timedelta(hours=-8), timedelta(hours=-7))


INDEXED = {
    "": "ix_operation_writes",
    "kind": "ix_operation_by_kind",
    "connection_id": "ix_operation_by_connection",
    "system": "ix_operation_by_system",
}


@pytest.fixture
def among_many(sessions, company, written, engine):
    """The four writes, beside so many of a second connection that an index pays."""
    with sessions.tenant(company.id) as session:
        second = factory.connection(session, company.id, company.hub_id, name="Sunrise")
        other = factory.order(session, company, label="OTHER", connection_id=second)
        row = factory.operation(session, other, system="leaflink", once=False)
        values = {column.name: getattr(row, column.name) for column in Operation.__table__.columns}
        session.execute(
            insert(Operation),
            [
                values | {"id": new_id(), "intent_at": row.intent_at - timedelta(minutes=number)}
                for number in range(3000)
            ],
        )
    with engine.begin() as connection:
        connection.execute(text("ANALYZE operation"))
    return written


@pytest.mark.parametrize("narrowed", INDEXED)
def test_the_list_is_read_in_its_order_from_an_index(sessions, company, among_many, narrowed):
    values = {"kind": "move", "connection_id": company.connection_id, "system": "flourish"}
    with sessions.tenant(company.id) as session:
        where = f"AND {narrowed} = :value" if narrowed else ""
        plan = session.scalars(
            text(
                f"EXPLAIN SELECT id FROM operation WHERE tenant_id = :tenant {where}"
                " ORDER BY intent_at DESC, id DESC LIMIT 51"
            ),
            {"tenant": company.id, "value": values.get(narrowed)},
        ).all()
    assert INDEXED[narrowed] in " ".join(plan)
    assert "Sort" not in " ".join(plan)
