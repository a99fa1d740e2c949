"""Put a world into Ordo's own records."""

from datetime import timedelta

from sandbox.clock import now, stamp
from sandbox.office import Office
from sandbox.ordo import items, organisation
from sandbox.ordo.orders import CASH, NET
from sandbox.store import Body
from sandbox.worlds.parts import Good, Partner, Rep, World

MADE = timedelta(days=120)
FIRST_NUMBER = 1001
# How the agreed terms are said in Ordo, which has these two and else any words.
SAID = {"Cash on Delivery": CASH, "Pre-Payment": CASH}
NET_PREFIX = "Net "


def fill(office: Office, world: World) -> None:
    """Write a world's organisation, items, customers and reps.

    Args:
        office: the organisation's, empty.
        world: the facts.
    """
    office.store.start_number(office.kind(f"number.{world.name}"), FIRST_NUMBER - 1)
    for brand in world.ordo.brands:
        organisation.add_brand(office, {"name": brand.name})
    for each in world.ordo.licenses:
        organisation.add_license(office, {
            "license_number": each.number, "street1": each.street1, "street2": each.street2,
            "city": each.city, "state": world.state, "zip": each.zip_code,
        })  # fmt: skip
    for good in world.ordo.goods:
        item = items.new(office) | _item(good)
        office.put("item", item["id"], item)
    reps = [_rep(office, rep) for rep in world.ordo.reps]
    for partner in world.ordo.partners:
        _customer(office, partner, reps[partner.rep])


def _item(good: Good) -> Body:
    return {
        "sku": good.sku, "name": good.name, "brand": good.brand or None, "category": good.subcategory,
        "unit": good.uom, "price": str(good.price), "sellable_quantity": "0",
        "updated_at": stamp(now() - MADE),
    }  # fmt: skip


def _rep(office: Office, rep: Rep) -> Body:
    found = {"name": f"{rep.first_name} {rep.last_name}", "email": rep.email}
    office.put("rep", f"{office.account.world} {rep.email}", found)
    return found


def _customer(office: Office, partner: Partner, rep: Body) -> None:
    key = f"cus-{office.next_number('customer')}"
    days = partner.term.removeprefix(NET_PREFIX)
    net = partner.term.startswith(NET_PREFIX) and days.isdigit()
    office.put("customer", key, {
        "id": key, "name": partner.name, "email": partner.email, "license_number": partner.license,
        "payment_term": NET if net else SAID.get(partner.term, partner.term),
        "net_days": int(days) if net else None, "sales_rep": rep["email"],
    })  # fmt: skip
