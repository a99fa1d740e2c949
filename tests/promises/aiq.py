"""What Trellis promises about AIQ Ecommerce."""

from __future__ import annotations

from tests.promises.promise import Promise

PARTS = "its rules stand and are tested; no connection brings orders in yet."
PROMISES = (
    Promise(
        "AQ-6",
        "A confirmed order is sent as Submitted at list prices, with its flag, number, notes and address.",
        later=PARTS,
    ),
    Promise(
        "AQ-7",
        "A shopper is looked for by patient id, phone and e-mail, else made; what is unclear is a person's.",
        later=PARTS,
    ),
    Promise(
        "AQ-8",
        "Everybody new is to be checked if the shop wants it; a check is never taken back.",
        later=PARTS,
    ),
    Promise(
        "AQ-9",
        "Offers become discounts at list prices; both totals agree, or a problem shows it.",
        later=PARTS,
    ),
)
