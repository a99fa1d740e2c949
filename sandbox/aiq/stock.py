"""What a venue has left to sell: what it was told, less what AIQ holds for orders, unless it holds nothing.

That AIQ holds what was ordered between two syncs is what its article about Flourish says; that an order's
`fullfilled` ends its hold is in the documentation of orders. That a closed order's hold ends too is assumed:
the point of sale counts what was sold.
"""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

from sandbox.aiq.statuses import CANCELLED, FINAL
from sandbox.office import Office
from sandbox.store import Record, equal, none_of

SETTING = "aiq_holds_stock"
Eaches = Counter[str]


def holds(office: Office) -> bool:
    """Return whether AIQ takes ordered goods off by itself."""
    return bool(office.store.setting(SETTING, True))


def held(office: Office, venue: str) -> Eaches:
    """Return how much of each product a venue's orders hold; nothing where AIQ holds nothing."""
    if not holds(office):
        return Counter()
    return _counted(office.find("order", equal("$.venue", venue), none_of("$.status", FINAL)))


def sold(office: Office, venue: str) -> Eaches:
    """Return how much of each product a venue's orders came to, other than cancelled ones."""
    where = equal("$.venue", venue), none_of("$.status", (CANCELLED,))
    return _counted(office.find("order", *where), released=True)


def _counted(orders: Iterable[Record], *, released: bool = False) -> Eaches:
    counted: Eaches = Counter()
    for order in orders:
        for line in order["lines"] if released or not order["fullfilled"] else ():
            counted[line["product"]] += int(line["quantity"])
    return counted


def left(product: Record, held_of_all: Eaches) -> Decimal:
    """Return how much of a product can still be bought; less than nothing is nothing."""
    return max(Decimal(0), Decimal(product["quantityTotal"]) - held_of_all[product["id"]])


def is_shown(product: Record, quantity: Decimal) -> bool:
    """Return whether shoppers see a product: switched on, there, and not below its threshold."""
    least = max(Decimal(1), Decimal(product["quantityThreshold"] or 0))
    return bool(product["enable"]) and quantity >= least
