"""Going live: refused while a check blocks, unless somebody waived it or says why it is done all the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.models import AuditEvent, CheckResult, Connection, Waiver, utc_now
from portal.sync.audit import Actor
from portal.sync.connecting import go_live
from portal.sync.credentials import CannotConnect
from portal.sync.readiness.declared import checks_of
from portal.sync.registry import PLATFORMS
from tests.web import factory

ANN = Actor("Ann")


@pytest.fixture
def company(desk):
    """A company whose connection is ready, and whose checks were all ready a minute ago."""
    made = factory.company(desk.sessions, state="ready")
    with desk.tenant(made.id) as session:
        for check in checks_of(PLATFORMS["leaflink"]):
            session.add(result(made, check.name, "ready", check.severity))
        # Flourish is not there to be asked.
        session.add(waiver(made, "rival"))
    return made


def result(company, name, outcome, severity="blocks", evidence="Everything matches."):
    return CheckResult(
        tenant_id=company.id,
        connection_id=company.connection_id,
        name=name,
        outcome=outcome,
        severity=severity,
        evidence=evidence,
    )


def waiver(company, name, **changed):
    values = {"waived_by": "Ann", "reason": "known", "expires_at": utc_now() + timedelta(days=1)}
    return Waiver(tenant_id=company.id, connection_id=company.connection_id, name=name, **(values | changed))


def find(desk, company, name, outcome, severity="blocks"):
    """Have a check find something else."""
    with desk.tenant(company.id) as session:
        row = session.scalars(select(CheckResult).where(CheckResult.name == name)).one()
        row.outcome, row.severity, row.evidence = outcome, severity, f"What {name} found."


def state(desk, company):
    with desk.tenant(company.id) as session:
        return session.get_one(Connection, company.connection_id).state


@pytest.mark.promise("ON-2")
@pytest.mark.parametrize("outcome", ["wrong", "unknown"])
def test_a_check_that_blocks_keeps_a_connection_from_going_live_by_its_name(desk, company, outcome):
    find(desk, company, "sku", outcome)
    find(desk, company, "line", "wrong", "warning")

    with pytest.raises(CannotConnect) as refused:
        go_live(desk, company.id, company.connection_id, actor=ANN)

    said = "One check blocks going live. Match every product by SKU: What sku found."
    assert str(refused.value) == said
    assert state(desk, company) == "ready"


def test_all_that_block_are_named(desk, company):
    find(desk, company, "sku", "wrong")
    find(desk, company, "flourish_key", "wrong")

    with pytest.raises(CannotConnect, match=r"2 checks block.* Connect Flourish: .* Match every product"):
        go_live(desk, company.id, company.connection_id, actor=ANN)


def test_what_was_never_checked_goes_nowhere(desk):
    fresh = factory.company(desk.sessions, state="ready")

    with pytest.raises(CannotConnect, match="The checks were not run yet"):
        go_live(desk, fresh.id, fresh.connection_id, actor=ANN)


@pytest.mark.promise("ON-7")
def test_a_waiver_lets_it_through_until_it_expires_or_is_taken_back(desk, company):
    find(desk, company, "sku", "wrong")
    with desk.tenant(company.id) as session:
        past = {"waived_at": utc_now() - timedelta(days=2), "expires_at": utc_now() - timedelta(days=1)}
        session.add(waiver(company, "sku", **past))
    with pytest.raises(CannotConnect, match="One check blocks"):
        go_live(desk, company.id, company.connection_id, actor=ANN)

    with desk.tenant(company.id) as session:
        row = session.scalars(select(Waiver).where(Waiver.name == "sku")).one()
        row.expires_at = utc_now() + timedelta(days=1)
    go_live(desk, company.id, company.connection_id, actor=ANN)

    assert state(desk, company) == "live"
    with desk.tenant(company.id) as session:
        assert session.get_one(Connection, company.connection_id).assess_due_at is not None


def test_what_only_advises_keeps_nobody(desk, company):
    find(desk, company, "sku", "wrong", "warning")

    go_live(desk, company.id, company.connection_id, actor=ANN)

    assert state(desk, company) == "live"


def test_who_goes_live_all_the_same_says_why_and_the_audit_keeps_it(desk, company):
    find(desk, company, "sku", "wrong")

    go_live(desk, company.id, company.connection_id, actor=ANN, despite="the catalogue follows tomorrow")

    assert state(desk, company) == "live"
    with desk.tenant(company.id) as session:
        told = session.scalars(select(AuditEvent).where(AuditEvent.action == "connection.went_live")).one()
    assert told.detail["despite"] == "the catalogue follows tomorrow"
    assert told.detail["blocking"] == ["Match every product by SKU"]
