"""Two hundred orders at once for the last fifty: whatever comes when, never is more offered than is left."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from portal.sync.mapping.shop_holds import holds_of
from portal.sync.mapping.shop_stock import Hold, Offered, StockReading, offer
from portal.sync.retail import RetailOrder
from portal.sync.shopping import ShopOrder
from tests.sync.platforms.aiq.examples import SKU, line, made, minutes, order

pytestmark = pytest.mark.promise("AQ-11")
ORDERS, STOCK = 200, 50
# What may happen to an order in Flourish, one after the other; each once it is there.
_STEPS = {"Submitted": ("allocate", "cancel"), "allocated": ("Packed", "cancel"), "Packed": ("Completed",)}


@dataclass
class World:
    """Both systems as they are, and what Trellis has seen of them.

    Args:
        chance: what decides.
        aiq_holds: whether AIQ keeps back what its open orders need.
        buffer: what is never offered.
    """

    chance: random.Random
    aiq_holds: bool
    buffer: Decimal
    now: float = 0.0
    sellable: int = STOCK
    here: list[ShopOrder] = field(default_factory=list)
    # The state of each order in Flourish, by its place; what is not there has none.
    there: dict[int, str] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    holds: dict[int, Hold] = field(default_factory=dict)
    figure: StockReading = field(default_factory=lambda: StockReading(Decimal(STOCK), minutes(-1)))
    # A reading that has begun: when, and what it is going to say.
    reading: tuple[float, int] | None = None

    def tick(self) -> None:
        """Let something happen, and something of it be seen."""
        self.now += self.chance.uniform(0.01, 1)
        acts = [self.push, self.work, self.work, self.see, self.see, self.cancel, self.read, self.read]
        if len(self.here) < ORDERS:
            acts += [self.place] * 4
        self.chance.choice(acts)()

    def place(self) -> None:
        """Have somebody order one. AIQ's webhook tells of it at once."""
        number = f"n{len(self.here)}"
        one = order(id=number, orderId=number, items=[line(quantity=1)])
        self.here.append(replace(one, placed_at=minutes(self.now)))
        self.look(len(self.here) - 1)

    def push(self) -> None:
        """Have an order made in Flourish."""
        waiting = [
            place for place, one in enumerate(self.here) if place not in self.there and not one.is_over
        ]
        if waiting:
            self.there[self.chance.choice(waiting)] = "Submitted"

    def work(self) -> None:
        """Have staff of Flourish do something. There is only so much to allocate."""
        open_ones = [place for place, state in self.there.items() if state in _STEPS]
        if not open_ones:
            return
        place = self.chance.choice(open_ones)
        step = self.chance.choice(_STEPS[self.there[place]])
        if step == "allocate" and not self.sellable:
            return
        if step == "allocate":
            self.taken.add(place)
            self.sellable -= 1
        elif step == "cancel" and place in self.taken:
            self.taken.remove(place)
            self.sellable += 1
        self.there[place] = {"allocate": "allocated", "cancel": "Cancelled"}.get(step, step)

    def cancel(self) -> None:
        """Have a shopper cancel what Flourish has not got."""
        free = [place for place, one in enumerate(self.here) if place not in self.there and not one.is_over]
        if free and self.chance.random() < 0.3:
            place = self.chance.choice(free)
            cancelled = order(id=f"n{place}", status="CANCELLED", items=[line(quantity=1)])
            self.here[place] = replace(cancelled, placed_at=self.here[place].placed_at)
            self.look(place)

    def see(self) -> None:
        """Look at an order, however much has happened to it since."""
        if self.here:
            self.look(self.chance.randrange(len(self.here)))

    def look(self, place: int) -> None:
        """Put down what an order holds, and since when what did not change has been seen."""
        found = holds_of(
            self.here[place],
            self._made(place),
            seen_since=minutes(self.now),
            skus={},
            platform_holds=self.aiq_holds,
        ).get(SKU)
        before = self.holds.pop(place, None)
        if found is None:
            return
        (now,) = found
        if before is not None and before.allocated == now.allocated:
            now = replace(now, seen_at=before.seen_at)
        if before is not None and before.ended_at is not None and now.ended_at is not None:
            now = replace(now, ended_at=before.ended_at)
        self.holds[place] = now

    def _made(self, place: int) -> RetailOrder | None:
        state = self.there.get(place)
        if state is None:
            return None
        return made("Submitted" if state == "allocated" else state, int(place in self.taken))

    def read(self) -> None:
        """Begin to read the stock, or come to the end: its figure is of any moment in between."""
        if self.reading is None:
            self.reading = (self.now, self.sellable)
        else:
            began, figure = self.reading
            later = self.chance.random() < 0.5
            self.figure = StockReading(Decimal(self.sellable if later else figure), minutes(began))
            self.reading = None

    def offered(self) -> Offered:
        """What AIQ is told."""
        return offer(self.figure, self.holds.values(), buffer=self.buffer)

    def can_be_sold(self) -> Decimal:
        """What shoppers can order of that, less what AIQ keeps back."""
        kept = sum(not one.is_over for one in self.here) if self.aiq_holds else 0
        return max(self.offered().quantity - kept, Decimal(0))

    def is_left(self) -> Decimal:
        """What nobody has ordered, in truth: sellable, less what open orders need that is not taken off."""
        needed = sum(
            place not in self.taken and self.there.get(place) != "Cancelled"
            for place, one in enumerate(self.here)
            if not one.is_over
        )
        return max(Decimal(self.sellable - needed) - self.buffer, Decimal(0))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("aiq_holds", [True, False], ids=["AIQ holds", "AIQ does not"])
def test_never_is_more_offered_than_nobody_has_ordered(seed, aiq_holds):
    world = World(random.Random(seed), aiq_holds, Decimal(seed % 4))
    for _ in range(900):
        world.tick()
        assert world.can_be_sold() <= world.is_left()
    assert len(world.here) == ORDERS


@pytest.mark.parametrize("aiq_holds", [True, False], ids=["AIQ holds", "AIQ does not"])
def test_every_order_beyond_the_stock_is_named(aiq_holds):
    world = World(random.Random(1), aiq_holds, Decimal(0))
    for _ in range(ORDERS):
        world.now += 1
        world.place()
    assert world.offered().oversold == tuple(one.label for one in world.here[STOCK:])
    assert world.can_be_sold() == 0
