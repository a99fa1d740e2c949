"""Faults 38 to 52: webhooks that come in, and hints of all kinds."""

from __future__ import annotations

from tests.faults.fault import Fault

FAULTS = (
    Fault(
        38,
        "The same webhook many times, also at once",
        "Each is answered 202; one delivery, one effect.",
    ),
    Fault(
        39,
        "Webhooks out of order, an old one last",
        "A webhook only says where to look: both sides are read fresh, and statuses do not go back.",
    ),
    Fault(
        40,
        "A webhook that comes a day late",
        "One look at both sides as they are now; nothing that it says is believed.",
    ),
    Fault(
        41,
        "Webhooks stop coming",
        "Polls find what changed within minutes, and a problem says since when nothing came and where to"
        " look.",
    ),
    Fault(
        42,
        "A signature that is wrong, missing, doubled, or no text at all",
        "401, nothing parsed, nothing kept but a count; after twenty in a minute that sender is not listened"
        " to.",
    ),
    Fault(
        43,
        "A right signature with a time of long ago",
        "Neither platform signs a time: sent again, it is known and harmless.",
        "a limit by time, for a platform that does sign one (issues 8 and 9).",
    ),
    Fault(
        44,
        "A delivery signed for one company, sent to another's address",
        "The address decides whose key is tried: refused.",
    ),
    Fault(
        45,
        "A body that is too large, drips, or never ends",
        "413 beyond 1 MiB, 408 when its time is up; nobody else waits.",
    ),
    Fault(
        46,
        "JSON that is nested a million deep",
        "400 after the signature was checked, kept with a problem.",
    ),
    Fault(
        47,
        "NaN, endless numbers, names that stand twice, halves of characters, NUL",
        "One strict parser: 400 at the door. In an answer to our own call NUL is replaced and all else is a"
        " problem.",
    ),
    Fault(
        48,
        "An event, a status or a field that nobody knows",
        "Kept with its outcome, or a problem; never taken for another one.",
    ),
    Fault(
        49,
        "The database is away when a webhook comes in",
        "503 with a time to come again, never 202; what comes again is taken.",
    ),
    Fault(
        50,
        "A flood of webhooks",
        "So many a second for each address; the rest is answered 429 before its body is read.",
    ),
    Fault(
        51,
        "A poll and a webhook find one order at once",
        "Both mark the same row; it is looked at once, and made once.",
    ),
    Fault(
        52,
        "Our own write comes back as a webhook, and leads to a write",
        "What is as it should be is not written. More than six writes of a kind in ten minutes stop as a"
        " problem.",
    ),
)
