"""Faults 16 to 37: calls to LeafLink and Flourish."""

from __future__ import annotations

from tests.faults.fault import Fault

FAULTS = (
    Fault(
        16,
        "A write took effect, and its answer never came",
        "Its outcome is *unknown*, not failed: nothing is sent before the settle time is over and both sides"
        " were looked at.",
    ),
    Fault(
        17,
        "A write takes effect long after it was sent",
        "Within the settle time it is found and adopted. Later than that there can be two: its webhook,"
        " which carries our note, or the check tells of the twin, and a problem names all ids.",
    ),
    Fault(
        18,
        "429 that says when to come back, in any form",
        "The whole account is left alone for so long, at most 15 minutes; it is no failure of the order.",
    ),
    Fault(
        19,
        "429 or 503 without a time, or with nonsense for one",
        "Nonsense is no time: 5 s for the account after a 429, else a pause that grows.",
    ),
    Fault(
        20,
        "Nothing but 500 for minutes",
        "Pauses grow from 5 s to 15 min with full jitter. After five failures in a row the account is left"
        " alone, then one order tries for all.",
    ),
    Fault(
        21,
        "The other side is away for a week",
        "Orders wait, with one problem for the connection and none for each order; then all go in.",
    ),
    Fault(
        22,
        "A write is refused for good, with the field named",
        "A problem shows field and reason, and nothing is repeated until the order changes or somebody asks.",
    ),
    Fault(
        23,
        "A key is revoked",
        "After three probes that are refused too, calls stop on that side and an admin is told; work is"
        " kept, and goes on with the new key.",
    ),
    Fault(
        24,
        "One call in twenty is refused by a firewall",
        "A refusal counts only when the probe is refused each time; otherwise it is a retry.",
    ),
    Fault(
        25,
        "A key is replaced while work goes on",
        "The new key is proven by a call, for the same company, before it takes the place of the old one;"
        " work that still has the old one stops nothing.",
        "a second slot, so that old and new are both known while one is being changed (issue 6).",
    ),
    Fault(
        26,
        "An answer is cut anywhere",
        "A read is repeated, a write is unknown; no half of an answer is ever used.",
    ),
    Fault(
        27,
        "A login page, a maintenance page or nothing at all with status 200",
        "The same: a retry for a read, unknown for a write.",
    ),
    Fault(
        28,
        "Status 200 with errors in the body",
        "The body decides.",
    ),
    Fault(
        29,
        "Fields that are null, missing, new, of another type or of another case",
        "What is not needed is passed over, what is needed and unreadable is a problem that names field and"
        " excerpt.",
    ),
    Fault(
        30,
        "Hundreds of megabytes, a bomb of gzip, millions of values",
        "Reading stops at 10 MB unpacked; memory stays flat.",
    ),
    Fault(
        31,
        "A redirect, or a page's *next*, that leads elsewhere",
        "Redirects are not followed and other hosts are not called: the key goes nowhere.",
    ),
    Fault(
        32,
        "No name, no route, a reset, a certificate that is expired or somebody else's",
        "What is known before anything was sent may be made again; whatever is lost after that is unknown.",
    ),
    Fault(
        33,
        "A list changes while its pages are read",
        "It is read again until as many rows were seen as it counts; an order is gone only when asking for"
        " it says so.",
    ),
    Fault(
        34,
        "Pages that lead in a circle, never end, or count what they do not show",
        "The pull ends, a problem says why, and its watermark stays.",
    ),
    Fault(
        35,
        "A row appears with an older time than one that was seen",
        "Each poll reads 15 minutes again; a watermark is never ahead of what was marked, nor of now.",
    ),
    Fault(
        36,
        "Hundreds of rows with one time",
        "All are seen, and one that comes late with the same time too.",
    ),
    Fault(
        37,
        "What was written cannot be read for a while",
        "Our own record of an id counts; not finding something proves nothing before the settle time.",
    ),
)
