"""The words by which things are found."""

import pytest

from portal.queries import search


@pytest.mark.parametrize(
    ("word", "found_as"),
    [
        ("4F2A-1187", {"4f2a-1187", "4f2a1187"}),
        ("  PO  77 ", {"po 77", "po77"}),
        ("#00018842", {"#00018842", "00018842"}),
        ("ＢＤ-35", {"bd-35", "bd35"}),
        ("Harbor Wellness", {"harbor wellness"}),
        ("St.-John's", {"st.-john's"}),
        ("Café 9", {"café 9", "café9"}),
        (" \t", set()),
        ("---", {"---"}),
        ("x" * 300, {"x" * 120}),
    ],
)
def test_a_number_is_also_found_without_what_parts_it_and_a_name_as_it_is(word, found_as):
    assert search.keys([word]) == found_as


@pytest.mark.parametrize("stored", ["4F2A-1187", "4f2a1187", "4F2A 1187"])
@pytest.mark.parametrize("typed", ["4F2A-1187", "4f2a1187", "4F2A 1187", "#4F2A-1187"])
def test_however_a_number_is_written_it_has_a_term_in_common(stored, typed):
    assert search.keys([stored]) & search.keys([typed])
