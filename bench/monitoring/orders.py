"""A year of orders of a few companies, drawn by chance from a fixed seed: the same at every run."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from tests.web.factory import Company

# Of a hundred orders, how many are of which company, of which of its connections, and in which state.
COMPANIES = (80, 15, 5)
CONNECTIONS = ((70, 20, 10), (100,), (100,))
_STATES = {"settled": 46, "stuck": 40, "skipped": 7, "waiting": 5, "new": 2}
_SPAN = timedelta(days=365)
_CUSTOMERS = 3_000
_SKUS = 2_000
_FIRST = ("Harbor", "Green", "Coastal", "Sunset", "Valley", "North", "Redwood", "Golden", "Bay", "Canyon")
_SECOND = ("Wellness", "Leaf", "Collective", "Remedies", "Gardens", "Supply", "Market", "House", "Farmacy")
_THIRD = ("Oakland", "Fresno", "Eureka", "Salinas", "Ukiah", "Vallejo", "Merced", "Chico", "Napa", "Lodi")


@dataclass(frozen=True, slots=True)
class Customer:
    """Who buys."""

    name: str
    license: str


@dataclass(frozen=True, slots=True)
class Seller:
    """A connection of a company, as orders name it."""

    company: Company
    connection_id: str


@dataclass(frozen=True, slots=True)
class Order:
    """What the rows of one order have in common."""

    place: int
    seller: Seller
    link_id: str
    label: str
    number: str
    flourish_id: str
    state: str
    customer: Customer
    skus: tuple[str, ...]
    at: datetime

    @property
    def purchase_order(self) -> str:
        """The buyer's own number."""
        return f"PO-{self.place:07d}"


class Chance:
    """Draws what orders have; few customers and SKUs have most of them."""

    def __init__(self) -> None:
        self.draw = random.Random(7)
        self._customers = [_customer(place) for place in range(_CUSTOMERS)]
        self.skus = [f"FL-{place // 40:02d}-{place:04d}" for place in range(_SKUS)]

    def uuid(self, at: datetime) -> str:
        """A UUIDv7 of that moment, in hexadecimal digits."""
        bits = self.draw.getrandbits(74)
        milliseconds = int(at.timestamp() * 1000)
        high, low = 0x7000 | bits >> 62, 1 << 63 | bits & (1 << 62) - 1
        return f"{milliseconds:012x}{high:04x}{low:016x}"

    def customer(self) -> Customer:
        """One of the customers."""
        return self._customers[int(_CUSTOMERS * self.draw.random() ** 2)]

    def some_skus(self) -> tuple[str, ...]:
        """Those of an order of a few lines."""
        return tuple({self.skus[int(_SKUS * self.draw.random() ** 2)] for _ in range(3)})


def _customer(place: int) -> Customer:
    words = _FIRST[place % 10], _SECOND[place // 10 % 9], _THIRD[place // 90 % 10], str(place)
    return Customer(" ".join(words), f"C11-{place:07d}-LIC")


def orders(chance: Chance, sellers: Sequence[Sequence[Seller]], count: int) -> Iterator[Order]:
    """Draw orders, oldest first.

    Args:
        chance: what draws.
        sellers: for each company its connections.
        count: how many.
    """
    draw = chance.draw
    began, each = datetime.now(UTC) - _SPAN, _SPAN / count
    pool = [(one, share * part) for some, share, parts in zip(sellers, COMPANIES, CONNECTIONS, strict=True)
            for one, part in zip(some, parts, strict=True)]  # fmt: skip
    owners, owner_weights = [one for one, _ in pool], list(accumulate(weight for _, weight in pool))
    states, state_weights = list(_STATES), list(accumulate(_STATES.values()))
    for place in range(count):
        at = began + each * place
        state = draw.choices(states, cum_weights=state_weights)[0]
        yield Order(
            place=place,
            seller=draw.choices(owners, cum_weights=owner_weights)[0],
            link_id=chance.uuid(at),
            # Unlike for any two, as 65,536 and 10,000 share few divisors.
            label=f"{place * 40_503 % 65_536:04X}-{place % 10_000:04d}",
            number=f"{draw.getrandbits(128):032x}",
            flourish_id=f"{place:08d}" if state == "settled" else "",
            state=state,
            customer=chance.customer(),
            skus=chance.some_skus(),
            at=at,
        )
