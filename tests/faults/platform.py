"""Faults 71 to 84: database, companies, machine, people."""

from __future__ import annotations

from tests.faults.fault import Fault

FAULTS = (
    Fault(
        71,
        "A company or a connection is switched off while orders are being worked on",
        "It is asked before each write: calls in flight end, no write begins. What is not in use takes no"
        " webhook and is not called; everything is kept.",
        "retiring a whole company in one step (issue 4).",
    ),
    Fault(
        72,
        "One LeafLink company is connected twice",
        "The second one cannot go live.",
    ),
    Fault(
        73,
        "A key of one company or environment is used for another",
        "A call with the key names its company before anything is saved, and a key of another company"
        " replaces nothing. Going live is a step of its own.",
        "naming the environment, and having a person confirm it (issue 6).",
    ),
    Fault(
        74,
        "Somebody asks for another company's page, form or stream",
        "404 on every route, for every role.",
        "an entry in the audit (issue 4).",
    ),
    Fault(
        75,
        "A job works with the wrong company's rows",
        "Tenant and role are set for each transaction and end with it; row-level security refuses all other"
        " rows, and a query without a tenant fails.",
    ),
    Fault(
        76,
        "A call while a transaction is open, long statements, waits for locks",
        "A call is refused while its thread has a transaction; statements and locks have a time limit.",
    ),
    Fault(
        77,
        "PostgreSQL cuts connections, finds a deadlock, is away",
        "The look is put back and made again; the schedule waits for the database.",
    ),
    Fault(
        78,
        "The disk is full",
        "A webhook that cannot be kept is answered 503; a look that cannot be recorded is made again, and"
        " its write is settled first. `trellis doctor` warns before.",
        "a banner on the pages (issue 7).",
    ),
    Fault(
        79,
        "Everything is killed at once",
        "Started again, everything goes on from what was committed; `trellis up` leaves no process behind.",
    ),
    Fault(
        80,
        "A worker of the old version meets the new schema",
        later="an upgrade stops web and workers first (operations guide), so they never meet; whichever"
        " issue brings upgrades without a stop brings this.",
    ),
    Fault(
        81,
        "The master key is changed, lost, or another one",
        "A sealed secret names its key; new keys seal, old ones open. `trellis secrets rotate` seals"
        " everything anew while everything goes on, also after it was killed half-way. A key that"
        " is gone is named by the doctor.",
    ),
    Fault(
        82,
        "Old deliveries are cleared, and one of them comes again",
        "Its key stays 90 days longer than its body; and without the key it is one look, and no write.",
    ),
    Fault(
        83,
        "A key or a customer's data in a log, a row or a page",
        "Masked where it comes in; the check looks for every key in every column of text.",
    ),
    Fault(
        84,
        "A button is pressed twice, or by two people",
        "Retry only marks the order, so it is looked at once more and written once; of two stops the first"
        " one stands.",
        'telling the second one "already done by" (issue 7).',
    ),
)
