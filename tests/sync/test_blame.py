"""Whose failure each problem is: every code that there is, sorted once."""

import re
from collections import Counter
from pathlib import Path

import pytest

from portal.sync import blame
from portal.sync.blame import BLAMES, blame_of, codes_of

GUIDES = [
    Path(__file__).parents[2] / "docs" / name for name in ("leaflink.md", "ordo.md", "retail.md", "aiq.md")
]
# The guides have every code that can be found (tests/test_structure.py).
KNOWN = [
    code
    for guide in GUIDES
    for code in re.findall(r"^\| `([a-z_.]+)` \|", guide.read_text(encoding="utf-8"), re.MULTILINE)
]

# Ours are told apart from theirs and from yours: a few of each, by hand.
SORTED = {
    "worker_died": "trellis",
    "bug": "trellis",
    "loop": "trellis",
    "proof_failed": "trellis",
    "refused": "refused",
    "move_not_offered": "refused",
    "term_not_offered": "refused",
    "needs_credentials": "account",
    "not_answering": "account",
    "webhook_silent": "account",
    "unreadable": "account",
    "sku_unknown": "data",
    "lot_missing": "data",
    "no_rep": "data",
    "sum_does_not_hold": "data",
    "edited_after_allocation": "decision",
    "mass_drop": "decision",
    "twins": "decision",
    "refunded_after_paid": "decision",
}


@pytest.mark.promise("MO-4")
@pytest.mark.parametrize("code", KNOWN)
def test_every_code_is_somebodys(code):
    assert [one for one in BLAMES if code in codes_of(one)] == [blame_of(code)]


@pytest.mark.parametrize("code", SORTED)
def test_a_crash_a_refusal_and_wrong_data_are_told_apart(code):
    assert blame_of(code) == SORTED[code]


def test_no_code_is_sorted_that_nothing_finds():
    assert Counter(code for one in BLAMES for code in codes_of(one)) == Counter(KNOWN)


def test_a_code_that_nobody_sorted_is_our_own_failure():
    assert blame_of("of_a_later_version") == "trellis"
    assert blame.codes_of("nobody") == ()
