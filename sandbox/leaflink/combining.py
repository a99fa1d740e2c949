"""Combining orders, as the seller does in the app: one order takes the place of several.

LeafLink does not say which orders became which: the originals end as Combined, the new one has
`is_combination`. Who wants to know infers it from customer, time and lines.
"""

from collections.abc import Iterable
from decimal import Decimal

from sandbox.errors import BadValue
from sandbox.leaflink import orders
from sandbox.leaflink.lines import WantedLine
from sandbox.leaflink.orders import Actor, Wanted
from sandbox.leaflink.statuses import COMBINABLE
from sandbox.leaflink.totals import totals
from sandbox.office import Office
from sandbox.store import Body

COMBINED = "Combined"


def combine(office: Office, numbers: list[str], actor: Actor) -> Body:
    """Combine orders of one customer, and return the new order.

    The new order is Accepted when all were, else Submitted; it takes the first order's reps and term.

    Args:
        office: the seller.
        numbers: of the originals, two at least.
        actor: who combines.

    Raises:
        Missing: there is no such order.
        BadValue: fewer than two, or orders that cannot become one.
    """
    originals = [office.need("order", number) for number in dict.fromkeys(numbers)]
    _refuse_unfit(originals)
    wanted = Wanted(
        customer=office.need("customer", originals[0]["customer"]),
        lines=_lines(office, originals),
        status="Submitted" if any(each["status"] == "Submitted" for each in originals) else "Accepted",
        reps=[each["rep"] for each in originals[0]["sales_reps"]],
        fields=_fields(originals),
    )
    for each in originals:
        orders.rework(office, each["number"], orders.Rework(status=COMBINED), actor)
    return orders.place(office, wanted, actor, is_combination=True)


def _refuse_unfit(originals: list[Body]) -> None:
    if len(originals) < 2:
        raise BadValue("Choose at least two orders.", "numbers")
    if len({each["customer"] for each in originals}) > 1:
        raise BadValue("Only orders of one customer can be combined.", "numbers")
    for each in originals:
        if each["status"] not in COMBINABLE:
            raise BadValue(f"Order {each['short_id']} is {each['status']}; it cannot be combined.", "numbers")


def _lines(office: Office, originals: list[Body]) -> list[WantedLine]:
    """Return all lines, those of one product, price, kind and batch as one."""
    sums: dict[tuple[int, str, bool, int | None], Decimal] = {}
    for line in (line for order in originals for line in order["line_items"]):
        same = (line["product"], line["ordered_unit_price"], line["is_sample"], line["batch"])
        sums[same] = sums.get(same, Decimal(0)) + Decimal(line["quantity"])
    return [
        WantedLine(office.need("product", product), quantity, Decimal(price), is_sample, batch)
        for (product, price, is_sample, batch), quantity in sums.items()
    ]


def _fields(originals: list[Body]) -> Body:
    """Return the new order's own fields: sums add up, a tax rate and a term are the first order's."""
    first = originals[0]
    return {
        "discount": str(_sum(str(totals(each).discount) for each in originals)),
        "shipping_charge": str(_sum(each["shipping_charge"] for each in originals)),
        "credits": str(_sum(each["credits"] for each in originals)),
        "tax_amount": first["tax_amount"],
        "payment_term": first["term"],
        "ship_date": first["ship_date"],
        "notes": "\n".join(each["notes"] for each in originals if each["notes"])[:2000],
    }


def _sum(amounts: Iterable[str]) -> Decimal:
    return sum((Decimal(each) for each in amounts), Decimal(0))
