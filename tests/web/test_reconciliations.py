"""The pages of reports: what does not agree, filtered, downloaded, and corrected by its exact count."""

from __future__ import annotations

import csv
import io

import pytest
from sqlalchemy import func, select, update

from portal.models import AuditEvent, Connection, Link, Reconciliation
from portal.queries import reconciliations
from tests.web import compared
from tests.web.conftest import Visitor, first


@pytest.fixture
def report(sessions, company):
    with sessions.tenant(company.id) as session:
        return compared.report(session, company)


def at(company, report=None, more=""):
    which = f"/{report.id}" if report is not None else ""
    return f"/t/{company.slug}/connections/{company.connection_id}/reports{which}{more}"


def listed(text):
    return [name for _, name, *_ in compared.ROWS if f'<span class="mono">{name}</span>' in text]


@pytest.mark.promise("MO-6")
def test_a_report_tells_how_each_value_stands_with_its_owner_and_counts_by_field(company, report, viewer):
    text = " ".join(viewer.get(at(company, report)).text.split())

    assert listed(text) == ["AB-35", "GG-1", "4F2A-1187", "4F2A-1188"]
    for words in ("Will be corrected", "Expected", "Needs you", "9 orders, 8 SKUs"):
        assert words in text
    assert "outcome=corrected&amp;thing=item&amp;field=Stock" in text
    assert "Correct these" not in text


def test_what_nothing_needs_is_no_alarm(sessions, company, report, viewer):
    def tone():
        return first(r'<span class="status (\w+)">Needs you</span>', viewer.get(at(company, report)).text)

    assert tone() == "bad"
    with sessions.tenant(company.id) as session:
        row = session.get_one(Reconciliation, report.id)
        row.fields = {name: {**of, "conflict": 0} for name, of in row.fields.items()}
    assert tone() == "idle"


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("outcome=conflict", ["4F2A-1188"]),
        ("thing=item", ["AB-35", "GG-1"]),
        ("field=Name", ["GG-1"]),
        ("q=4f2a", ["4F2A-1187", "4F2A-1188"]),
        ("q=nothing", []),
        ("outcome=agrees&thing=rep&after=x", ["AB-35", "GG-1", "4F2A-1187", "4F2A-1188"]),
        ("after=item.0.GG-1", ["4F2A-1187", "4F2A-1188"]),
    ],
)
def test_rows_are_filtered_in_the_address(company, report, admin, query, rows):
    assert listed(admin.get(at(company, report, f"?{query}")).text) == rows


def test_rows_are_paged_without_losing_one(sessions, company, report):
    found, after = [], None
    with sessions.tenant(company.id) as session:
        while True:
            page = reconciliations.page(session, report.id, reconciliations.Filters(), after=after, size=3)
            found += [row.label for row in page.rows]
            if not page.more:
                break
            after = page.rows[-1].thing, page.rows[-1].subject, page.rows[-1].number
    assert found == [name for _, name, *_ in compared.ROWS]


def test_the_file_holds_the_filtered_rows_and_no_formula(company, report, admin):
    answer = admin.get(at(company, report, "/rows.csv?thing=item"))
    rows = list(csv.DictReader(io.StringIO(answer.text)))

    assert [row["name"] for row in rows] == ["AB-35", "GG-1"]
    assert rows[1]["platform"] == "'=Mine"
    assert rows[1]["outcome"] == "Expected"


@pytest.mark.promise("MO-6")
def test_correcting_names_the_exact_count_first_and_marks_what_it_named(sessions, company, report, admin):
    assert "Correct these 2" in admin.get(at(company, report)).text
    asked = admin.get(at(company, report, "?thing=order&correct=yes")).text
    assert "Sure?" in asked
    assert "Correct these 1" in asked

    with sessions.tenant(company.id) as session:
        assert session.scalar(select(func.count(Link.id))) == 0
    answer = admin.post(at(company, report, "/correct?thing=order"), data={"things": "1"})
    assert answer.status_code == 303

    with sessions.tenant(company.id) as session:
        (link,) = session.scalars(select(Link))
        assert (link.kind, link.foreign_id) == ("order", "4F2A-1187")
        assert link.due_at is not None
        (told,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "reconciliation.corrected"))
        assert told.detail == {"things": 1}


def test_another_count_than_was_confirmed_corrects_nothing(sessions, company, report, admin):
    answer = admin.post(at(company, report, "/correct"), data={"things": "1"})
    assert answer.status_code == 409
    assert "another one by now" in answer.text
    with sessions.tenant(company.id) as session:
        assert session.scalar(select(func.count(Link.id))) == 0


def test_somebody_who_may_act_asks_for_a_report_and_sees_how_far_it_is(sessions, company, admin, viewer):
    assert "No report yet" in viewer.get(at(company)).text
    assert viewer.post(at(company)).status_code == 403
    answer = admin.post(at(company))
    assert answer.status_code == 303
    assert "Orders are compared: 0" in admin.get(answer.location).text
    assert "HX-Refresh" not in admin.get(f"{answer.location}/now").headers
    assert admin.post(at(company)).status_code == 422

    with sessions.tenant(company.id) as session:
        made = session.scalars(select(Reconciliation)).one()
        made.state, made.finished_at, made.error = "failed", func.now(), "LeafLink is away"
    assert "LeafLink is away" in admin.get(answer.location).text
    assert admin.get(f"{answer.location}/now").headers["HX-Refresh"] == "true"


def test_a_connection_that_is_off_corrects_nothing(sessions, company, report, admin):
    with sessions.tenant(company.id) as session:
        session.execute(update(Connection).values(state="needs_credentials"))
    assert admin.post(at(company, report, "/correct"), data={"things": "2"}).status_code == 422


def test_a_report_of_another_connection_is_nowhere(company, report, admin: Visitor):
    other = at(company, report).replace(str(company.connection_id), str(report.id))
    assert admin.get(other).status_code == 404
