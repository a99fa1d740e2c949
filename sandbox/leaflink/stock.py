"""What orders do to products: reserve while Submitted or Accepted, take once Fulfilled, else give back."""

from collections import defaultdict
from decimal import Decimal

from sandbox.clock import stamp
from sandbox.leaflink.statuses import RESERVING, TAKEN
from sandbox.office import Office
from sandbox.store import Body

QUANTITY = Decimal("0.0001")


def held(order: Body | None) -> dict[int, tuple[Decimal, Decimal]]:
    """Return per product what an order reserves and what it has taken away."""
    sums: dict[int, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    if order is not None and order["status"] in (*RESERVING, *TAKEN):
        place = 0 if order["status"] in RESERVING else 1
        for line in order["line_items"]:
            sums[line["product"]][place] += Decimal(line["quantity"])
    return {product: (reserved, taken) for product, (reserved, taken) in sums.items()}


def settle(office: Office, before: Body | None, order: Body) -> list[Body]:
    """Bring products in line with an order's change.

    Args:
        office: the seller.
        before: the order as it was, or None.
        order: the order as it is now.

    Returns:
        The products that changed. `modified` moves only with `quantity`, as was seen in the real service.
    """
    old, new = held(before), held(order)
    nothing = (Decimal(0), Decimal(0))
    changed = []
    for product_id in sorted({*old, *new}):
        reserved = new.get(product_id, nothing)[0] - old.get(product_id, nothing)[0]
        taken = new.get(product_id, nothing)[1] - old.get(product_id, nothing)[1]
        if not reserved and not taken:
            continue
        product = office.need("product", product_id)
        product["reserved_qty"] = quantity(Decimal(product["reserved_qty"]) + reserved)
        if taken:
            product["quantity"] = quantity(Decimal(product["quantity"]) - taken)
            product["modified"] = stamp()
        office.put("product", product_id, product)
        changed.append(product)
    return changed


def quantity(value: Decimal) -> str:
    """Return a quantity as LeafLink writes it: text with four decimals."""
    return str(value.quantize(QUANTITY))
