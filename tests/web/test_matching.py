"""The pages of match keys: one state at a time, what differs, and what people say is the same."""

from __future__ import annotations

import io
import re
import time

import pytest
from sqlalchemy import select, text

from portal.models import Alias, AuditEvent, Connection, Exclusion, Link, MatchedRow
from portal.sync.checks import Entry
from portal.sync.mapping.matching import match
from portal.sync.platforms.leaflink.readiness import BRAND, SKU
from portal.sync.readiness import rows
from tests.web import factory, shelves

MANY = """INSERT INTO match_row (id, tenant_id, connection_id, key, state, sort, left_ref, left_value)
SELECT gen_random_uuid(), :tenant, :connection, 'sku', 'matched', 'sku-' || lpad(number::text, 6, '0'),
    number, 'SKU-' || lpad(number::text, 6, '0') FROM generate_series(0, 99999) AS number"""


@pytest.fixture
def page(company) -> str:
    return f"/t/{company.slug}/connections/{company.connection_id}/matches/sku"


def entries(side, *values):
    return [Entry(f"{side}{place}", value, f"Flower {value}") for place, value in enumerate(values)]


def matched(sessions, company, left, right, key=SKU):
    """Have both sides matched, as a check does it."""
    with sessions.tenant(company.id) as session:
        connection = session.get_one(Connection, company.connection_id)
        rows.store(session, connection, key, match(key, entries("p", *left), entries("i", *right)))


@pytest.fixture
def both(sessions, company):
    """Near, ambiguous, missing on either side and equal."""
    left = ("fl-1001", "gm 2002", "TWICE", "TWICE", "ALPHA", "SAME", "")
    matched(sessions, company, left, ("FL-1001", "GM-2002", "TWICE", "OMEGA", "SAME"))


def ids(sessions, company, state="near"):
    with sessions.tenant(company.id) as session:
        query = select(MatchedRow).where(MatchedRow.state == state).order_by(MatchedRow.sort)
        return [str(row.id) for row in session.scalars(query)]


def states(sessions, company):
    with sessions.tenant(company.id) as session:
        return {(row.left_value, row.right_value): row.state for row in session.scalars(select(MatchedRow))}


def aliased(sessions, company):
    with sessions.tenant(company.id) as session:
        query = select(Alias).where(Alias.undone_at.is_(None)).order_by(Alias.left_value)
        return [(row.left_value, row.right_value) for row in session.scalars(query)]


@pytest.mark.parametrize(
    ("state", "words", "count", "shows"),
    [
        ("near", "Near", 2, "upper and lower case"),
        ("ambiguous", "Ambiguous", 3, "Others have the same value"),
        ("missing_right", "Missing in Flourish", 2, "It has no value to be matched by."),
        ("missing_left", "Missing in LeafLink", 1, "No product in LeafLink has it."),
        ("matched", "Matched", 1, "Equal."),
        ("excluded", "Left out", 0, "Nothing is in this state since"),
    ],
)
@pytest.mark.promise("ON-3")
def test_each_state_has_its_list_and_its_count(both, viewer, page, state, words, count, shows):
    shown = viewer.get(f"{page}?state={state}").text

    assert f'{words} <b class="num">{count}</b>' in shown
    assert shows in shown


def test_a_key_that_was_never_matched_says_how_to_begin(viewer, page):
    assert "Nothing was matched yet" in viewer.get(page).text


def test_a_viewer_sees_what_differs_and_is_offered_nothing(both, viewer, page):
    shown = viewer.get(page).text

    assert "fl-1001" in shown
    assert "The ticked ones are the same" not in shown
    assert viewer.post(f"{page}/accept", {}).status_code == 403


@pytest.mark.parametrize(
    ("q", "found"), [("fl-10", True), ("FL-1001", True), ("flower fl", True), ("1001", False)]
)
def test_rows_are_found_by_the_beginning_of_a_value_or_a_name(both, viewer, page, q, found):
    shown = viewer.get(page, query_string={"state": "near", "q": q}).text

    assert (">fl-1001</code>" in shown) is found
    assert found or "Clear the search" in shown


