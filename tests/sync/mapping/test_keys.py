"""Match keys: equal, near, and neither."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sync.mapping.keys import email_key, license_key, near_key, sku_key


@pytest.mark.fault(56, 64)
@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        ("FL-1", "FL-1", True),
        ("  FL-1\t", "FL-1", True),
        (unicodedata.normalize("NFD", "Piña"), unicodedata.normalize("NFC", "Piña"), True),
        ("FL-1", "fl-1", False),
        ("FL-1", "FL 1", False),
        ("FL-1", "FL-01", False),
        ("FL-1", "FL-\uff11", False),  # a full-width digit is another character
        ("FL  1", "FL 1", False),
    ],
)
@pytest.mark.promise("LL-1")
def test_skus_are_one_when_they_are_equal_but_for_outer_spaces_and_unicode_form(left, right, equal):
    assert (sku_key(left) == sku_key(right)) is equal


@pytest.mark.fault(61)
@pytest.mark.parametrize(
    ("shown", "key"),
    [
        ("C10-0000001-LIC", "C10-0000001-LIC"),
        ("  c10-0000001-lic ", "C10-0000001-LIC"),
        ("RE000000  Adult Use Retailer (NJ)", "RE000000"),
        ("RE 000123 (NJ)", "RE000123"),
        ("RE 000 123", "RE000123"),
        ("000123 Medical", "000123"),
        ("AU-R-000123 / Retail", "AU-R-000123"),
        ("C12.0000015", "C12.0000015"),
        ("\uff32\uff25000000", "RE000000"),  # full-width letters, as pasted from a form
        ("", ""),
        ("   ", ""),
        ("pending", ""),
        ("applied for", ""),
        ("(none)", ""),
        ("MED", ""),
    ],
)
def test_a_license_number_is_what_stands_before_its_type_label(shown, key):
    assert license_key(shown) == key


@pytest.mark.fault(61)
@pytest.mark.parametrize(
    ("left", "right"),
    [("C10-0000001-LIC", "C10-0000010-LIC"), ("RE000123", "RE0001234"), ("C10-1", "C11-1")],
)
@pytest.mark.promise("LL-2")
def test_license_numbers_that_differ_in_a_token_are_two(left, right):
    assert license_key(left) != license_key(right)


@given(st.text(max_size=40))
def test_normalising_a_license_again_changes_nothing(shown):
    once = license_key(shown)
    assert license_key(once) == once


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        ("Rae@Acme.example", "rae@acme.EXAMPLE ", True),
        ("rae@acme.example", "ray@acme.example", False),
        ("STRASSE@x.example", "straße@x.example", True),
    ],
)
@pytest.mark.promise("LL-3")
def test_emails_are_compared_whatever_their_case(left, right, equal):
    assert (email_key(left) == email_key(right)) is equal


@pytest.mark.parametrize(
    ("left", "right", "near"),
    [("FL-1", "fl 1", True), ("FL_1.", "FL1", True), ("FL-1", "FL-2", False), ("FL1", "F.L/1", True)],
)
@pytest.mark.promise("LL-1")
def test_near_means_equal_but_for_case_spaces_and_punctuation(left, right, near):
    assert (near_key(left) == near_key(right)) is near
