"""The page of a connection's rules: each with its consequence, changed by those who may, all or none."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from portal.models import Connection
from tests.web import factory


@pytest.fixture
def page(company) -> str:
    return f"/t/{company.slug}/connections/{company.connection_id}/rules"


def entered(text: str) -> dict[str, list[str]]:
    """What the page would send as it stands."""
    sent: dict[str, list[str]] = {}

    def add(name: str, value: str) -> None:
        sent.setdefault(html.unescape(name), []).append(html.unescape(value))

    for tag in re.findall(r"<input[^>]*>", text):
        name, value = (re.search(rf'\b{key}="([^"]*)"', tag) for key in ("name", "value"))
        ticked = not re.search(r'type="(checkbox|radio)"', tag) or "checked" in tag
        if name and name[1] != "csrf_token" and ticked:
            add(name[1], value[1] if value else "")
    for name, area in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>([^<]*)</textarea>', text):
        add(name, area)
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', text, re.DOTALL):
        chosen = re.search(r'value="([^"]*)"\s+selected', options)
        add(name, chosen[1] if chosen else "")
    return sent


def settings(sessions, company) -> dict[str, Any]:
    with sessions.tenant(company.id) as session:
        return dict(session.get_one(Connection, company.connection_id).settings)


def test_saving_the_page_as_it_stands_changes_nothing(admin, page, sessions, company):
    before = settings(sessions, company)

    admin.post(page, entered(admin.get(page).text))

    assert "Nothing changed." in admin.get(page).text
    assert settings(sessions, company) == before


@pytest.mark.promise("LL-17")
def test_a_changed_rule_is_kept_and_said(admin, page, sessions, company):
    form = entered(admin.get(page).text)
    allocated = next(name for name, value in form.items() if value == ["Fulfilled"])

    admin.post(page, {**form, allocated: "Accepted"})

    assert "Saved: Flourish status moves LeafLink to." in admin.get(page).text
    table = settings(sessions, company)["status_table"]
    assert (table["Allocated"], table["Shipped"]) == ("Accepted", "Shipped")


def test_one_wrong_value_keeps_all_and_is_named_beside_what_was_typed(admin, page, sessions, company):
    before = settings(sessions, company)
    form = entered(admin.get(page).text)

    answer = admin.post(page, {**form, "price_places": "2", "settle_seconds": "soon"})

    assert answer.status_code == 422
    assert "Give a number from 0 to 3600." in answer.text
    assert 'value="soon"' in answer.text
    assert settings(sessions, company) == before


def test_what_somebody_else_changed_meanwhile_is_not_overwritten_unseen(admin, page, sessions, company):
    form = entered(admin.get(page).text)
    admin.post(page, {**form, "price_places": "2"})

    answer = admin.post(page, {**form, "settle_seconds": "240"})

    assert answer.status_code == 422
    assert "Somebody changed the rules since you opened this page" in answer.text
    assert settings(sessions, company)["price_places"] == "2"
    again = {**entered(answer.text), "price_places": "2"}
    assert admin.post(page, again).status_code == 303
    assert settings(sessions, company)["settle_seconds"] == 240


def test_a_form_without_a_setting_leaves_it_as_it_is(admin, page, sessions, company):
    before = settings(sessions, company)
    version = entered(admin.get(page).text)["version"]

    assert admin.post(page, {"version": version}).status_code == 303

    assert settings(sessions, company) == before


def test_viewers_read_the_rules_and_cannot_change_them(viewer, page):
    text = viewer.get(page).text

    assert "Orders come in when they are" in text
    assert "Save rules" not in text
    assert viewer.post(page, {}).status_code in (403, 404)


def written(text: str) -> dict[str, str]:
    """What the page says of each field of a product."""
    rows = re.findall(r'<th scope="row">(.*?)</th>.*?<td>([^<]*)</td>\s*</tr>', text, re.DOTALL)
    return {html.unescape(name): said.strip() for name, said in rows}


@pytest.mark.promise("LL-10")
def test_the_page_lists_exactly_what_is_written_to_products(admin, page):
    before = admin.get(page).text
    assert [name for name, said in written(before).items() if said == "written"] == ["Stock"]

    admin.post(page, {**entered(before), "source_of_truth": "both", "write_prices": "yes"})

    after = written(admin.get(page).text)
    assert set(after.values()) == {"written"}
    assert list(after) == [
        "Stock",
        "Name",
        "Description",
        "Brand",
        "Category",
        "Subcategory",
        "Product line",
        "Strains",
        "Strain classification",
        "Wholesale price",
    ]


@pytest.mark.promise("ON-8")
def test_a_rule_that_changes_what_is_on_its_way_is_saved_only_when_it_is_confirmed(
    admin, page, sessions, company
):
    with sessions.tenant(company.id) as session:
        shown = factory.snapshot(has_rep=False)
        factory.order(session, company, label="A", state="waiting", flourish_id=None, snapshot=shown)
    text = admin.get(page).text
    assert "1 open order without a sales rep would wait by sales rep." in text
    form = {**entered(text), "routing": "by sales rep"}

    asked = admin.post(page, form)

    assert asked.status_code == 200
    assert "1 open order without a sales rep does not sync." in asked.text
    assert settings(sessions, company) == {}
    sent = entered(asked.text)
    back = admin.post(page, {**sent, "act": "back"})
    assert "routing" in back.text
    assert settings(sessions, company) == {}
    assert admin.post(page, sent).status_code == 303
    assert settings(sessions, company) == {"routing": "by sales rep"}
