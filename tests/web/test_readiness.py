"""The checklist of a connection: rows, one check, running them, and waiving."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from portal.models import AuditEvent, CheckChange, CheckResult, Connection, Problem, Run, Waiver, utc_now
from portal.sync.readiness.declared import checks_of
from portal.sync.registry import PLATFORMS
from tests.web import factory
from tests.web.asked import statements
from tests.web.conftest import first

CHECKS = checks_of(PLATFORMS["leaflink"])


@pytest.fixture
def company(sessions):
    """A company whose connection is ready, and whose checks were all ready three minutes ago."""
    made = factory.company(sessions, state="ready")
    with sessions.tenant(made.id) as session:
        for check in CHECKS:
            found(session, made, check.name, severity=check.severity)
    return made


def found(
    session, company, name, outcome="ready", *, severity="blocks", evidence="412 of 412 match.", **more
):
    row = CheckResult(
        tenant_id=company.id,
        connection_id=company.connection_id,
        name=name,
        outcome=outcome,
        severity=severity,
        evidence=evidence,
        checked_at=utc_now() - timedelta(minutes=3),
        **more,
    )
    session.add(row)
    session.flush()


@pytest.fixture
def finds(sessions, company):
    """Have a check find something else."""

    def find(name, outcome="wrong", **values):
        with sessions.tenant(company.id) as session:
            row = session.scalars(select(CheckResult).where(CheckResult.name == name)).one()
            for column, value in ({"outcome": outcome} | values).items():
                setattr(row, column, value)

    return find


@pytest.fixture
def page(company):
    return f"/t/{company.slug}/connections/{company.connection_id}/readiness"


def words_of(answer):
    """The page's text with single spaces."""
    return " ".join(answer.text.split())


def row_of(answer, title):
    return first(rf'<a class="check"(?:(?!</a>).)*{title}(.*?)</a>', answer.text)


@pytest.mark.promise("ON-2")
def test_the_list_names_every_check_once_by_phase_and_sums_them_up(viewer, page, finds):
    finds("sku", evidence="405 of 412 match. 7 products are missing in Flourish.")
    finds("line", severity="warning")

    answer = viewer.get(page)

    assert answer.status_code == 200
    assert "<h1>Get ready to go live</h1>" in answer.text
    for check in CHECKS:
        assert answer.text.count(f'<span class="title">{check.title}</span>'.replace("'", "&#39;")) == 1
    assert f"{len(CHECKS) - 2} of {len(CHECKS)} ready – 1 blocks go-live." in words_of(answer)
    sku = row_of(answer, "Match every product by SKU")
    assert "7 products are missing in Flourish." in sku
    assert "3 min" in sku
    assert "Action needed" in sku
    assert "blocks going live" in sku
    assert "Check advised" in row_of(answer, "Match product lines by name")
    assert answer.text.count("<i class=") == len(CHECKS)


def test_a_check_that_cannot_start_says_what_it_needs(viewer, page, finds):
    finds("leaflink_key", evidence="LeafLink refuses the key.")
    finds("license", "unknown", evidence="LeafLink refuses the key.")

    row = row_of(viewer.get(page), "Match customers by license number")

    assert "Cannot start yet" in row
    assert "Needs first: Connect LeafLink." in row


@pytest.mark.promise("ON-4")
def test_the_preview_follows_when_all_that_blocks_is_ready(admin, viewer, page, finds):
    finds("sku")
    row = row_of(admin.get(page), "Preview the first sync, and go live with it")
    assert "Going live needs first: Match every product by SKU." in " ".join(row.split())
    assert "Cannot start yet" in row
    assert "button primary" not in admin.get(page).text

    finds("sku", "ready")
    assert "To do" in row_of(admin.get(page), "Preview the first sync, and go live with it")
    onward = r'<a class="button primary"\s+href="([^"]+)">Preview the first sync</a>'
    assert first(onward, admin.get(page).text).endswith("/preview")
    assert "button primary" not in viewer.get(page).text


def test_before_anything_ran_the_list_says_so_and_what_blocks(sessions, as_user):
    fresh = factory.company(sessions, state="ready")
    visitor = as_user(factory.member(sessions, fresh, "viewer"))

    answer = visitor.get(f"/t/{fresh.slug}/connections/{fresh.connection_id}/readiness")

    blocking = sum(check.severity == "blocks" for check in CHECKS)
    assert f"0 of {len(CHECKS)} ready – {blocking} block go-live." in words_of(answer)
    assert "Not every check ran yet." in answer.text


