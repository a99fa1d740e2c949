"""Ordo's payment terms in Flourish's words: cash, or net of so many days (OR-8, OR-10). Pure."""

from __future__ import annotations

import re

# Flourish's usual word for all that is paid when the goods arrive.
CASH = "Cash on Delivery"
_CASH = frozenset({"cash", "cashondelivery", "cod"})
_NET = frozenset({"net", "netterms"})
_NOT_IN_WORDS = re.compile(r"[^a-z0-9]+")


def is_cash(term: str) -> bool:
    """Whether an order of this term is paid when it is delivered. Any other counts as net: it is never Paid
    by itself, whatever its words mean."""
    return _folded(term) in _CASH


def in_flourish(shown: str, net_days: int) -> str:
    """What Flourish usually calls a term.

    Args:
        shown: Ordo's words.
        net_days: of net terms; 0 where Ordo says none.
    """
    if is_cash(shown):
        return CASH
    if net_days and _folded(shown) in _NET:
        return f"Net {net_days}"
    return shown.strip()


def _folded(term: str) -> str:
    return _NOT_IN_WORDS.sub("", term.casefold())