@pytest.mark.promise("ON-3")
def test_one_near_match_is_accepted_and_undone(both, admin, page, sessions, company):
    row = ids(sessions, company)[0]

    said = admin.post(f"{page}/accept", {"only": f"{row}.i0", "row": ids(sessions, company)})

    assert said.status_code == 303
    assert aliased(sessions, company) == [("fl-1001", "FL-1001")]
    assert states(sessions, company)["fl-1001", "FL-1001"] == "matched"
    assert "Said to be the same: 1." in admin.get(page).text
    assert "Somebody said that they are the same." in admin.get(f"{page}?state=matched").text

    admin.post(f"{page}/undo", {"only": row})

    assert aliased(sessions, company) == []
    assert states(sessions, company)["fl-1001", "FL-1001"] == "near"
    with sessions.tenant(company.id) as session:
        acts = session.scalars(select(AuditEvent.action).where(AuditEvent.action.startswith("alias.")))
        assert sorted(acts) == ["alias.made", "alias.undone"]


@pytest.mark.promise("ON-3")
def test_many_are_accepted_after_their_count_was_shown_and_undone_at_once(
    both, admin, page, sessions, company
):
    with sessions.tenant(company.id) as session:
        waiting = factory.order(session, company, label="fl-1001", state="stuck", decision_text="x")
        link_id = waiting.id
        session.flush()
        factory.problem(session, waiting, title="x", cause="fl-1001")

    review = admin.post(f"{page}/review", {"act": "accept", "all": "yes", "state": "near"}).text

    assert "Are these 2 the same?" in review
    assert "1 order that waits is looked at again" in review
    assert aliased(sessions, company) == []
    admin.post(f"{page}/accept", {"row": re.findall(r'name="row"\s+value="([^"]+)"', review)})
    assert len(aliased(sessions, company)) == 2
    assert "Said to be the same: 2. One order is looked at again." in admin.get(page).text
    with sessions.tenant(company.id) as session:
        assert session.get_one(Link, link_id).due_at is not None
        batch = session.scalars(select(Alias.batch_id)).first()

    assert "Undo all 2" in admin.get(page).text
    admin.post(f"{page}/undo", {"batch": str(batch)})

    assert aliased(sessions, company) == []
    assert len(ids(sessions, company)) == 2


@pytest.mark.promise("ON-9")
def test_a_value_is_left_out_and_included_again(both, admin, page, sessions, company):
    (row, *_) = ids(sessions, company, "missing_left")

    admin.post(f"{page}/exclude", {"only": row, "state": "missing_left"})

    assert states(sessions, company)[None, "OMEGA"] == "excluded"
    assert "Include again" in admin.get(f"{page}?state=excluded").text
    admin.post(f"{page}/include", {"only": row})
    assert states(sessions, company)[None, "OMEGA"] == "missing_left"
    with sessions.tenant(company.id) as session:
        assert [one.undone_by is not None for one in session.scalars(select(Exclusion))] == [True]


@pytest.mark.promise("ON-9")
def test_two_that_nobody_suggested_are_linked_and_unlinked_by_hand(both, admin, page, sessions, company):
    admin.post(f"{page}/link", {"left": "ALPHA", "right": "OMEGA"})
    assert states(sessions, company)["ALPHA", "OMEGA"] == "matched"

    (row, _) = ids(sessions, company, "matched")
    admin.post(f"{page}/undo", {"only": row})

    found = states(sessions, company)
    assert found["ALPHA", None] == "missing_right"
    assert found[None, "OMEGA"] == "missing_left"


@pytest.mark.promise("ON-9")
def test_a_products_page_links_unlinks_and_leaves_out(admin, viewer, page, sessions, company):
    with sessions.tenant(company.id) as session:
        link_id = shelves.product(session, company, "OLD-1", state="skipped", sides=("platform",)).id
    product = f"/t/{company.slug}/products/{link_id}"
    assert "Link it" in admin.get(product).text
    assert "Link it" not in viewer.get(product).text

    admin.post(f"{page}/link", {"left": "OLD-1", "right": "NEW-1"})
    assert aliased(sessions, company) == [("OLD-1", "NEW-1")]
    with sessions.tenant(company.id) as session:
        session.get_one(Link, link_id).decision_code = "aliased"
    assert "Unlink it" in admin.get(product).text
    admin.post(f"{page}/undo", {"value": "OLD-1"})
    assert aliased(sessions, company) == []

    admin.post(f"{page}/exclude", {"value": "OLD-1"})
    with sessions.tenant(company.id) as session:
        assert session.scalars(select(Exclusion.value)).all() == ["OLD-1"]
        session.get_one(Link, link_id).decision_code = "left_out"
    assert "Include it again" in admin.get(product).text