@pytest.mark.promise("ON-6")
def test_after_going_live_the_same_list_is_its_health(sessions, as_user):
    live = factory.company(sessions)
    visitor = as_user(factory.member(sessions, live, "viewer"))

    answer = visitor.get(f"/t/{live.slug}/connections/{live.connection_id}/readiness")

    assert "<h1>Health</h1>" in answer.text
    shown = visitor.get(f"/t/{live.slug}/connections/{live.connection_id}")
    assert ">Health</a>" in shown.text


def test_one_check_shows_why_evidence_step_examples_counts_and_history(
    viewer, page, company, sessions, finds
):
    finds(
        "sku",
        evidence="405 of 412 match.",
        next_step="Give both the same SKU.",
        examples=["BD-35-LMN", "GG-1G-PR"],
        counts={"matched": 405, "missing right": 1007},
    )
    with sessions.tenant(company.id) as session:
        for outcome, evidence in (("ready", "All match."), ("wrong", "405 of 412 match.")):
            values = {"outcome": outcome, "severity": "blocks", "evidence": evidence}
            session.add(
                CheckChange(tenant_id=company.id, connection_id=company.connection_id, name="sku", **values)
            )
            session.flush()

    answer = viewer.get(f"{page}/sku")

    for words in (
        "Match every product by SKU",
        "Give both the same SKU.",
        "BD-35-LMN",
        "1,007 missing right",
    ):
        assert words in answer.text
    history = answer.text.partition("History")[2]
    assert history.index("405 of 412 match.") < history.index("All match.")
    assert "Waive it" not in answer.text  # a viewer may not


@pytest.mark.parametrize("name", ["nothing", "SKU", "sku%20"])
def test_a_check_that_is_not_declared_is_not_there(viewer, page, name):
    assert viewer.get(f"{page}/{name}").status_code == 404


def test_checking_again_begins_one_run_keeps_the_old_result_and_is_told(admin, page, company, sessions):
    admin.get(page)
    answer = admin.post(page, follow_redirects=True)
    again = admin.post(page, follow_redirects=True)

    assert "Checks are running already." in again.text
    assert "412 of 412 match." in answer.text
    assert 'hx-trigger="every 2s"' in answer.text
    assert '<meta http-equiv="refresh" content="5">' in answer.text
    assert "Checking" in row_of(answer, "Match every product by SKU")
    with sessions.tenant(company.id) as session:
        run = session.scalars(select(Run).where(Run.kind == "assessment")).one()
        told = session.scalars(
            select(AuditEvent.detail).where(AuditEvent.action == "connection.checked")
        ).all()
        assert told == [{"check": "all"}]
        run.state, run.finished_at = "lost", func.now()
    rows = admin.get(f"{page}/rows")
    assert "hx-trigger" not in rows.text
    assert "<h1>" not in rows.text


def test_one_check_runs_alone(admin, page, company, sessions):
    admin.get(f"{page}/terms")
    answer = admin.post(f"{page}/terms", follow_redirects=True)

    assert "Checking" in answer.text
    with sessions.tenant(company.id) as session:
        assert session.scalars(select(Run.about).where(Run.kind == "assessment")).all() == ["terms"]
    assert "Checking" not in row_of(admin.get(page), "Match every product by SKU")
    assert "hx-trigger" in admin.get(f"{page}/terms/now").text


def test_without_a_worker_to_ask_nothing_is_left_running(admin, page, company, sessions, monkeypatch):
    monkeypatch.setattr("portal.sync.queues.ring_assessment", lambda *_: False)
    admin.get(page)

    answer = admin.post(page, follow_redirects=True)

    assert "Nothing was checked" in answer.text
    with sessions.tenant(company.id) as session:
        assert session.scalars(select(Run.state).where(Run.kind == "assessment")).all() == ["lost"]


