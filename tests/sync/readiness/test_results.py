"""What is kept of a verdict: the newest, its history, and whether it is a problem of a live connection."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.models import CheckChange, CheckResult, Connection, Problem, Waiver, new_id, utc_now
from portal.sync.checks import Check, Snapshot, Verdict
from portal.sync.readiness import results
from tests.web import factory


def never(_snapshot: Snapshot) -> Verdict:
    raise AssertionError("the verdict is given")


CHECK = Check("sku", "Match your data", "Match every product by SKU", "Why.", "blocks", never)
READY = Verdict("ready", "412 of 412 match.", counts={"match": 412})
WRONG = Verdict("wrong", "405 of 412 match.", "Give both the same SKU.", {"match": 405}, ("BD-35",))
LATER = Verdict("wrong", "It can wait.", "See to it.", severity="later")
ADVISED = Verdict("wrong", "7 are missing in LeafLink.", "See to it.", severity="warning")
UNKNOWN = Verdict("unknown", "LeafLink could not be asked.", "Check again.")


@pytest.fixture
def keep(desk):
    """Keep verdicts of a connection, one after the other; gives what is open afterwards."""

    def kept(*verdicts, state="live"):
        company = factory.company(desk.sessions, state=state)
        with desk.tenant(company.id) as session:
            connection = session.get_one(Connection, company.connection_id)
            for verdict in verdicts:
                results.keep(session, connection, CHECK, verdict, new_id())
                session.flush()
            opened = session.scalars(select(Problem).where(Problem.code == "check_regressed")).all()
            history = session.scalars(
                select(CheckChange.outcome).order_by(CheckChange.at, CheckChange.id)
            ).all()
            row = session.scalars(select(CheckResult)).one()
        return row, list(history), [problem.closed_at is None for problem in opened]

    return kept


@pytest.mark.promise("ON-6")
@pytest.mark.parametrize(
    ("verdicts", "opened"),
    [
        ((READY, WRONG), [True]),
        ((READY, ADVISED), [True]),
        ((READY, LATER), []),
        ((READY, UNKNOWN), []),
        ((WRONG,), []),
        ((UNKNOWN, WRONG), []),
        ((READY, WRONG, WRONG), [True]),
        # What could not be asked neither opens nor closes.
        ((READY, WRONG, UNKNOWN), [True]),
        ((READY, WRONG, UNKNOWN, WRONG), [True]),
        ((READY, WRONG, READY), [False]),
        ((READY, WRONG, READY, WRONG), [False, True]),
    ],
)
def test_a_problem_is_what_was_ready_while_the_connection_was_live(keep, verdicts, opened):
    assert keep(*verdicts)[2] == opened
    assert keep(*verdicts, state="ready")[2] == []


def test_history_is_each_time_that_something_else_was_found(keep):
    reworded = Verdict("wrong", "Other words.", "Give both the same SKU.", {"match": 405})
    fewer = Verdict("wrong", "400 of 412 match.", "Give both the same SKU.", {"match": 400})

    row, history, _ = keep(READY, READY, WRONG, reworded, fewer)

    assert history == ["ready", "wrong", "wrong"]
    assert (row.outcome, row.evidence, row.counts) == ("wrong", "400 of 412 match.", {"match": 400})


def test_the_newest_is_kept_whole_with_the_severity_of_its_case(keep):
    row, _, _ = keep(WRONG, ADVISED)
    assert (row.severity, row.next_step, row.examples) == ("warning", "See to it.", [])

    row, _, _ = keep(ADVISED, UNKNOWN)
    assert row.severity == "blocks"


@pytest.mark.promise("ON-7")
def test_a_waiver_that_expired_leaves_a_problem_behind_until_somebody_sees_to_it(desk):
    company = factory.company(desk.sessions)

    def find(**expires):
        with desk.tenant(company.id) as session:
            for waiver in session.scalars(select(Waiver)):
                waiver.expires_at += timedelta(**expires)
        with desk.tenant(company.id) as session:
            connection = session.get_one(Connection, company.connection_id)
            results.keep(session, connection, CHECK, WRONG, new_id())
        with desk.tenant(company.id) as session:
            return session.scalars(select(Problem.closed_at)).all()

    with desk.tenant(company.id) as session:
        values = {"waived_by": "Ann", "reason": "known", "expires_at": utc_now() + timedelta(days=1)}
        waived_at = utc_now() - timedelta(days=2)
        owned = {"tenant_id": company.id, "connection_id": company.connection_id, "name": "sku"}
        session.add(Waiver(**owned, **values, waived_at=waived_at))
    assert find() == []
    with desk.tenant(company.id) as session:
        session.scalars(select(CheckResult)).one().checked_at -= timedelta(hours=6)

    assert find(hours=-25) == [None]