def test_what_cannot_be_said_changes_nothing_and_says_why(both, admin, page, sessions, company):
    admin.post(f"{page}/link", {"left": "ALPHA", "right": " "})

    assert "Nothing was changed: ALPHA has no value on the other side" in admin.get(page).text
    assert aliased(sessions, company) == []


def test_a_key_that_a_table_of_the_rules_maps_is_said_there(admin, page, sessions, company):
    matched(sessions, company, ("Green Leaf",), ("GREENLEAF",), key=BRAND)
    address = page.replace("/sku", "/brand")
    (row,) = ids(sessions, company)

    admin.post(f"{address}/accept", {"only": f"{row}.i0"})

    with sessions.tenant(company.id) as session:
        settings = session.get_one(Connection, company.connection_id).settings
        assert settings["brands"] == {"GREENLEAF": "Green Leaf"}
        assert session.scalars(select(Alias)).all() == []
    assert states(sessions, company)["Green Leaf", "GREENLEAF"] == "matched"


def test_there_is_no_page_of_a_key_that_the_platform_does_not_have(admin, page):
    assert admin.get(page.replace("/sku", "/moon")).status_code == 404


def upload(admin, page, content: str | bytes):
    data = content.encode() if isinstance(content, str) else content
    return admin.post(f"{page}/file", {"file": (io.BytesIO(data), "rows.csv")})


@pytest.mark.promise("ON-3")
def test_a_file_goes_out_comes_back_with_decisions_and_is_applied_once(both, admin, page, sessions, company):
    content = admin.get(f"{page}/file/rows.csv").text
    decided = content.replace(
        "near,fl-1001,Flower fl-1001,FL-1001,Flower FL-1001,upper and lower case,",
        "near,fl-1001,Flower fl-1001,FL-1001,Flower FL-1001,upper and lower case,same",
    )
    assert decided != content

    answer = upload(admin, page, decided)

    assert "Apply all 1" in answer.text
    assert aliased(sessions, company) == []
    (file,) = re.findall(r'name="file"\s+value="([0-9a-f-]{36})"', answer.text)
    admin.post(f"{page}/file/apply", {"file": file})
    assert aliased(sessions, company) == [("fl-1001", "FL-1001")]
    admin.post(f"{page}/file/apply", {"file": file})
    assert "This file was applied already" in admin.get(page).text


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a,b\r\n1,2\r\n", "columns: platform value, flourish value, decision"),
        (
            "platform value,flourish value,decision\r\nNO,FL-1001,same\r\n",
            "<b>Row 2</b> The platform has no NO",
        ),
        ("platform value,flourish value,decision\r\nfl-1001,FL-1001,\r\n", "no row has a decision"),
        (b"\xff\xfea\x00", "The file is in UTF-16"),
    ],
)
def test_a_file_that_is_wrong_changes_nothing_and_says_where(
    both, admin, page, sessions, company, content, says
):
    answer = upload(admin, page, content)

    assert answer.status_code == 422
    assert says in answer.text
    assert aliased(sessions, company) == []


def test_a_page_of_a_hundred_thousand_rows_costs_as_much_as_one_of_few(admin, sessions, company, page):
    with sessions.tenant(company.id) as session:
        connection = session.get_one(Connection, company.connection_id)
        rows.lock(session, connection, "sku").counts = {"matched": 100_000}
        session.flush()
        session.execute(text("SET LOCAL statement_timeout = '120s'"))
        session.execute(text(MANY), {"tenant": company.id, "connection": company.connection_id})
    pages = {
        "SKU-000049": f"{page}?state=matched",
        "SKU-090001": f"{page}?state=matched&after=00000000-0000-7000-8000-000000000000.sku-090000",
        "None": f"{page}?state=near",
    }
    admin.get(page)

    def seconds(address):
        times = []
        for _ in range(3):
            started = time.perf_counter()
            admin.get(address)
            times.append(time.perf_counter() - started)
        return min(times)

    assert all(words in admin.get(address).text for words, address in pages.items())
    first, deep, empty = map(seconds, pages.values())
    # A machine at work is slow for all three; only more rows must not cost more.
    assert deep < 3 * first + 0.1
    assert first < 5 * empty + 0.5
