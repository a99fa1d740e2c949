"""What is declared of AIQ: its credentials, its budget, its settings, and the checks before going live."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from portal.sync.checks import Entry, Snapshot
from portal.sync.flourish import FLOURISH
from portal.sync.platforms import aiq
from portal.sync.platforms.aiq.judging import IS_OFF, IS_ON, NOT_SAID, native, numbers, unmapped
from portal.sync.platforms.aiq.lists import NAMES
from portal.sync.platforms.aiq.readiness import READINESS, prepare
from portal.sync.rules import parse, typed
from portal.sync.signing import Proof, examine
from tests.sync.platforms.aiq.examples import VENUE, item

GOOD = {"api_key": "aq-key", "venue": VENUE}


@pytest.mark.promise("AQ-1")
@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({"api_key": ""}, "api_key"),
        ({"api_key": "  "}, "api_key"),
        ({"api_key": "a b"}, "api_key"),
        ({"api_key": "kéy"}, "api_key"),
        ({"venue": "a b"}, "venue"),
    ],
)
def test_what_cannot_be_a_key_or_a_store_is_named_before_any_call(given, cause):
    (finding,) = aiq.check_credentials({**GOOD, **given})

    assert finding.cause == cause
    assert finding.next_step.endswith(".")
    assert aiq.check_credentials(GOOD) == ()


@pytest.mark.promise("AQ-1")
def test_a_username_that_looks_like_an_e_mail_is_refused_with_the_reason():
    (finding,) = FLOURISH.check_credentials({"api_key": "k", "username": "ada@rowe.example"})

    assert finding.cause == "username"
    assert "e-mail" in f"{finding.title} {finding.next_step}"


def test_the_budget_stays_within_aiqs_in_any_second():
    assert aiq.THROTTLE.per_second + aiq.THROTTLE.burst <= 20


def test_webhooks_are_unsigned_hints():
    assert examine(Proof(aiq.WEBHOOK, ()), b"{}", lambda _name: []).is_enough
    assert aiq.WEBHOOK.read({"type": "order.closed", "data": {"id": "o1"}}).ref == "o1"


@pytest.mark.promise("AQ-10")
def test_the_interval_of_statuses_is_a_setting_of_two_minutes():
    found = {one.name: one for one in aiq.SETTINGS}

    assert (found["status_minutes"].default, found["status_minutes"].least) == (2, 1)
    assert found["platform_holds"].default is True
    assert found["writes"].default is True
    assert len(found) == len(aiq.SETTINGS)
    assert all(one.consequence.endswith(".") for one in aiq.SETTINGS)


def snapshot(orders=(), items=(), pos_ids=(), **settings):
    facts = {"pos_ids": frozenset(pos_ids)}
    at = datetime(2026, 11, 20, tzinfo=UTC)
    return Snapshot(at, {"coming_shop_orders": tuple(orders)}, {"items": tuple(items)}, facts, settings)


def coming(number, pos_id="", skus=()):
    return Entry(f"id-{number}-{pos_id}", number, number, {"pos_id": pos_id, "skus": tuple(skus)})


@pytest.mark.promise("AQ-13")
@pytest.mark.parametrize(
    ("said", "orders", "pos_ids", "outcome"),
    [
        (NOT_SAID, (), (), "wrong"),
        (IS_ON, (), (), "wrong"),
        (IS_OFF, (), (), "ready"),
        (IS_OFF, (coming("1"),), (), "ready"),
        # Somebody says so, and an order shows that it is not.
        (IS_OFF, (coming("1", "42"),), (), "wrong"),
        (IS_OFF, (coming("1", "42"),), ("42",), "ready"),
    ],
)
def test_whether_aiqs_own_integration_is_off_is_asked_and_looked_at(said, orders, pos_ids, outcome):
    verdict = native(snapshot(orders, pos_ids=pos_ids, native_integration=said))

    assert verdict.outcome == outcome
    assert verdict.outcome == "ready" or verdict.next_step.endswith(".")


@pytest.mark.promise("AQ-13")
def test_nobody_goes_live_before_it_is_answered():
    check = next(one for one in READINESS.checks if one.name == "native")

    assert check.severity == "blocks"
    assert native(snapshot()).outcome == "wrong"


@pytest.mark.promise("AQ-12")
def test_numbers_that_orders_share_are_named_before_going_live():
    assert numbers(snapshot([coming("1"), coming("2")])).outcome == "ready"
    verdict = numbers(snapshot([coming("1", "a"), coming("1", "b"), coming("2")]))
    assert (verdict.outcome, verdict.examples) == ("wrong", ("1",))


@pytest.mark.promise("AQ-3")
def test_categories_without_a_place_are_listed():
    items = [
        Entry(str(place), "", "", {"item": found})
        for place, found in enumerate(
            [
                item(category="Edibles"),
                item(category="Wholesale"),
                item(custom_subcategory="Wholesale"),
                item(category=""),
                # It is not on the menu anyway.
                item(category="Scrap", ecommerce=False),
            ]
        )
    ]

    verdict = unmapped(snapshot(items=items))
    assert (verdict.outcome, verdict.examples) == ("wrong", ("Wholesale",))
    assert verdict.counts == {"categories": 2, "without a place": 1, "items without category": 1}
    table = {"Wholesale": "FLOWER", "Edibles": "EDIBLES"}
    assert unmapped(snapshot(items=items[:3], category_table=table)).outcome == "ready"


def test_what_is_ordered_is_a_list_of_its_own():
    ready = prepare(snapshot([coming("1", skus=("A", "B")), coming("2", skus=(" A ", ""))]))

    ordered = ready.platform["ordered"]
    assert isinstance(ordered, tuple)
    assert [(one.value, one.name) for one in ordered] == [
        ("A", "named 2 times"),
        ("B", "named 1 time"),
    ]


def test_the_checks_hold_together():
    names = [one.name for one in READINESS.checks]

    assert len(set(names)) == len(names)
    assert all(set(one.needs) <= set(names) for one in READINESS.checks)
    assert READINESS.lists == NAMES


@pytest.mark.parametrize("setting", aiq.SETTINGS, ids=lambda setting: setting.name)
def test_what_a_setting_is_by_default_can_be_typed(setting):
    assert parse(setting, typed(setting, setting.default)) == setting.default


@pytest.mark.promise("AQ-3")
def test_a_row_of_the_table_of_categories_can_be_typed_and_one_for_nothing_is_refused():
    table = next(one for one in aiq.SETTINGS if one.name == "category_table")

    assert parse(table, typed(table, {"Wholesale": "FLOWER"})) == {"Wholesale": "FLOWER"}
    with pytest.raises(ValueError, match="SHOES"):
        parse(table, typed(table, {"Wholesale": "SHOES"}))
