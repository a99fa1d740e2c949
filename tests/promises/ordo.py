"""What Trellis promises about Ordo."""

from __future__ import annotations

from tests.promises.promise import Promise

PROMISES = (
    Promise("OR-1", "Items of brands that Ordo has are synced, whatever can be sold of them."),
    Promise(
        "OR-2",
        "The organisation's own license is the facility's, and its address is whole.",
    ),
    Promise(
        "OR-3",
        "The screen for Flourish's webhook says all that has to be entered there.",
    ),
    Promise("OR-4", "Items and quantities are synced when somebody asks, and an edit with the next stock."),
    Promise(
        "OR-5",
        "A pending order waits; a confirmed one is sent, and is locked in Ordo once Flourish has it.",
    ),
    Promise(
        "OR-6",
        "Until it is shipped an order awaits its delivery; what staff change of its lines reaches Ordo.",
    ),
    Promise("OR-7", "Shipped is Paid in Ordo for cash, and Delivered for net terms."),
    Promise(
        "OR-8",
        "The term goes to Flourish with the order; net terms are Paid once paid in full, and shipped.",
    ),
    Promise("OR-9", "A term that was changed in Flourish is shown, and never written to Ordo."),
    Promise(
        "OR-10", "An unknown term counts as net; what is taken back after Paid is a problem, nothing undone."
    ),
    Promise("OR-11", "The API is assumed, behind one adapter, and every connection's page says so."),
    Promise(
        "OR-12",
        "Cancelled is Cancelled, Completed counts as Shipped, and back to Created leaves Awaiting Delivery.",
    ),
    Promise(
        "OR-13",
        "An order goes to its license's destination, its rep, and the facility it is sold from, to the cent.",
    ),
    Promise("OR-14", "Orders from before go-live are listed, and a person says what becomes of them."),
)