@pytest.mark.promise("ON-7")
def test_a_waiver_has_a_name_a_reason_and_a_day_and_can_be_taken_back(admin, page, company, sessions, finds):
    finds("sku", evidence="405 of 412 match.")
    until = (utc_now() + timedelta(days=10)).date().isoformat()
    admin.get(f"{page}/sku")

    answer = admin.post(
        f"{page}/sku/waive", {"reason": "Seasonal items", "until": until}, follow_redirects=True
    )

    assert "Waived: Match every product by SKU" in answer.text
    row = row_of(admin.get(page), "Match every product by SKU")
    assert "Waived by Dana Reyes until" in row
    assert "Seasonal items" in row
    assert "nothing blocks go-live" in words_of(admin.get(page))
    admin.get(f"{page}/sku")
    answer = admin.post(f"{page}/sku/unwaive", follow_redirects=True)
    assert "Taken back" in answer.text
    assert "1 blocks go-live" in words_of(admin.get(page))
    with sessions.tenant(company.id) as session:
        waiver = session.scalars(select(Waiver)).one()
        assert (waiver.waived_by, waiver.ended_by) == ("Dana Reyes", "Dana Reyes")
        acts = session.scalars(select(AuditEvent.action).where(AuditEvent.action.like("check.%"))).all()
    assert sorted(acts) == ["check.waived", "check.waiver_taken_back"]


@pytest.mark.promise("ON-7")
@pytest.mark.parametrize(
    ("reason", "days", "says"),
    [
        ("", 10, "Give a reason."),
        ("no", 10, "Give a reason of 5 to 300 characters"),
        ("x" * 301, 10, "Give a reason of 5 to 300 characters"),
        # Two: where the company is, it may still be yesterday.
        ("Seasonal items", -2, "Choose a day that is not over yet."),
        ("Seasonal items", 400, "Choose a day within a year"),
        ("Seasonal items", None, "Not a valid date value."),
    ],
)
def test_a_waiver_that_cannot_be_is_refused_beside_its_field_and_nothing_is_kept(
    admin, page, company, sessions, finds, reason, days, says
):
    finds("sku")
    until = "tomorrow" if days is None else (utc_now() + timedelta(days=days)).date().isoformat()
    admin.get(f"{page}/sku")

    answer = admin.post(f"{page}/sku/waive", {"reason": reason, "until": until})

    assert answer.status_code == 422
    assert says in answer.text
    with sessions.tenant(company.id) as session:
        assert session.scalars(select(Waiver)).all() == []


def test_waiving_closes_the_problem_of_a_check_and_waiving_again_replaces_the_waiver(
    admin, page, company, sessions, finds
):
    finds("sku")
    with sessions.tenant(company.id) as session:
        session.add(
            Problem(
                tenant_id=company.id,
                connection_id=company.connection_id,
                subject_id=company.connection_id,
                code="check_regressed",
                cause="sku",
                title="A check that was ready is not any more",
                next_step="Open it.",
                who="tenant",
            )
        )
    until = (utc_now() + timedelta(days=10)).date().isoformat()
    for reason in ("Seasonal items", "Another reason"):
        admin.get(f"{page}/sku")
        admin.post(f"{page}/sku/waive", {"reason": reason, "until": until})

    with sessions.tenant(company.id) as session:
        assert session.scalars(select(Problem.closed_because)).all() == ["Dana Reyes waived the check."]
        rows = session.execute(
            select(Waiver.reason, Waiver.ended_at.is_(None)).order_by(Waiver.waived_at)
        ).all()
    assert rows == [("Seasonal items", False), ("Another reason", True)]


def test_a_viewer_sees_and_does_nothing(viewer, page):
    answer = viewer.get(page)

    assert "Check everything again" not in answer.text
    assert viewer.post(page).status_code == 403
    assert viewer.post(f"{page}/sku").status_code == 403
    assert viewer.post(f"{page}/sku/waive", {"reason": "Seasonal", "until": "2027-01-01"}).status_code == 403


@pytest.mark.promise("ON-2")
def test_the_list_reads_what_checks_found_and_nothing_of_the_catalogue(viewer, page):
    """So it is as quick with a hundred thousand items behind it (bench/checklist.py measures that)."""
    with statements() as asked:
        assert viewer.get(page).status_code == 200

    tables = set(re.findall(r"(?:FROM|JOIN) (\w+)", " ".join(asked)))
    assert "check_result" in tables
    assert not tables & {"item", "product", "match_row", "link", "log_line"}
    assert len(asked) < 30


@pytest.mark.promise("ON-2")
@pytest.mark.parametrize("platform", PLATFORMS)
def test_on_every_platform_the_checklist_ends_with_the_preview(sessions, company, admin, platform):
    with sessions.tenant(company.id) as session:
        session.execute(update(Connection).values(platform=platform))

    answer = admin.get(f"/t/{company.slug}/connections/{company.connection_id}/readiness")

    assert re.findall(r'<h2 id="phase-[^>]*>([^<]+)', answer.text)[-1] == "Go live"
    assert row_of(answer, "Preview the first sync, and go live with it")
