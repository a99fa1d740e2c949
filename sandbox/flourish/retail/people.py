"""What staff change of customers in Flourish's screens, and how two profiles become one."""

import copy
from typing import Any

from sandbox.clock import stamp
from sandbox.errors import BadValue
from sandbox.flourish import customers
from sandbox.flourish.retail.orders import STAFF_USER, save
from sandbox.office import Office
from sandbox.store import Body, equal

MERGED_INTO = "merged_into"
# What is kept of a customer and how it is read; the API's own readers read it.
CHANGED = (
    "first_name", "last_name", "email", "phone", "dob", "state", "patient_id", "medical_card_expiration",
    "is_active", "is_verified", "customer_disciplinary_status",
)  # fmt: skip
INACTIVE = "{0}-INACTIVE-{1}"
MERGED = "Merged"


def change(office: Office, key: str, asked: Body) -> Body:
    """Change a customer, or merge them into another, by `merged_into`.

    Args:
        office: the company.
        key: the customer's id.
        asked: fields of `CHANGED`, or `merged_into` alone.

    Raises:
        Missing: there is no such customer.
        BadValue: a field is unknown, or its value not valid.
    """
    customer = office.need("customer", key)
    unknown = sorted(asked.keys() - {*CHANGED, MERGED_INTO})
    if unknown:
        raise BadValue(f"Unknown field: {unknown[0]}.", unknown[0])
    if MERGED_INTO in asked:
        return merge(office, customer, asked[MERGED_INTO])
    return customers.replace(office, key, {**customer, "address": [], **asked}, STAFF_USER)


def merge(office: Office, customer: Body, kept_id: Any) -> Body:
    """Merge a customer into another one, who is kept and gets the orders.

    Raises:
        BadValue: there is no other active customer of the id.
    """
    kept = office.get("customer", kept_id)
    if kept is None or kept["id"] == customer["id"] or not kept["is_active"]:
        raise BadValue(f"There is no other active customer '{kept_id}' to merge into.", MERGED_INTO)
    moment = stamp()
    for name in customers.UNIQUE:
        if customer[name]:
            customer[name] = INACTIVE.format(customer[name], customer["id"])
    customer |= {
        "is_active": False, "customer_status": MERGED, "merged_customer_id": kept["id"],
        "merged_timestamp": moment, "last_updated_timestamp": moment, "last_updated_by": STAFF_USER,
    }  # fmt: skip
    office.put("customer", customer["id"], customer)
    for order in office.find("retail_order", equal("$.customer_id", customer["id"])):
        before = copy.deepcopy(order)
        order["customer_id"] = kept["id"]
        save(office, before, order, STAFF_USER)
    return customer
