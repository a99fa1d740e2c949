"""What is promised about seeing what happens, understanding it and fixing it."""

from __future__ import annotations

from tests.promises.promise import Promise

PROMISES = (
    Promise(
        "MO-1",
        "The sync log of a connection or run shows each line within a second of happening, by level, words"
        " and what it is about; after a lost connection it goes on with no line missing and none twice; and"
        " all of it can be downloaded.",
    ),
    Promise("MO-2", "An order's page tells its story over both systems, what comes next, and by when."),
    Promise("MO-3", "One search finds any order ever seen, and its row says why it is not in Flourish."),
    Promise(
        "MO-4",
        "Problems are grouped by cause, handled one by one or all at once, and close by themselves.",
    ),
    Promise(
        "MO-5",
        "Trellis's own people see all companies by health, the worst first, and nothing of their orders"
        " without a grant; webhook deliveries are listed with their outcome, shown redacted and taken in"
        " again.",
    ),
    Promise(
        "MO-6",
        "Every night and when asked, both sides of a connection are compared field by field, each with its"
        " owner: what differs is corrected by the engine, left by a rule, or asked of a person.",
    ),
    Promise(
        "MO-7",
        "People are told by e-mail and signed webhook of what they chose, for each connection, in few"
        " messages that are sent until they are taken; a test shows whether they arrive.",
    ),
    Promise(
        "MO-8",
        "`/metrics` tells Prometheus how the installation stands, without names or keys; `/healthz` and"
        " `/readyz` whether a process lives and can serve; each line of the logs is JSON and names its"
        " request, run and order.",
    ),
    Promise(
        "MO-9",
        "A dashboard shows at a glance where today's orders are, how long changes took each way, what holds"
        " orders up, when each flow last worked, and charts of volume, lag and problems over hours or days,"
        " each with its table; for a company and for one connection.",
    ),
    Promise(
        "MO-10",
        "Everything that Trellis writes to either system is listed with what it changed, why and what came of"
        " it, filtered and as a file.",
    ),
    Promise(
        "MO-11",
        "Writing is stopped for a connection, a company or everybody, and every page says so; an operator who"
        " comes in unasked is in the audit, and the owner is told by mail.",
    ),
)
