"""An ignored problem that is worse than when it was ignored comes back."""

import pytest

from portal.sync.worsening import is_worse

# (title, evidence) as it was; as it is now; is it worse?
CASES = {
    "the same": (("SKU A is unknown", {}), ("SKU A is unknown", {}), False),
    "other words": (("30 products would lose stock", {}), ("30 products are gone", {}), True),
    "grown by a third": (("30 of 400 would", {}), ("40 of 400 would", {}), False),
    "doubled": (("30 of 400 would", {}), ("60 of 400 would", {}), True),
    "doubled, in thousands": (("1,000 rows", {}), ("2,000 rows", {}), True),
    "fewer": (("60 of 400 would", {}), ("3 of 400 would", {}), False),
    "money": (("against 324.00", {}), ("against 342.50", {}), False),
    "something else": (("Flourish has no lot 7", {}), ("Flourish has no term 7", {}), True),
    "another difference": (
        ("Edited", {"difference": [["GG-1G", 40, 60]]}),
        ("Edited", {"difference": [["GG-1G", 40, 90]]}),
        True,
    ),
    "from nothing": (("0 rows", {}), ("1 rows", {}), True),
    "a version": (("API 1.2.3 says no", {}), ("API 1.2.4 says no", {}), False),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_worse(case):
    (title, evidence), (now, now_evidence), expected = CASES[case]
    assert is_worse(title, evidence, now=now, now_evidence=now_evidence) is expected
