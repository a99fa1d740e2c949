"""What Trellis promises about LeafLink."""

from __future__ import annotations

from tests.promises.promise import Promise

PROMISES = (
    Promise("LL-1", "An item and a product are one when their SKUs are equal. What is merely near is shown."),
    Promise("LL-2", "A customer's destination is found by license, never by name, and made once if missing."),
    Promise("LL-3", "A sales rep is found by e-mail and sent by id, so that Flourish never makes one."),
    Promise("LL-4", "A strain is found by name, and made in LeafLink when a product needs it."),
    Promise("LL-5", "An item's brand decides which LeafLink account gets it."),
    Promise(
        "LL-6",
        "A product's line is one that LeafLink has, from the field or table that was chosen.",
    ),
    Promise("LL-7", "A line that names a batch is sent with the lot of that number, or a problem names it."),
    Promise("LL-8", "A table says which LeafLink category an item's category is."),
    Promise(
        "LL-9",
        "A product that Trellis makes is Available; its listing state is never changed later.",
    ),
    Promise(
        "LL-10",
        "Stock, descriptions or both are written, prices by a switch of their own, nothing else.",
    ),
    Promise(
        "LL-11",
        "What can be sold in Flourish is what LeafLink offers, of each lot where products are sold by batch.",
    ),
    Promise("LL-12", "Orders come in in the statuses that were chosen."),
    Promise("LL-13", "An order arrives whole, and its money agrees to the cent, or it waits."),
    Promise("LL-14", "Edits arrive field by field while nothing is allocated; what staff changed stays."),
    Promise(
        "LL-15", "An order cancelled or rejected in LeafLink is cancelled, but never once it was shipped."
    ),
    Promise(
        "LL-16",
        "A combined order takes the place of its originals, each linked to the other.",
    ),
    Promise("LL-17", "Flourish's status moves LeafLink by a table, in steps that LeafLink offers."),
    Promise("LL-18", "Lines are never written to LeafLink; where Flourish differs, it is shown as expected."),
    Promise("LL-19", "Payment terms go both ways; where both changed them, a person decides."),
    Promise("LL-20", "Cases are counted in eaches; a quantity that fills no case is named."),
    Promise(
        "LL-21",
        "An order goes to its facility, or to that of its rep; when that changes, it moves.",
    ),
    Promise("LL-22", "An order without a rep takes the default rep of its customer."),
    Promise(
        "LL-23",
        "The Flourish order's id stands on the LeafLink order, under the company's own key.",
    ),
    Promise("LL-24", "Webhooks tell of changes within seconds; polls find whatever they miss, and name it."),
    Promise("LL-25", "Paid in Flourish is paid in LeafLink, where that was chosen."),
    Promise("LL-26", "One order or product can be synced first, alone."),
    Promise(
        "LL-27", "All workers share one budget per key owner; orders go first, then stock, then catalogue."
    ),
    Promise(
        "LL-28",
        "Each variety is a product of its own; stock held by a parent is never written to it.",
    ),
    Promise(
        "LL-29",
        "Orders from before go-live are listed; a person brings them in, links or leaves them. Who else"
        " writes products is named before going live.",
    ),
    Promise("LL-30", "An order that left the chosen statuses stays; drafts wait; finished ones are left."),
)
