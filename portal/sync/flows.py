"""Flows: what goes from one system to the other, in words, and by which kinds of writes it is known."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Flow:
    """One thing that flows. In its texts {} is what people call the platform."""

    name: str
    # What counts as a success of it.
    success: str
    # Kinds of writes (kinds.py); none of what is only heard or read.
    kinds: tuple[str, ...] = ()


WEBHOOKS = Flow("{} webhooks", "{} told of a change, and the delivery was kept")
FLOURISH_WEBHOOKS = Flow("Flourish webhooks", "Flourish told of a change, and the delivery was kept")
POLLS = Flow("{} polls", "the list of changed orders in {} was read to its end")
FLOURISH_POLLS = Flow("Flourish polls", "the list of changed orders in Flourish was read to its end")
ORDERS = Flow(
    "Orders in",
    "an order was created, edited, moved or cancelled in Flourish",
    (
        "create_destination",
        "make_customer",
        "create_order",
        "finish_order",
        "update_order",
        "cancel_order",
        "cancel_to_move",
    ),
)
STATUSES = Flow(
    "Statuses out",
    "an order in {} got its status, payment term, lines or Flourish id",
    ("move", "set_term", "replace_lines", "tell_platform", "release_goods"),
)
PRODUCTS = Flow(
    "Products out",
    "a product was made or described in {}",
    ("create_strain", "create_product", "update_product", "put_product"),
)
STOCK = Flow(
    "Stock out",
    "the stock of a product or lot was written to {}",
    # An item that is put whole goes there with its stock.
    ("set_stock", "drop_stock", "set_lot_stock", "make_lot_stock", "put_product"),
)
# In the order in which pages show them.
FLOWS = (WEBHOOKS, POLLS, FLOURISH_WEBHOOKS, FLOURISH_POLLS, ORDERS, STATUSES, PRODUCTS, STOCK)
