"""Items and products that are counted in units which do not measure the same."""

import pytest

from portal.sync.platforms.leaflink.shop import INVENTORY
from tests.sync.mapping.shelves import item, plan, product, rules, shelf


@pytest.mark.promise("MO-4")
def test_units_that_do_not_go_together_are_one_cause_for_all_skus_that_have_them():
    def found(sku, uom):
        sides = {"items": (item(sku=sku, uom=uom),), "products": (product(sku=sku, unit="ea"),)}
        (finding,) = plan(shelf(sku=sku, stock=10, **sides), rules(INVENTORY)).findings
        return finding.cause, finding.title

    assert found("PR 1", "g") == found("PR 2", "g") == ("g, ea", "Flourish counts in g, and LeafLink in ea")
    assert found("PR 3", "") == ("no unit, ea", "Flourish counts in no unit, and LeafLink in ea")
