"""How one value of an order or a product stands between both sides (MO-6). Pure, and words only."""

from __future__ import annotations

from dataclasses import dataclass

from portal.sync.decisions import Finding

# Agrees; Trellis writes it; it stays otherwise by a rule; a person decides.
AGREES, CORRECTED, EXPECTED, CONFLICT = "agrees", "corrected", "expected", "conflict"
OUTCOMES = (AGREES, CORRECTED, EXPECTED, CONFLICT)
FLOURISH = "Flourish"
# A thing as a whole, where no field of it can be named.
ORDER, PRODUCT = "Order", "Product"


@dataclass(frozen=True)
class Standing:
    """One value of one thing that does not agree. `field` is what it is counted under, `what` the value
    itself; the three texts are what was agreed on, and what each side has."""

    field: str
    what: str
    owner: str
    outcome: str
    agreed: str = ""
    platform: str = ""
    flourish: str = ""
    why: str = ""
    next_step: str = ""


@dataclass(frozen=True)
class Standings:
    """What of one thing does not agree, and the fields that do."""

    apart: tuple[Standing, ...]
    agreeing: tuple[str, ...] = ()


def for_a_person(finding: Finding, name: str) -> Standings:
    """A thing that a side does not have any more, or that cannot be read.

    Args:
        finding: what a person is told.
        name: `ORDER` or `PRODUCT`.
    """
    row = Standing(name, name, FLOURISH, CONFLICT, why=finding.title, next_step=finding.next_step)
    return Standings((row,))
