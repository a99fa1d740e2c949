"""Faults 1 to 15: workers, jobs and the doorbell."""

from __future__ import annotations

from tests.faults.fault import Fault

FAULTS = (
    Fault(
        1,
        "A worker is killed after Flourish has made the order and before we have recorded it",
        "The intent stands. The next worker waits out the settle time, finds the order by its note and"
        " adopts it.",
    ),
    Fault(
        2,
        "A worker is killed after the intent and before the call",
        "The same wait and the same look; nothing is found, and the order is sent once.",
    ),
    Fault(
        3,
        "A worker is killed after it has recorded the outcome and before it has handed the link back",
        "The next look goes on from what is recorded: it makes no write again that was made.",
    ),
    Fault(
        4,
        "A worker is killed between two writes of one order: destination, order, date and term, each step of"
        " a status",
        "The next look goes on with the write that is still missing, also between the cancel and the creation"
        " of a move to another facility.",
    ),
    Fault(
        5,
        "SIGTERM in the middle of work",
        "The call at hand ends and is recorded, all other links are handed back and are due at once.",
    ),
    Fault(
        6,
        "A poison order: whoever works on it dies",
        "What was in flight at a death is worked on alone. The third death alone leaves the order to a"
        " person; all others go on.",
    ),
    Fault(
        7,
        "The other side drips its answer, which would hold a worker for hours",
        "A call ends after 30 s in all, however slowly its answer comes; then it is a retry, or unknown.",
    ),
    Fault(
        8,
        "A worker freezes beyond its lease, another takes the link, then the first one wakes",
        "The fence refuses whatever it wants to record or to send. A call that it had begun is settled by"
        " the other.",
    ),
    Fault(
        9,
        "Redis dies and forgets what was queued",
        "Nothing is only in Redis: the schedule rings for every link that is due, within seconds.",
    ),
    Fault(
        10,
        "Redis is away when a webhook comes in",
        "The delivery is kept in PostgreSQL and answered 202; the lost ring is made good by the schedule.",
    ),
    Fault(
        11,
        "Redis is full, a read-only copy, or asks for another password",
        "As if it were away: no ring is an error, each is repeated, and a process keeps a rate budget of its"
        " own.",
        "a banner on the pages; `trellis doctor` names it (issue 7).",
    ),
    Fault(
        12,
        "Two workers want one order",
        "One conditional update decides; the other one gets nothing.",
    ),
    Fault(
        13,
        "The same work is rung for fifty times",
        "One job, and one effect.",
    ),
    Fault(
        14,
        "Two schedules run, or none for hours",
        "A row is taken by one of them; whatever was missed is done once.",
    ),
    Fault(
        15,
        "One company has very many orders waiting",
        "Places are dealt in turns to companies, and within one to its connections: others keep theirs.",
    ),
)
