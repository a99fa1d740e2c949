"""What a check says: the invariants by name, whether each one held, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

# So many counter-examples and remarks of one invariant are kept; their number is counted in full.
SHOWN = 20
# What is no promise of ours: that the other side could be read.
LIVE = "live"


@dataclass(frozen=True)
class Invariant:
    """One promise of the product. `live`: it can only be proven by reading both sides."""

    code: str
    name: str
    promise: str
    live: bool = False


INVARIANTS = (
    Invariant("I1", "once", "Every order is in Flourish once, over the whole company.", live=True),
    Invariant("I2", "none lost", "Every order is in Flourish, or its page says why not.", live=True),
    Invariant("I3", "stock", "A product has one link, and offers what was decided for it."),
    Invariant("I4", "one facility", "Every order is in its connection's facility.", live=True),
    Invariant("I5", "statuses agree", "The platform's status is what Flourish's status asks for.", live=True),
    Invariant("I6", "lines and money", "Both sides have the same lines, prices and totals.", live=True),
    Invariant("I7", "inbox closed", "Every webhook that was taken has an outcome in words."),
    Invariant("I8", "work closed", "Nothing that is due is left lying."),
    Invariant("I9", "problems speak", "Every problem says what is wrong, what to do and who does it."),
    Invariant(
        "I10", "calls allowed", "Every write was recorded before it was sent; no call was one too many."
    ),
    Invariant(
        "I11", "companies apart", "Nothing of one company hangs on another, or was asked for with its key."
    ),
    Invariant("I12", "audit", "Every act stands in the audit as it was written, and none is missing."),
    Invariant("I13", "secrets", "No credential stands in plain text in any row."),
    Invariant("I14", "idempotent rerun", "Looking at a settled order again writes nothing.", live=True),
    Invariant("I15", "clocks", "Stories and logs are complete and in order of time; nothing goes back."),
    Invariant(LIVE, "both sides read", "Every live connection could be read on both sides.", live=True),
)

# What reliability asks for beyond these, and why it is not checked yet.
NOT_YET = {
    "I16": "memory and disk are measured over a run of hours, not in one look",
    "I17": "the same events in another order are a test's matter: it takes two worlds",
}


@dataclass(frozen=True)
class CounterExample:
    """One thing that breaks a promise. `where` is the page to open."""

    thing: str
    wrong: str
    where: str


@dataclass(frozen=True)
class Seen:
    """What one look at an invariant found."""

    looked: int
    wrong: tuple[CounterExample, ...] = ()
    information: tuple[str, ...] = ()


@dataclass
class Verdict:
    """What is known about one invariant, over everything that was looked at. `remarks` counts information."""

    invariant: Invariant
    looked: int = 0
    failures: int = 0
    remarks: int = 0
    counter_examples: list[CounterExample] = field(default_factory=list)
    information: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.failures

    def add(self, seen: Seen) -> None:
        """Take in what one look found."""
        self.looked += seen.looked
        self.failures += len(seen.wrong)
        self.counter_examples += seen.wrong[: SHOWN - len(self.counter_examples)]
        self.remarks += len(seen.information)
        self.information += seen.information[: SHOWN - len(self.information)]

    def join(self, other: Verdict) -> None:
        """Take in another verdict about the same invariant."""
        self.looked += other.looked
        self.failures += other.failures
        self.remarks += other.remarks
        self.counter_examples += other.counter_examples[: SHOWN - len(self.counter_examples)]
        self.information += other.information[: SHOWN - len(self.information)]

    def shown(self, *, offline: bool) -> dict[str, Any]:
        """As JSON. `proven` is null for what was not looked at."""
        skipped = offline and self.invariant.live
        return {
            "code": self.invariant.code,
            "name": self.invariant.name,
            "promise": self.invariant.promise,
            "proven": None if skipped and self.holds else self.holds,
            "looked": self.looked,
            "failures": self.failures,
            "counter_examples": [vars(example) for example in self.counter_examples],
            "information": self.information,
        }


class Report:
    """The verdicts of one check.

    Args:
        offline: the two sides were not read.
    """

    def __init__(self, *, offline: bool = False) -> None:
        self.offline = offline
        self.verdicts = {invariant.code: Verdict(invariant) for invariant in INVARIANTS}
        # Orders of which both sides were read and judged.
        self.orders = 0
        # Orders that were ever made more than once, whether they still are or not: their page, their name.
        self.ever_doubled: dict[str, str] = {}
        # What should have been read, and could not be now.
        self.unread: list[str] = []

    @property
    def holds(self) -> bool:
        """Whether every invariant that was looked at held."""
        return all(verdict.holds for verdict in self.verdicts.values())

    def add(self, code: str, seen: Seen) -> None:
        """Take in what one look at an invariant found."""
        self.verdicts[code].add(seen)

    def skip(self, what: str) -> None:
        """Say of something that should have been read why it was not."""
        self.unread.append(what)
        self.add(LIVE, Seen(0, (), (what,)))

    def failed(self) -> list[str]:
        """The codes of the invariants that did not hold."""
        return [code for code, verdict in self.verdicts.items() if not verdict.holds]

    def broken(self) -> list[str]:
        """The codes of the promises that are broken: that a side could not be read breaks none."""
        return [code for code in self.failed() if code != LIVE]

    @property
    def outcome(self) -> str:
        """In a word: failed, partial where a side was not read, or held."""
        if self.broken():
            return "failed"
        return "partial" if self.offline or self.unread or not self.verdicts[LIVE].holds else "held"

    def take_in(self, other: Report) -> None:
        """Add what another check found, of another tenant."""
        for code, verdict in other.verdicts.items():
            self.verdicts[code].join(verdict)
        self.orders += other.orders
        self.ever_doubled |= other.ever_doubled
        self.unread += other.unread

    def shown(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "holds": self.holds,
            "outcome": self.outcome,
            "offline": self.offline,
            "orders": self.orders,
            "ever_doubled": [
                {"thing": thing, "where": where} for where, thing in list(self.ever_doubled.items())[:SHOWN]
            ],
            "invariants": [verdict.shown(offline=self.offline) for verdict in self.verdicts.values()],
            "not_yet": NOT_YET,
        }


def seen(looked: int | None, wrong: Iterable[CounterExample]) -> Seen:
    """What a look found, from the number of things looked at and those that are wrong."""
    return Seen(looked or 0, tuple(wrong))
