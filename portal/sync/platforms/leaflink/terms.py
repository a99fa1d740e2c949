"""LeafLink's payment terms in Flourish's words (LL-19). Pure.

LeafLink writes a term in five shapes: nothing, a code, the text that people see, an id of an older list, and
an object; the order's chosen payment option counts before the older `payment_term`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from portal.sync.errors import Rejected, Unreadable
from portal.sync.reading import Fields

# Code -> Flourish's word (the list of both-way terms in Flourish's article on the LeafLink integration).
TERMS = MappingProxyType(
    {
        "cod": "Cash on Delivery",
        "consign": "Consignment",
        "net3": "Net 3",
        "net7": "Net 7",
        "net10": "Net 10",
        "net14": "Net 14",
        "net15": "Net 15",
        "net20": "Net 20",
        "net30": "Net 30",
        "net60": "Net 60",
        "net90": "Net 90",
        "prepay": "Pre-Payment",
    }
)

# Texts whose letters and digits are not a code already. "Cash" is the deprecated id 1, which became COD.
_SHOWN = MappingProxyType(
    {
        "cash": "cod",
        "cashondelivery": "cod",
        "wireondelivery": "cod",
        "consignment": "consign",
        "prepayment": "prepay",
        "leaflinkfinancial": "llf",
    }
)

# Deprecated ids (API: payment terms); 11, 13 and 21 are LeafLink's own financing.
_IDS = MappingProxyType(
    {
        1: "cod",
        2: "net7",
        3: "net15",
        4: "net30",
        5: "net10",
        6: "net20",
        7: "net60",
        8: "net3",
        9: "net14",
        10: "prepay",
        11: "llf",
        12: "consign",
        13: "llf",
        14: "net90",
        15: "cod",
        20: "cod",
        21: "llf",
    }
)

_NOT_IN_CODES = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Term:
    """A payment term: Flourish's word for it, empty when there is none, and as LeafLink shows it."""

    name: str = ""
    shown: str = ""


def read_term(order: Fields) -> Term:
    """Read the payment term of an order.

    Raises:
        Unreadable: it is in none of the five shapes.
    """
    option = order.child_or_empty("selected_payment_option")
    chosen = _of_option(option)
    return chosen if chosen != Term() else _of_option(order)


def term_of(value: Any, path: str) -> Term | None:
    """Read one written term; None when nothing is written.

    Args:
        value: the parsed value, in any of the five shapes.
        path: where it stands, for the error.

    Raises:
        Unreadable: it is something else.
    """
    if value is None or value == "":
        return None
    if isinstance(value, dict):
        fields = Fields.of(value, path)
        code, shown = fields.text_or_empty("code"), fields.text_or_empty("term")
        return Term(_name(code or shown), shown or code)
    if isinstance(value, int) and not isinstance(value, bool):
        name = TERMS.get(_IDS.get(value, ""), "")
        return Term(name, name or f"LeafLink's term no. {value}")
    if not isinstance(value, str):
        raise Unreadable(path, "should be a payment term")
    return term_of(int(value), path) if value.isascii() and value.isdigit() else Term(_name(value), value)


def offered(order: Fields) -> tuple[str, ...] | None:
    """The terms that LeafLink offers for an order, in Flourish's words; None where it lists no options."""
    options = order.children_or_none("available_payment_options")
    names = (_of_option(option).name for option in options)
    return tuple(dict.fromkeys(filter(None, names))) if options else None


def write_term(order: Fields, term: str) -> dict[str, Any]:
    """Make the body that gives an order another term: one of the options that LeafLink offers for it, with
    the payment method that was chosen if that is possible; the older field where it offers none at all.

    Args:
        order: as LeafLink returned it.
        term: in Flourish's words, one of `TERMS`.

    Raises:
        Rejected: LeafLink offers options, and the term is not among them.
        Unreadable: an option is not what was expected.
    """
    options = order.children_or_none("available_payment_options")
    if not options:
        return {"payment_term": next(code for code, name in TERMS.items() if name == term)}
    fits = [one for one in options if _of_option(one).name == term]
    if not fits:
        raise Rejected(f"LeafLink does not offer {term} for this order", field="selected_payment_option")
    chosen = _method(order.child_or_empty("selected_payment_option"))
    # A program of LeafLink's own is never chosen for somebody.
    best = min(fits, key=lambda one: (one.has("payment_program"), _method(one) != chosen))
    return {
        "selected_payment_option": {
            "payment_method_id": int(best.child("payment_method").number("id")),
            "payment_term_id": int(best.child("payment_term").number("id")),
        }
    }


def _of_option(option: Fields) -> Term:
    return term_of(option.value.get("payment_term"), option.at("payment_term")) or Term()


def _method(option: Fields) -> str:
    return option.child_or_empty("payment_method").text_or_empty("id")


def _name(written: str) -> str:
    code = _NOT_IN_CODES.sub("", written.lower())
    return TERMS.get(_SHOWN.get(code, code), "")
