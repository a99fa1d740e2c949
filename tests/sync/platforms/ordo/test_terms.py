"""Ordo's payment terms: what is cash, what is net, and what Flourish calls them."""

import pytest

from portal.sync.platforms.ordo.terms import CASH, in_flourish, is_cash


@pytest.mark.promise("OR-8")
@pytest.mark.parametrize(
    "shown", ["Cash", "cash", "Cash on Delivery", "CASH ON DELIVERY", "COD", "C.O.D.", " cod "]
)
def test_cash_has_three_names_and_is_one_term(shown):
    assert is_cash(shown)
    assert in_flourish(shown, 0) == CASH


@pytest.mark.promise("OR-10")
@pytest.mark.parametrize(
    "shown", ["", "Net Terms", "Net 30", "Consignment", "Cash in advance", "Cashback", "COD 7"]
)
def test_any_other_term_counts_as_net(shown):
    assert not is_cash(shown)


@pytest.mark.promise("OR-8")
@pytest.mark.parametrize(
    ("shown", "days", "term"),
    [
        ("Net Terms", 30, "Net 30"),
        ("net terms", 7, "Net 7"),
        ("Net", 15, "Net 15"),
        ("Net Terms", 0, "Net Terms"),
        # Whatever it means, Flourish is asked whether it has a term of that name.
        ("Consignment", 0, "Consignment"),
        ("Consignment", 14, "Consignment"),
        (" Net 30 ", 0, "Net 30"),
        ("", 30, ""),
    ],
)
def test_net_terms_are_called_by_their_days_in_flourish(shown, days, term):
    assert in_flourish(shown, days) == term
