"""What Trellis promises about AIQ Ecommerce."""

from __future__ import annotations

from tests.promises.promise import Promise

PROMISES = (
    Promise(
        "AQ-1",
        "The key opens one store, a username like an e-mail is refused, and a facility is chosen first.",
    ),
    Promise("AQ-2", "Only items active for e-commerce and sellable are on the menu."),
    Promise("AQ-3", "A category has its place by the store's table, or is listed; none is guessed."),
    Promise(
        "AQ-4",
        "The name is that for e-commerce, else for retail, else the item's, with a warning.",
    ),
    Promise(
        "AQ-5",
        "Six cannabinoids and sixteen terpenes are shown, each with its unit; of a failed test nothing is.",
    ),
    Promise(
        "AQ-6",
        "A confirmed order is sent as Submitted at list prices, with its flag, number, notes and address.",
    ),
    Promise(
        "AQ-7",
        "A shopper is looked for by patient id, phone and e-mail, else made; what is unclear is a person's.",
    ),
    Promise(
        "AQ-8",
        "Everybody new is to be checked if the shop wants it; a check is never taken back.",
    ),
    Promise(
        "AQ-9",
        "Offers become discounts at list prices; both totals agree, or a problem shows it.",
    ),
    Promise(
        "AQ-10",
        "A status follows Flourish's; a packed delivery waits for its route, and nothing goes backwards.",
    ),
    Promise(
        "AQ-11",
        "What open orders hold is not offered twice, and an order beyond the stock is named.",
    ),
    Promise(
        "AQ-12",
        "Orders of one number are told apart by AIQ's id, and named.",
    ),
    Promise(
        "AQ-13",
        "Nobody goes live before it is said that AIQ's own integration is off.",
    ),
    Promise("AQ-14", "Each field comes from its place in Flourish, and has a switch."),
    Promise(
        "AQ-15",
        "Orders from before go-live are listed, and a person says what becomes of them.",
    ),
)
