"""What is asked of the organisation in Ordo before its connection goes live."""

from __future__ import annotations

import pytest

from portal.sync.readiness.declared import check_named
from portal.sync.registry import PLATFORMS
from tests.sync.readiness.ordo_examples import EXAMPLES, snapshot

OF_LICENSE = [one for one in EXAMPLES if one.check in ("ordo_license", "ordo_address")]
OF_BRANDS = [one for one in EXAMPLES if one.check in ("brand", "ordo_orphans", "ordo_skus")]


def judged(example):
    return check_named(PLATFORMS["ordo"], example.check).judge(snapshot(**example.changed))


@pytest.mark.promise("OR-2")
@pytest.mark.parametrize("example", OF_LICENSE, ids=lambda one: one.says)
def test_the_license_has_to_be_the_facilitys_and_its_address_whole(example):
    verdict = judged(example)

    assert verdict.outcome == "wrong"
    assert example.says in verdict.evidence
    assert verdict.severity in (None, "blocks")


@pytest.mark.promise("OR-1")
@pytest.mark.parametrize("example", OF_BRANDS, ids=lambda one: one.says)
def test_what_keeps_items_out_of_ordo_is_named(example):
    verdict = judged(example)

    assert verdict.outcome == "wrong"
    assert example.says in verdict.evidence
    assert verdict.next_step
