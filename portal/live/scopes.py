"""Scopes: what can be watched, who may, and the rows behind a cursor, rendered as the page renders them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

from flask import Flask, g, render_template, request
from flask.globals import request_ctx
from werkzeug.datastructures import MultiDict

from portal import access, visits
from portal.extensions import db, enter
from portal.identity.people import current_person
from portal.live import order as order_pages
from portal.queries import connections, logs, orders, runs

# So many rows travel at once; a watcher that is further behind gets the rest right after.
BATCH = 200


class Refused(Exception):
    """This visitor may not watch this."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class Message:
    """One message of a stream: a cursor to come back to, and HTML; without any it only says how far the
    watcher has come."""

    cursor: int | None
    html: str


@dataclass(frozen=True)
class Watch:
    """What one visitor watches. Two with equal watches see the same, so it is read and rendered once."""

    kind: str
    here: access.Here
    subject: UUID
    # The scope on the bell: a run rings with its connection.
    scope: str
    filters: logs.LogFilters = field(default_factory=logs.LogFilters)


def watch_order(app_here: access.Here, link_id: UUID) -> Watch:
    """Watch an order's story and state."""
    return Watch("order", app_here, link_id, f"link:{link_id}")


def watch_log(app_here: access.Here, log: logs.Log) -> Watch:
    """Watch a connection's log, or the lines of one run in it."""
    return Watch("log", app_here, log.connection_id, f"log:{log.connection_id}", log.filters)


def log_filters(values: MultiDict[str, str], run: UUID | None = None) -> logs.LogFilters:
    """Read a log's filters from an address."""
    return logs.LogFilters(
        levels=tuple(level for level in logs.LEVELS if level in values.getlist("level")),
        entity=values.get("entity", "").replace("\x00", "").strip()[:120],
        text=values.get("text", "").replace("\x00", "").strip()[:120],
        run=run,
    )


def admit(slug: str, kind: str, subject: UUID) -> Watch:
    """Let the visitor of this request watch something, or refuse.

    Raises:
        Refused: the request names a host that is not ours (400), nobody is signed in (401), there is no such
            thing for them (404), or their role lacks the permission or a second factor (403).
    """
    if request_ctx.url_adapter is None:
        raise Refused(400)
    person = current_person()
    if person is None:
        raise Refused(401)
    found = access.resolve(db.session(), person, slug)
    if found is None:
        raise Refused(404)
    may = found.may("orders.see" if kind == "orders" else "runs.see")
    if not may or access.needs_second_factor(person, found):
        raise Refused(403)
    watch = _watch(found, kind, subject)
    if watch is None:
        raise Refused(404)
    name = {"orders": "link_id", "connections": "connection_id", "runs": "run_id"}[kind]
    visits.record(found, person, {name: subject}, f"{kind}.stream", once=True)
    return watch


def _watch(found: access.Here, kind: str, subject: UUID) -> Watch | None:
    session = db.session()
    if kind == "orders" and orders.one(session, found.id, subject) is not None:
        return watch_order(found, subject)
    if kind == "connections" and connections.is_there(session, found.id, subject):
        return _watch_log(found, subject, log_filters(request.args))
    run = runs.one(session, found.id, subject) if kind == "runs" else None
    return _watch_log(found, run.connection_id, log_filters(request.args, run.id)) if run else None


def _watch_log(found: access.Here, connection_id: UUID, filters: logs.LogFilters) -> Watch:
    return watch_log(found, logs.with_links(db.session(), logs.Log(found.id, connection_id, filters)))


def look(app: Flask, watch: Watch, cursor: int) -> tuple[Sequence[Message], bool]:
    """Read and render what is behind a cursor; and whether there is more."""
    with _inside(app, watch):
        if watch.kind == "order":
            return order_messages(watch, cursor)
        return log_messages(watch, cursor)


@contextmanager
def _inside(app: Flask, watch: Watch) -> Iterator[None]:
    # A request context of nobody: nothing that is rendered here can hold a value of one person.
    with app.test_request_context("/"):
        g.slug, g.here = watch.here.slug, watch.here
        enter(db.session(), tenant=watch.here.id)
        yield


def order_messages(watch: Watch, cursor: int) -> tuple[Sequence[Message], bool]:
    """Render an order's rows behind a cursor; the last message also brings its regions up to date."""
    session = db.session()
    events = orders.story(session, watch.here.id, watch.subject, after=cursor, size=BATCH)
    shown = order_pages.view(session, watch.here.id, watch.subject)
    tries = shown.attempts.before if shown else {}
    rows = [
        Message(
            event.seq, render_template("orders/_event.html", event=event, tries=tries, zone=watch.here.zone)
        )
        for event in events
    ]
    regions = render_template(
        "orders/_regions.html",
        order=shown,
        zone=watch.here.zone,
        may_retry=watch.here.may("orders.retry"),
    )
    return [*rows, Message(None, regions)], len(events) == BATCH


def log_messages(watch: Watch, cursor: int) -> tuple[Sequence[Message], bool]:
    """Render the log lines behind a cursor, as one message: a page takes few large changes best. Lines that
    the filters hold back are passed over, and not read again with the next look."""
    session, log = db.session(), logs.Log(watch.here.id, watch.subject, watch.filters)
    head = logs.head(session, log)
    lines = logs.lines(session, log, after=cursor, size=BATCH)
    more = len(lines) == BATCH
    reached = max([0 if more else head, *(line.number for line in lines[-1:])])
    if reached <= cursor:
        return [], False
    html = "".join(render_template("runs/_line.html", line=line, zone=watch.here.zone) for line in lines)
    return [Message(reached, html)], more


def fragment(messages: Sequence[Message]) -> str:
    """The same messages as one answer to a poll."""
    return "".join(message.html for message in messages)


@lru_cache(maxsize=64)
def sse(message: Message) -> bytes:
    """Write a message for an event stream: once for all who get it."""
    lines: list[Any] = [] if message.cursor is None else [f"id: {message.cursor}"]
    lines += [f"data: {line}" for line in message.html.splitlines() if line.strip()]
    return ("\n".join(lines) + "\n\n").encode()


def beat(cursor: int) -> bytes:
    """Write the message that says that the stream flows, and how far it has come."""
    return f"event: beat\nid: {cursor}\ndata:\n\n".encode()
