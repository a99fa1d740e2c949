"""The page of a combined order: what it combines, said by who may, and each page leads to the other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.models import Link, LinkRelation, utc_now
from tests.web import factory
from tests.web.acts import recorded


@pytest.fixture
def placed():
    return utc_now() - timedelta(hours=1)


@pytest.fixture
def originals(sessions, company, placed):
    """Two orders of the customer that were combined just before, and one of long before."""
    with sessions.tenant(company.id) as session:
        rows = [
            factory.order(session, company, label=label, foreign_status="Combined", merged_at=placed - before)
            for label, before in (
                ("FIRST", timedelta(minutes=1)),
                ("SECOND", timedelta(minutes=9)),
                ("OLD", timedelta(minutes=11)),
            )
        ]
        return {row.label: row.id for row in rows}


@pytest.fixture
def combined(sessions, company, placed, originals):
    """An order that combines some of them, and waits for somebody to say which."""
    with sessions.tenant(company.id) as session:
        row = factory.order(
            session,
            company,
            label="NEW",
            state="stuck",
            flourish_id=None,
            decision_code="originals_unknown",
            placed_at=placed,
        )
        return row.id


def page(company, link_id):
    return f"/t/{company.slug}/orders/{link_id}"


def said(sessions, company, link_id):
    """The originals that are kept, and whether they are inferred."""
    with sessions.tenant(company.id) as session:
        rows = session.query(LinkRelation).where(LinkRelation.to_id == link_id)
        return {session.get_one(Link, row.from_id).label: row.inferred for row in rows}


@pytest.mark.promise("LL-16")
def test_the_candidates_are_offered_and_what_is_chosen_is_kept(sessions, company, admin, combined, originals):
    text = admin.get(page(company, combined)).text
    assert "FIRST" in text
    assert "SECOND" in text
    assert "OLD" not in text

    chosen = [str(originals["FIRST"]), str(originals["SECOND"])]
    answer = admin.post(f"{page(company, combined)}/originals", {"original": chosen, "answer": "these"})

    assert answer.status_code == 303
    assert said(sessions, company, combined) == {"FIRST": False, "SECOND": False}
    with sessions.tenant(company.id) as session:
        assert session.get_one(Link, combined).due_at is not None
        assert session.get_one(Link, originals["FIRST"]).due_at is not None
    (act,) = recorded(sessions, company.id, "order.originals_chosen")
    assert (act.subject, act.detail["originals"]) == ("NEW", ["FIRST", "SECOND"])


@pytest.mark.promise("LL-16")
def test_each_page_leads_to_the_other(sessions, company, admin, combined, originals):
    admin.post(
        f"{page(company, combined)}/originals", {"original": [str(originals["FIRST"])], "answer": "these"}
    )

    assert page(company, originals["FIRST"]) in admin.get(page(company, combined)).text
    original = admin.get(page(company, originals["FIRST"])).text
    assert page(company, combined) in original
    assert "Became part of" in original


def test_none_of_them_is_an_answer_and_replaces_another_one(sessions, company, admin, combined, originals):
    address = f"{page(company, combined)}/originals"
    admin.post(address, {"original": [str(originals["FIRST"])], "answer": "these"})

    admin.post(address, {"original": [str(originals["FIRST"])], "answer": "none"})

    assert said(sessions, company, combined) == {}
    with sessions.tenant(company.id) as session:
        assert session.get_one(Link, combined).choices == {"originals": []}


@pytest.mark.parametrize(
    ("chosen", "words"),
    [([], "Choose the orders"), (["OLD"], "Choose the orders"), (["somebody-elses"], "Choose the orders")],
)
def test_what_is_no_candidate_cannot_be_chosen(sessions, company, admin, combined, originals, chosen, words):
    ids = [str(originals.get(one, one)) for one in chosen]

    admin.post(f"{page(company, combined)}/originals", {"original": ids, "answer": "these"})

    assert words in admin.get(page(company, combined)).text
    assert said(sessions, company, combined) == {}


@pytest.mark.parametrize("later", [{"flourish_id": "SO-9"}, {"decision_code": "agree"}])
def test_an_order_that_does_not_wait_for_it_takes_no_answer(
    sessions, company, admin, combined, originals, later
):
    with sessions.tenant(company.id) as session:
        for name, value in later.items():
            setattr(session.get_one(Link, combined), name, value)

    admin.post(
        f"{page(company, combined)}/originals", {"original": [str(originals["FIRST"])], "answer": "these"}
    )

    assert said(sessions, company, combined) == {}
    assert recorded(sessions, company.id, "order.originals_chosen") == []


def test_a_viewer_sees_no_form_and_may_not_answer(company, viewer, combined):
    assert "What it combines" not in viewer.get(page(company, combined)).text
    assert viewer.post(f"{page(company, combined)}/originals", {"answer": "none"}).status_code == 403
