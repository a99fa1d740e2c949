"""Kinds of writes, in words: for lists of what was done, for filters, and for counts of what will be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of write: what is to be done, what was done, and what of one thing and of several."""

    aim: str
    done: str
    one: str
    several: str


# In the order in which a preview tells of them.
KINDS: Mapping[str, Kind] = {
    "create_product": Kind(
        "Create the product", "Created the product", "1 product is created", "{:,} products are created"
    ),
    "update_product": Kind(
        "Describe the product anew",
        "Described the product anew",
        "1 product is described anew",
        "{:,} products are described anew",
    ),
    "put_product": Kind(
        "Have the item as Flourish has it",
        "Had the item as Flourish has it",
        "1 item is put there as Flourish has it",
        "{:,} items are put there as Flourish has them",
    ),
    "set_stock": Kind(
        "Set the stock",
        "Set the stock",
        "the stock of 1 product is set",
        "the stock of {:,} products is set",
    ),
    "set_lot_stock": Kind(
        "Set the stock of a lot",
        "Set the stock of a lot",
        "the stock of 1 lot is set",
        "the stock of {:,} lots is set",
    ),
    "make_lot_stock": Kind(
        "Give a lot its first stock",
        "Gave a lot its first stock",
        "1 lot gets its first stock",
        "{:,} lots get their first stock",
    ),
    "drop_stock": Kind(
        "Take all stock away",
        "Took all stock away",
        "1 product loses all its stock",
        "{:,} products lose all their stock",
    ),
    "create_strain": Kind(
        "Create a strain", "Created a strain", "1 strain is created", "{:,} strains are created"
    ),
    "create_destination": Kind(
        "Create the destination",
        "Created the destination",
        "1 destination is created",
        "{:,} destinations are created",
    ),
    "make_customer": Kind(
        "Make the customer", "Made the customer", "1 customer is made", "{:,} customers are made"
    ),
    "create_order": Kind(
        "Create the order", "Created the order", "1 order is created", "{:,} orders are created"
    ),
    "finish_order": Kind(
        "Give the order its date and payment term",
        "Gave the order its date and payment term",
        "1 order gets its date and payment term",
        "{:,} orders get their date and payment term",
    ),
    "tell_platform": Kind(
        "Tell the platform its Flourish id, or that it is paid",
        "Told the platform its Flourish id, or that it is paid",
        "1 order is told its Flourish id",
        "{:,} orders are told their Flourish id",
    ),
    "set_term": Kind(
        "Set the payment term", "Set the payment term", "1 payment term is set", "{:,} payment terms are set"
    ),
    "replace_lines": Kind(
        "Give the order its lines from Flourish",
        "Gave the order its lines from Flourish",
        "1 order gets its lines from Flourish",
        "{:,} orders get their lines from Flourish",
    ),
    "move": Kind(
        "Move the order on", "Moved the order on", "1 order is moved on", "{:,} orders are moved on"
    ),
    "release_goods": Kind(
        "End the platform's own hold of the goods",
        "Ended the platform's own hold of the goods",
        "the platform's own hold of 1 order ends",
        "the platform's own holds of {:,} orders end",
    ),
    "update_order": Kind(
        "Carry an edit over", "Carried an edit over", "1 order is edited", "{:,} orders are edited"
    ),
    "cancel_order": Kind(
        "Cancel the order", "Cancelled the order", "1 order is cancelled", "{:,} orders are cancelled"
    ),
    "cancel_to_move": Kind(
        "Cancel the order here, to create it in another facility",
        "Cancelled the order here, to create it in another facility",
        "1 order leaves its facility for another",
        "{:,} orders leave their facility for another",
    ),
}


def said(kind: str, *, worked: bool) -> str:
    """What a write of this kind did, or set out to do; one that this version does not know, by its name."""
    if kind not in KINDS:
        return kind.replace("_", " ").capitalize()
    return KINDS[kind].done if worked else KINDS[kind].aim
