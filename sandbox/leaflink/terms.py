"""Payment terms and methods: LeafLink's codes, its deprecated ids and the words its screens show."""

from typing import Any, NamedTuple

from sandbox.errors import BadValue


class Term(NamedTuple):
    """A payment term."""

    code: str
    id: int
    words: str
    days: int | None


TERMS = (
    Term("cod", 20, "COD", None),
    Term("net3", 8, "Net 3", 3),
    Term("net7", 2, "Net 7", 7),
    Term("net10", 5, "Net 10", 10),
    Term("net14", 9, "Net 14", 14),
    Term("net15", 3, "Net 15", 15),
    Term("net20", 6, "Net 20", 20),
    Term("net30", 4, "Net 30", 30),
    Term("net60", 7, "Net 60", 60),
    Term("net90", 14, "Net 90", 90),
    Term("prepay", 10, "Pre-Payment", None),
    Term("consign", 12, "Consignment", None),
    Term("llf", 11, "LeafLink Financial", None),
)

METHODS = {1: "Cash", 2: "Check", 3: "Wire Transfer", 4: "ACH"}

OTHER_WORDS = {"cash on delivery": "cod"}


def term(words: Any) -> Term | None:
    """Return a term by code, id or words, or None for None.

    Raises:
        BadValue: there is no such term.
    """
    if words is None or words == "":
        return None
    wanted = str(words).strip().lower()
    wanted = OTHER_WORDS.get(wanted, wanted)
    for each in TERMS:
        if wanted in (each.code, str(each.id), each.words.lower()):
            return each
    raise BadValue(f'"{words}" is not a valid choice.', "payment_term")


# What LeafLink pays for itself is a program that a buyer is admitted to; no seller's order is offered it.
OFFERED = tuple(each for each in TERMS if each.code != "llf")


def option(code: str | None, method: int, order_id: int) -> dict[str, Any] | None:
    """Return the payment option object of a term and a method."""
    chosen = term(code)
    if chosen is None:
        return None
    return {
        "id": 200_000 + order_id,
        "is_default": True,
        "payment_program": None,
        "payment_strategy": None,
        "payment_method": {"id": method, "method": METHODS[method]},
        "payment_term": {"id": chosen.id, "term": chosen.words, "days": chosen.days, "code": chosen.code},
    }
