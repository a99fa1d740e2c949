"""What is promised about seeing what goes on, and being told of it."""

from __future__ import annotations

from tests.promises.promise import Promise

PROMISES = (
    Promise("MO-3", "One search finds any order ever seen, and its row says why it is not in Flourish."),
    Promise(
        "MO-7",
        "People are told by e-mail and signed webhook of what they chose, for each connection, in few"
        " messages that are sent until they are taken; a test shows whether they arrive.",
    ),
)
