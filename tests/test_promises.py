"""The catalogue of promises: each row has its tests or says what is missing, and the page says what is so."""

from __future__ import annotations

import pytest

from tests.marks import PROMISES
from tests.promises.page import CATALOGUE, PAGE, PARTS, promises_page

MARKED = PROMISES.tests()


def test_the_catalogue_has_each_promise_about_leaflink_once_and_in_order():
    assert [promise.id for promise in PARTS["LeafLink"]] == [f"LL-{number}" for number in range(1, 31)]


def test_the_catalogue_has_each_promise_about_onboarding_once_and_in_order():
    assert [promise.id for promise in PARTS["Onboarding"]] == [f"ON-{number}" for number in range(1, 11)]


def test_the_catalogue_has_each_promise_about_monitoring_once_and_in_order():
    assert [promise.id for promise in PARTS["Monitoring"]] == [f"MO-{number}" for number in range(1, 12)]


@pytest.mark.parametrize("promise", CATALOGUE)
def test_a_promise_has_a_test_or_says_what_is_missing(promise):
    assert MARKED.get(promise) or CATALOGUE[promise].later, f"no test is marked with {promise}"


def test_every_marked_promise_is_in_the_catalogue():
    assert MARKED.keys() <= CATALOGUE.keys()


def test_the_page_is_what_the_generator_makes():
    assert PAGE.read_text(encoding="utf-8") == promises_page(), "run `make promises`"


@pytest.mark.parametrize("promise", CATALOGUE.values(), ids=lambda promise: promise.id)
def test_a_row_fits_its_table(promise):
    for text in (promise.what, promise.later):
        assert "|" not in text
        assert "\n" not in text
