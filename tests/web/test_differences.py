"""What differs between both sides, on an order's page: as tables, without a script, and masked."""

from __future__ import annotations

import html

import pytest

from portal.models import Link
from tests.web import admission, factory

CONFLICT = [["BD-35-LMN eaches", "24", "48", "36"], ["Note", "", "Ring <twice>", ""]]
DRIFT = [["GG-1G-PR eaches", "540", "500"], ["Charges", "20", "20 + 15"]]


@pytest.fixture
def page(sessions, company):
    """The page of an order that was edited on both sides."""
    shown = factory.snapshot(drift=DRIFT)
    shown["lines"][0] |= {"lot": "GL-0004-A", "is_sample": False}
    shown["lines"][1] |= {"lot": "", "is_sample": True}
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company, state="stuck", snapshot=shown)
        factory.problem(
            session,
            link,
            code="edited_on_both_sides",
            title="BD-35-LMN eaches, Note changed in LeafLink and in Flourish",
            text="BD-35-LMN eaches: agreed 24, LeafLink 48, Flourish 36",
            evidence={"difference": CONFLICT},
        )
        factory.event(
            session,
            link,
            "Carried over from LeafLink",
            side="flourish",
            detail={"changes": [["BD-35-LMN eaches", "12", "24"]]},
        )
        return f"/t/{company.slug}/orders/{link.id}"


def cells(text, label):
    """The rows of a table by its label, without markup."""
    part = text[text.index(f'aria-label="{label}"') :]
    body = part[part.index("<tbody>") : part.index("</tbody>")]
    rows = body.split("<tr>")[1:]
    return [[html.unescape(cell.split(">")[1].split("<")[0]) for cell in row.split("<t")[1:]] for row in rows]


@pytest.mark.promise("LL-14")
def test_a_conflict_is_a_table_of_what_was_agreed_and_what_each_side_has(page, viewer):
    text = viewer.get(page).text

    assert [head in text for head in ("Agreed", "LeafLink", "Flourish")] == [True] * 3
    assert cells(text, "The difference") == [
        ["BD-35-LMN eaches", "24", "48", "36"],
        ["Note", "–", "Ring <twice>", "–"],
    ]
    assert "Ring <twice>" not in text


@pytest.mark.promise("LL-18")
def test_what_flourish_changed_itself_is_shown_as_expected(page, viewer):
    text = viewer.get(page).text

    assert "Expected: what Flourish" in text
    assert cells(text, "Changed in Flourish") == DRIFT


@pytest.mark.promise("LL-18")
def test_an_order_without_drift_says_nothing_of_it(sessions, company, viewer):
    with sessions.tenant(company.id) as session:
        link = factory.order(session, company)
    assert "Changed in Flourish" not in viewer.get(f"/t/{company.slug}/orders/{link.id}").text


@pytest.mark.promise("LL-14")
def test_an_edit_that_was_carried_over_is_a_row_with_before_and_after(page, viewer):
    text = viewer.get(page).text
    row = text[text.index("Carried over from LeafLink") :]

    assert row.index("<del>12</del>") < row.index("<ins>24</ins>")


@pytest.mark.promise("LL-7")
def test_a_line_says_its_lot_and_that_it_is_a_sample(page, viewer):
    text = viewer.get(page).text

    assert "lot GL-0004-A" in text
    assert text.count('<span class="status info">Sample</span>') == 1


def test_the_fragments_that_pages_are_kept_up_with_hold_the_same_tables(page, viewer):
    text = viewer.get(f"{page}/story?after=0").text

    assert 'aria-label="The difference"' in text
    assert 'aria-label="Changed in Flourish"' in text


def test_the_ticket_tells_the_difference_in_words(page, viewer):
    assert "agreed 24, LeafLink 48, Flourish 36" in viewer.get(f"{page}/ticket").text


def test_support_sees_differences_without_personal_data(sessions, company, as_user, page):
    link_id = page.rpartition("/")[2]
    with sessions.tenant(company.id) as session:
        link = session.get_one(Link, link_id)
        personal = [["Phone", "5105550199", "5105550123"], ["Note", "Ask kim.doe@mail.example", "nothing"]]
        link.snapshot = {**link.snapshot, "drift": personal}
        factory.problem(
            session,
            link,
            cause="personal",
            evidence={"difference": [[*row, row[1]] for row in personal]},
        )
    agent = factory.user(sessions, staff_role="support")
    with sessions.tenant(company.id) as session:
        admission.grant(session, company, agent, given=True, may_act=True)

    text = as_user(agent).get(page).text

    assert "The difference" in text
    assert not [planted for planted in ("5105550199", "5105550123", "kim.doe") if planted in text]
