"""The proof on the dashboard and its pages: what is proven is said, and no more than that."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from portal.models import utc_now
from tests.web import factory
from tests.web.test_dashboard import bottom_line

MINUTES, HOURS = timedelta(minutes=1), timedelta(hours=1)


def prove(sessions, company, *, ago: timedelta = 4 * MINUTES, **more: Any):
    with sessions.tenant(company.id) as session:
        return factory.proof(session, company, at=utc_now() - ago, **more)


def line(visitor, company, page: str = "") -> str:
    """The proof in one line, as people read it."""
    text = visitor.get(f"/t/{company.slug}/{page}").text
    found = re.search(r'<div class="notice[^"]*"\s+id="proof">(.*?)</div>', text, re.S)
    assert found is not None
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split()).removesuffix("see the proofs").strip()


def test_what_was_proven_is_said_with_its_age_and_its_number(sessions, company, admin):
    prove(sessions, company)

    assert line(admin, company) == "Proven Lost or doubled: 0 · proved 4 min ago · 214 orders"
    assert f'href="/t/{company.slug}/proofs"' in admin.get(f"/t/{company.slug}/").text


def test_before_the_first_check_nothing_is_claimed(company, admin):
    assert line(admin, company) == (
        "Not proven yet Lost or doubled: not known"
        " · The first check runs by itself, at the latest in the night."
    )


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"lost": 2, "doubled": 1, "failed": ["I1", "I2"]}, "3 · 2 lost · 1 doubled · found 4 min ago"),
        ({"failed": ["I8"]}, "0 · broken: I8 · found 4 min ago"),
        ({"lost": 1, "failed": ["I2", "I9"]}, "1 · 1 lost · 0 doubled · broken: I9 · found 4 min ago"),
    ],
)
def test_a_failed_check_is_an_alarm_with_its_numbers(sessions, company, admin, values, says):
    with sessions.tenant(company.id) as session:
        factory.order(session, company)
    prove(sessions, company, outcome="failed", **values)

    assert line(admin, company) == f"Failed Lost or doubled: {says}"
    assert bottom_line(admin, company) == "A check failed"


def test_a_failure_stays_until_everything_was_read_again(sessions, company, admin):
    prove(sessions, company, ago=20 * MINUTES, outcome="failed", lost=1, failed=["I2"])
    prove(sessions, company, outcome="partial")
    assert line(admin, company).startswith("Failed")

    prove(sessions, company, ago=MINUTES)
    assert line(admin, company).startswith("Proven")


def test_half_a_check_says_what_was_last_proven_and_when(sessions, company, admin):
    prove(sessions, company, ago=3 * HOURS)
    prove(sessions, company, ago=4 * MINUTES, outcome="partial", orders=7)

    assert line(admin, company) == (
        "In part Lost or doubled: 0 · proved 3 h ago · 214 orders"
        " · the check 4 min ago could not read everything"
    )


def test_half_a_check_alone_proves_nothing(sessions, company, admin):
    prove(sessions, company, outcome="partial", orders=7)

    assert line(admin, company) == (
        "In part Lost or doubled: not known · 7 orders checked 4 min ago, but not everything could be read."
    )


def test_an_old_proof_is_called_overdue(sessions, company, admin):
    prove(sessions, company, ago=30 * HOURS)

    assert line(admin, company).startswith("Overdue Lost or doubled: 0 · proved 1 day 6 h ago")


BROKEN = {
    "code": "I2",
    "name": "none lost",
    "promise": "Every order is in Flourish, or its page says why not.",
    "proven": False,
    "looked": 214,
    "failures": 23,
    "counter_examples": [
        {"thing": "order <b>4F2A</b>", "wrong": "it is settled and nowhere", "where": "/t/x/orders/1"}
    ],
    "information": ["something to know"],
}


def test_the_page_names_what_failed_with_a_link_to_each_thing(sessions, company, admin):
    report = {"invariants": [BROKEN, BROKEN | {"code": "I4", "proven": None, "counter_examples": []}]}
    prove(sessions, company, outcome="failed", lost=23, failed=["I2"], ever_doubled=2, report=report)

    text = admin.get(f"/t/{company.slug}/proofs").text

    assert '<a href="/t/x/orders/1">order &lt;b&gt;4F2A&lt;/b&gt;</a>: it is settled and nowhere' in text
    assert "and 22 more" in text
    assert "something to know" in text
    assert "Not looked at" in text
    assert "2 ever made more than once" in text
    assert f"trellis check --tenant {company.slug}" in text


def test_the_last_proofs_are_listed_each_with_a_page(sessions, company, admin):
    old = prove(sessions, company, ago=2 * HOURS, orders=99)
    prove(sessions, company)

    text = admin.get(f"/t/{company.slug}/proofs").text
    assert text.index("4 min ago") < text.index("2 h ago")
    shown = admin.get(f"/t/{company.slug}/proofs/{old.id}")

    assert shown.status_code == 200
    assert re.search(r"<dt>Orders proven</dt>\s*<dd>\s*99\s*</dd>", shown.text)


def test_a_company_without_a_check_has_a_page_that_says_so(company, admin):
    assert "No check yet" in admin.get(f"/t/{company.slug}/proofs").text


def test_the_problem_of_a_failed_check_leads_to_the_proofs(sessions, company, admin):
    with sessions.tenant(company.id) as session:
        problem = factory.problem(session, factory.order(session, company), code="proof_failed")
        problem.link_id, problem.connection_id, problem.subject_id = None, None, company.id

    text = admin.get(f"/t/{company.slug}/problems").text

    assert f'<a href="/t/{company.slug}/proofs">the proofs</a>' in text
