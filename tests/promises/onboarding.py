"""What is promised about the way from a new company to a live connection."""

from __future__ import annotations

from tests.promises.promise import Promise

PROMISES = (
    Promise("ON-1", "A connection's state says what it needs and what it still does."),
    Promise(
        "ON-2",
        "The checklist is verified against both sides, with evidence; what blocks keeps it from going live.",
    ),
    Promise("ON-3", "Each match key has a page of what matches, is near or is missing."),
    Promise("ON-4", "A preview says what the first sync would write, and going live names it."),
    Promise("ON-5", "One record is tried first; the first sync shows how far it is."),
    Promise(
        "ON-6",
        "After going live checks run again; one that was ready is a problem, and told, until it is so again.",
    ),
    Promise("ON-7", "A check is waived with a name, a reason and until a day."),
    Promise("ON-8", "Rules are edited on forms that say what follows."),
    Promise("ON-9", "What matching found is changed by hand, with undo and audit."),
    Promise("ON-10", "A company and its first owner are made in the browser or by command."),
)
