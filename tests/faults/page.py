"""The page docs/faults.md: a table for each part of the catalogue, with the tests of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.faults import data, platform, upstream, webhooks, worker
from tests.faults.fault import Fault
from tests.marks import FAULTS, ROOT, Marked, link_to

PAGE = ROOT / "docs" / "faults.md"
PARTS: Mapping[str, Sequence[Fault]] = {
    "Worker and queue": worker.FAULTS,
    "Calls to the other side": upstream.FAULTS,
    "Webhooks that come in": webhooks.FAULTS,
    "Data": data.FAULTS,
    "Database, companies, machine": platform.FAULTS,
}
CATALOGUE: Mapping[int, Fault] = {fault.number: fault for part in PARTS.values() for fault in part}

_OPENING = """\
# Faults

What can go wrong, what Trellis does then, and the tests that prove it. *Not yet* says what is missing, and
with which issue it comes. [Reliability](reliability.md) explains the means, and [chaos](chaos.md) mixes most
of this in real processes.

`make faults` makes this page from `tests/faults/` and from the tests that are marked
`@pytest.mark.fault(number)`; it is never edited. A test fails while the page is out of date, and while a row
has neither a test nor a reason.

"""


def faults_page() -> str:
    """The whole page."""
    tests = FAULTS.tests()
    return _OPENING + _counts(tests) + "".join(_part(title, rows, tests) for title, rows in PARTS.items())


def _counts(tests: Mapping[str, Sequence[Marked]]) -> str:
    proven = sum(bool(fault.then) and not fault.later for fault in CATALOGUE.values())
    partly = sum(bool(fault.then) and bool(fault.later) for fault in CATALOGUE.values())
    count = len({test for marked in tests.values() for test in marked})
    return (
        f"Of {len(CATALOGUE)} faults {proven} are survived and proven, {partly} in part, and"
        f" {len(CATALOGUE) - proven - partly} concern what is not built yet. {count} tests prove them.\n"
    )


def _part(title: str, faults: Sequence[Fault], tests: Mapping[str, Sequence[Marked]]) -> str:
    rows = "".join(_row(fault, tests.get(str(fault.number), ())) for fault in faults)
    return f"\n## {title}\n\n| # | fault | what Trellis does | tests |\n| --- | --- | --- | --- |\n{rows}"


def _row(fault: Fault, tests: Sequence[Marked]) -> str:
    later = f"*Not yet:* {fault.later}" if fault.later else ""
    does = " ".join(filter(None, (fault.then, later)))
    links = "<br>".join(link_to(test) for test in tests)
    return f"| {fault.number} | {fault.what} | {does} | {links} |\n"
