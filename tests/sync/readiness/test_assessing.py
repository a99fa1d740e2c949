"""Assessments of the sandbox's two companies: one that matches, and one with planted mismatches."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import requests
from sqlalchemy import func, select, update

from portal.identity import tenants
from portal.models import (
    CheckChange,
    CheckResult,
    Connection,
    Hub,
    LogLine,
    Problem,
    Run,
    Secret,
    Waiver,
    utc_now,
)
from portal.sync.readiness import assessing, gate, results
from tests.cli import served
from tests.cli.served import LEAFLINK_KEY
from tests.sync.readiness.connected import connected


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with served.sandbox(tmp_path_factory.mktemp("sandbox")) as (url, _key):
        yield url


@pytest.fixture
def greenleaf(desk, tenant_id, sandbox):
    """A connection of the company whose two sides match."""
    requests.post(f"{sandbox}/control/reset", json={}, timeout=30).raise_for_status()
    return connected(desk, tenant_id, sandbox)


def changes(there, name):
    with there.desk.tenant(there.tenant_id) as session:
        query = select(CheckChange).where(CheckChange.name == name).order_by(CheckChange.at)
        return [row.outcome for row in session.scalars(query)]


def change(there, table, *where, **values):
    with there.desk.tenant(there.tenant_id) as session:
        session.execute(update(table).where(*where).values(**values))


def regressions(there):
    with there.desk.tenant(there.tenant_id) as session:
        query = select(Problem).where(Problem.code == "check_regressed").order_by(Problem.opened_at)
        return [(row.cause, row.closed_at is None) for row in session.scalars(query)]


@pytest.mark.promise("ON-2")
def test_both_companies_are_judged_by_what_is_there_and_nothing_is_written(desk, sandbox):
    requests.post(f"{sandbox}/control/reset", json={}, timeout=30).raise_for_status()
    found, blocks = {}, {}
    for world in ("greenleaf", "sunrise"):
        tenant = tenants.create(desk.sessions, slug=world, name=world, timezone="UTC")
        there = connected(desk, tenant.id, sandbox, world)
        assert there.assess()
        found[world] = there.results()
        with desk.tenant(tenant.id) as session:
            blocking = gate.stands(session, session.get_one(Connection, there.id)).blocking
            blocks[world] = {one.check.name for one in blocking}

    asked = requests.get(f"{sandbox}/control/ledger", params={"since": 0}, timeout=30).json()
    assert {row["method"] for row in asked} == {"GET"}
    assert blocks["greenleaf"] == set()
    not_ready = {name for name, row in found["greenleaf"].items() if row.outcome != "ready"}
    # Eight customers are new, and neither side was told yet where its webhooks go.
    assert not_ready == {"license", "leaflink_webhook", "flourish_webhook"}
    assert found["greenleaf"]["sku"].evidence == "396 of 396 match."
    assert blocks["sunrise"] == {"sku", "license", "rep", "strain_present"}
    assert found["sunrise"]["strain_present"].examples == ["SR-PR5-DURPOI"]
    assert found["sunrise"]["units"].counts["other unit"] == 2
    assert found["sunrise"]["listing"].evidence.endswith("1 Internal, 1 Unavailable.")


@pytest.mark.promise("ON-6")
def test_a_change_is_history_and_of_a_live_connection_a_problem_until_it_is_ready_again(greenleaf):
    def hear(ago):
        change(greenleaf, Connection, Connection.id == greenleaf.id, last_delivery_at=ago)
        greenleaf.assess("leaflink_webhook")

    hear(func.now())
    hear(func.now())
    assert changes(greenleaf, "leaflink_webhook") == ["ready"]
    hear(None)
    assert changes(greenleaf, "leaflink_webhook") == ["ready", "wrong"]
    assert regressions(greenleaf) == []  # it is not live yet

    change(greenleaf, Connection, Connection.id == greenleaf.id, state="live", live_since=func.now())
    hear(func.now())
    hear(None)
    hear(None)
    assert regressions(greenleaf) == [("leaflink_webhook", True)]
    hear(func.now())
    assert regressions(greenleaf) == [("leaflink_webhook", False)]
    assert changes(greenleaf, "leaflink_webhook")[-2:] == ["wrong", "ready"]


@pytest.mark.promise("ON-6")
def test_what_was_amiss_as_it_went_live_is_no_regression(greenleaf):
    greenleaf.assess("flourish_webhook")
    change(greenleaf, Connection, Connection.id == greenleaf.id, state="live", live_since=func.now())
    greenleaf.assess("flourish_webhook")

    assert greenleaf.results()["flourish_webhook"].outcome == "wrong"
    assert regressions(greenleaf) == []


def test_what_somebody_waived_opens_no_problem(greenleaf, desk, tenant_id):
    greenleaf.assess("leaflink_webhook_key")
    change(greenleaf, Connection, Connection.id == greenleaf.id, state="live", live_since=func.now())
    change(greenleaf, Secret, Secret.owner_id == greenleaf.id, Secret.field == "webhook_key", last_four="")
    with desk.tenant(tenant_id) as session:
        until = utc_now() + timedelta(days=1)
        values = {"waived_by": "Ann", "reason": "polling will do", "expires_at": until}
        session.add(
            Waiver(tenant_id=tenant_id, connection_id=greenleaf.id, name="leaflink_webhook_key", **values)
        )
    greenleaf.assess("leaflink_webhook_key")

    assert regressions(greenleaf) == []


def test_one_check_reads_its_own_lists_and_leaves_the_others_as_they_are(greenleaf, desk, tenant_id):
    assert greenleaf.assess("terms")

    assert set(greenleaf.results()) == {"terms"}
    with desk.tenant(tenant_id) as session:
        run = session.scalars(select(Run)).one()
        assert (run.kind, run.state, run.about, run.counts) == (
            "assessment", "done", "terms", {"checks": 1, "ready": 1},
        )  # fmt: skip
        said = session.scalars(select(LogLine.text).order_by(LogLine.number)).all()
    assert said[-3:] == [
        "Trellis runs a check",
        "Give every payment term its name in Flourish: Flourish has all of 5 terms that customers have.",
        "Checked: 1 ready",
    ]


def test_a_key_that_may_not_read_a_list_leaves_only_its_checks_unknown(greenleaf, sandbox):
    body = {"permissions": {"customers": "none"}}
    address = f"{sandbox}/control/leaflink/keys/{LEAFLINK_KEY}"
    requests.post(address, json=body, timeout=30).raise_for_status()

    greenleaf.assess()

    found = greenleaf.results()
    assert found["license"].outcome == "unknown"
    assert found["license"].evidence == "The LeafLink key may not read customers."
    assert found["leaflink_key"].outcome == "wrong"
    assert "lacks: Customers: Read" in found["leaflink_key"].evidence
    assert found["sku"].outcome == "ready"
    body = {"permissions": {"customers": "write"}}
    requests.post(address, json=body, timeout=30).raise_for_status()


def test_without_a_key_the_rest_is_judged_and_the_key_asked_for(greenleaf, desk, tenant_id):
    change(greenleaf, Secret, Secret.owner_id == greenleaf.id, Secret.field == "api_key", last_four="")

    assert greenleaf.assess()

    found = greenleaf.results()
    assert found["leaflink_key"].evidence == "No key is stored yet."
    assert found["sku"].outcome == "unknown"
    assert found["sku"].evidence == "No key is stored yet."
    assert found["flourish_facility"].outcome == "ready"
    with desk.tenant(tenant_id) as session:
        rows = gate.stands(session, session.get_one(Connection, greenleaf.id)).rows
    assert {one.state for one in rows if one.check.name in ("sku", "license")} == {"cannot_start"}


def test_a_side_that_does_not_answer_is_not_taken_for_empty(greenleaf):
    change(greenleaf, Hub, base_url="http://127.0.0.1:1/external/api")

    greenleaf.assess("sku")

    row = greenleaf.results()["sku"]
    assert row.outcome == "unknown"
    assert row.evidence.startswith("Flourish could not be asked for items")


def test_of_one_connection_one_assessment_goes_on_and_one_that_is_taken_is_left_alone(
    greenleaf, desk, tenant_id
):
    with desk.tenant(tenant_id) as session:
        connection = session.get_one(Connection, greenleaf.id)
        run_id = assessing.begin(session, connection)
        assert assessing.begin(session, connection) is None
    assert run_id is not None
    change(greenleaf, Run, Run.id == run_id, worker="another")

    assert assessing.assess(desk, tenant_id, run_id)

    assert greenleaf.results() == {}
    with desk.tenant(tenant_id) as session:
        assessing.give_up(session, run_id)
        assert assessing.begin(session, session.get_one(Connection, greenleaf.id)) is not None


def test_a_worker_that_is_told_to_stop_hands_the_run_back(greenleaf, desk, tenant_id):
    stopping = threading.Event()
    stopping.set()
    there = replace(greenleaf, desk=replace(desk, stopping=stopping))

    assert there.assess() is False

    with desk.tenant(tenant_id) as session:
        assert session.scalars(select(Run.state)).all() == ["lost"]


def test_a_bug_in_a_check_fails_the_run_and_does_not_leave_it_running(
    greenleaf, desk, tenant_id, monkeypatch
):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(results, "keep", broken)
    with pytest.raises(ZeroDivisionError):
        greenleaf.assess("terms")

    with desk.tenant(tenant_id) as session:
        assert session.scalars(select(Run.state)).all() == ["failed"]


def test_nothing_is_checked_of_what_is_disconnected(greenleaf, desk, tenant_id):
    change(greenleaf, Connection, Connection.id == greenleaf.id, state="disconnected")

    with desk.tenant(tenant_id) as session:
        assert assessing.begin(session, session.get_one(Connection, greenleaf.id)) is None
        assert session.scalars(select(CheckResult)).all() == []
