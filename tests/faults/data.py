"""Faults 53 to 70: what orders, items and people's habits hold."""

from __future__ import annotations

from tests.faults.fault import Fault

FAULTS = (
    Fault(
        53,
        "The buyer edits while Flourish allocates",
        "Flourish is read right before a write and refuses one that comes too late: an edit is carried over"
        " while nothing is allocated, and later a problem shows the difference; statuses go on.",
    ),
    Fault(
        54,
        "The buyer cancels what was shipped",
        "A problem; what was shipped is never cancelled.",
    ),
    Fault(
        55,
        "Some lines cannot be taken",
        "The whole order is held, and each line that fails is named.",
    ),
    Fault(
        56,
        "A SKU is gone, spelt otherwise, or two items have it",
        "SKUs match exactly but for outer spaces and the form of characters. A near one is shown, never"
        " taken.",
    ),
    Fault(
        57,
        "Brand, strain or product line differ in case",
        "SKUs match exactly; of a brand, line or category only the exact name counts, and a near one is"
        " shown. Strains match whatever their case, unless the connection says otherwise.",
    ),
    Fault(
        58,
        "The order's sales rep is changed for one of another facility",
        "The order is cancelled in the one facility, that is verified, and it is made in the other: each step"
        " survives a kill. What is allocated stays, as a problem.",
    ),
    Fault(
        59,
        "A rep without e-mail, unknown, inactive, twice, or without facility",
        "The order is held, and its page says why.",
    ),
    Fault(
        60,
        "LeafLink combines orders, or takes a combination apart",
        "The originals are cancelled, each on its own page, and the new order comes in; which they were is"
        " inferred from their lines or answered by a person. What has goods to it is never cancelled.",
        "taking a combination apart: LeafLink offers no way to do it.",
    ),
    Fault(
        61,
        "Two customers of one license; a license with spaces, a label, or none",
        "A destination is known by its normalised license and made once, also when two orders need it at"
        " once.",
    ),
    Fault(
        62,
        "Units per case that are null, 0, 1, or do not divide",
        "Null, 0 and 1 are one each; a quantity that is no whole number of cases holds the order.",
    ),
    Fault(
        63,
        "Prices that do not divide, discounts, taxes, binary fractions",
        "Decimals from the wire to the wire; Flourish's total is the order's to the cent, or the order is"
        " held.",
    ),
    Fault(
        64,
        "Markup, right-to-left marks, combined characters, control characters in any text",
        "Stored as it came but for NUL, compared in one form, shown as text on every page.",
        "exports, which are not built; their cells must not start a formula (issue 6).",
    ),
    Fault(
        65,
        "Zones, hours that come twice or never, times without zone, the year 1",
        "Times are aware and in UTC; days are the facility's, nights the company's and once each; other"
        " times are refused.",
    ),
    Fault(
        66,
        "A clock of ours is wrong by minutes",
        "What is due and how long a lease lasts go by the database's clock alone; `trellis doctor` names a"
        " clock that is off.",
        "a banner when the other side's clock and ours are apart (issue 7).",
    ),
    Fault(
        67,
        "Stock changes while it is being pushed",
        "What was told of is read again before each plan; what another program changes back is written once"
        " more, and then asked about.",
    ),
    Fault(
        68,
        "A catalogue of a hundred thousand items",
        "Both sides are read page by page into mirrors, a broken pull goes on at its page, memory holds one"
        " batch, and what a whole list says is taken over in one go through its rows.",
        "a run with so many rows against the sandbox: the bench reads them from lists of its own.",
    ),
    Fault(
        69,
        "The catalogue comes back empty",
        "A list that lost most of its rows is not believed, and no mass of products is taken off sale, until"
        " a person approves it.",
    ),
    Fault(
        70,
        "A payment in part, a refund",
        later="payments are not synced: Flourish's order status alone moves LeafLink. Ordo brings them"
        " (issue 8).",
    ),
)
