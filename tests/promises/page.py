"""The page docs/promises.md: a table for each platform, with the tests of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.marks import PROMISES, ROOT, Marked, link_to
from tests.promises import aiq, leaflink, monitoring, onboarding, ordo
from tests.promises.promise import Promise

PAGE = ROOT / "docs" / "promises.md"
PARTS: Mapping[str, Sequence[Promise]] = {
    "LeafLink": leaflink.PROMISES,
    "Ordo": ordo.PROMISES,
    "AIQ Ecommerce": aiq.PROMISES,
    "Onboarding": onboarding.PROMISES,
    "Monitoring": monitoring.PROMISES,
}
CATALOGUE: Mapping[str, Promise] = {promise.id: promise for part in PARTS.values() for promise in part}

_OPENING = """\
# Promises

What users may rely on, and the tests that prove it. *Not yet* says what is missing.

`make promises` makes this page from `tests/promises/` and from the tests that are marked
`@pytest.mark.promise(id)`; it is never edited. A test fails while the page is out of date, and while a
row has neither a test nor a reason.

"""


def promises_page() -> str:
    """The whole page."""
    tests = PROMISES.tests()
    return _OPENING + _counts(tests) + "".join(_part(title, rows, tests) for title, rows in PARTS.items())


def _counts(tests: Mapping[str, Sequence[Marked]]) -> str:
    whole = sum(not promise.later for promise in CATALOGUE.values())
    count = len({test for marked in tests.values() for test in marked})
    return f"Of {len(CATALOGUE)} promises {whole} are kept whole. {count} tests prove them.\n"


def _part(title: str, promises: Sequence[Promise], tests: Mapping[str, Sequence[Marked]]) -> str:
    rows = "".join(_row(promise, tests.get(promise.id, ())) for promise in promises)
    return f"\n## {title}\n\n| id | promise | tests |\n| --- | --- | --- |\n{rows}"


def _row(promise: Promise, tests: Sequence[Marked]) -> str:
    later = f"*Not yet:* {promise.later}" if promise.later else ""
    what = " ".join(filter(None, (promise.what, later)))
    return f"| {promise.id} | {what} | {'<br>'.join(link_to(test) for test in tests)} |\n"
