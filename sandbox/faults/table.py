"""Every fault: to add one, write its function and its row."""

from sandbox.faults import answers, arguments, arrivals, deliveries, reads
from sandbox.faults.arguments import DAY, MINUTES_10
from sandbox.faults.fault import Kind, Stage
from sandbox.visit import Visit

BEFORE, READ, WRITTEN, ANSWER, WEBHOOK = Stage


def _is_write(visit: Visit) -> bool:
    return not visit.reads


KINDS: dict[str, Kind] = {
    "latency": Kind(
        BEFORE,
        arrivals.latency,
        "Answers late.",
        "Seconds.",
        arguments.seconds(MINUTES_10),
        1.0,
    ),
    "429": Kind(
        BEFORE,
        arrivals.too_many,
        "Answers 429 with a Retry-After header and does nothing.",
        "What the header says.",
        arguments.header,
        5,
    ),
    "429-no-header": Kind(
        BEFORE,
        arrivals.too_many,
        "Answers 429 without saying when to come back, and does nothing.",
        "",
        arguments.none,
    ),
    "500": Kind(BEFORE, arrivals.server_error, "Answers 500 in HTML and does nothing.", "", arguments.none),
    "commit-then-drop": Kind(
        WRITTEN,
        answers.drop,
        "Does the write, then cuts the connection.",
        "A status from 500, 502, 503, 504 to answer instead of cutting.",
        arguments.status(500, 502, 503, 504),
    ),
    "late-commit": Kind(
        BEFORE,
        arrivals.late_commit,
        "Cuts the connection at once and does the write later, whatever becomes of the sandbox meanwhile.",
        "Seconds until it is done; “30 504” answers 504 instead of cutting.",
        arguments.late,
        5.0,
        _is_write,
    ),
    "truncate": Kind(
        ANSWER,
        answers.truncate,
        "Announces the whole body, sends its beginning and cuts. A write is done.",
        "Bytes to send, or a share of the body below 1.",
        arguments.size,
        0.5,
    ),
    "html-200": Kind(
        BEFORE,
        arrivals.maintenance,
        "Answers 200 with a maintenance page in HTML and does nothing.",
        "“committed”: a write is done all the same.",
        arguments.word(arrivals.COMMITTED),
    ),
    "slow-drip": Kind(
        ANSWER,
        answers.drip,
        "Sends the body byte by byte. A write is done.",
        "Seconds before each byte.",
        arguments.seconds(MINUTES_10),
        1.0,
    ),
    "stale-reads": Kind(
        READ,
        reads.stale,
        "Reads and lists show what was some seconds ago: an order that was just written is not there yet.",
        "How many seconds they lag behind.",
        arguments.seconds(DAY),
        30.0,
        looks_back=True,
    ),
    "webhook-duplicate": Kind(WEBHOOK, deliveries.twice, "Sends each webhook twice.", "", arguments.none),
    "webhook-drop": Kind(WEBHOOK, deliveries.never, "Sends no webhook.", "", arguments.none),
    "webhook-shuffle": Kind(
        WEBHOOK,
        deliveries.shuffled,
        "Sends webhooks in another order, each at any moment of a window.",
        "The window’s seconds.",
        arguments.seconds(DAY),
        5.0,
    ),
    "webhook-delay": Kind(
        WEBHOOK,
        deliveries.later,
        "Sends webhooks later.",
        "Seconds, up to 86400, which is a day.",
        arguments.seconds(DAY),
        60.0,
    ),
    "revoked-key": Kind(
        BEFORE,
        arrivals.revoked,
        "Refuses the key with 401; with a rate below 1, now and then.",
        "401 or 403.",
        arguments.status(401, 403),
        401,
    ),
    "empty-catalogue": Kind(
        READ,
        reads.empty,
        "Lists of products, items and stock have no row.",
        "",
        arguments.none,
        None,
        reads.is_catalogue,
    ),
    "huge-body": Kind(
        ANSWER,
        answers.swell,
        "Sends megabytes of white space after the answer. A write is done.",
        "Megabytes; “gzip”, or “gzip 500”, packs them, as a bomb.",
        arguments.huge,
        answers.HUGE_MEGABYTES,
    ),
    "redirect": Kind(
        BEFORE,
        arrivals.redirect,
        "Answers 302 to another host and does nothing.",
        "Where to. Without it: to the sandbox’s sink, whose visits the ledger has, with their keys.",
        arguments.location,
    ),
    "page-shift": Kind(
        ANSWER,
        answers.shift,
        "After each page of a list its first rows move to the list’s end: the next page lacks as many, and"
        " they come again at the end.",
        "How many rows.",
        arguments.whole(1, 1000, "rows"),
        5,
        answers.has_more,
    ),
    "wrong-total": Kind(
        ANSWER,
        answers.miscount,
        "An order of LeafLink says another total than its parts come to.",
        "How many dollars more.",
        arguments.whole(1, 1000, "dollars"),
        1,
        answers.is_order,
    ),
    "loop-next": Kind(
        ANSWER,
        answers.loop,
        "Lists never end: the next page is the same page, in Flourish the first one.",
        "",
        arguments.none,
        None,
        answers.is_list,
    ),
}
