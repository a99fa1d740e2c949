"""Ahead: what a connection needs next, by its state, and where that is done (ON-1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flask import current_app, url_for
from werkzeug.exceptions import HTTPException

from portal.access import Here
from portal.models import Connection


@dataclass(frozen=True)
class Step:
    """One thing to do. `posts`: its button changes something at once, so it is a form."""

    text: str
    label: str = ""
    endpoint: str = ""
    posts: bool = False
    done: bool = False


def steps(connection: Connection, here: Here, label: str) -> list[Step]:
    """What is to be done next with a connection by somebody who may; nothing when all is well.

    Args:
        connection: with its hub.
        here: who looks.
        label: of the platform.
    """
    found = list(_steps(connection, label))
    return found if here.may("connections.add") else [Step(one.text, done=one.done) for one in found]


# By state: text, label of the button, endpoint, and whether it changes something at once.
_BY_STATE: Mapping[str, tuple[str, str, str, bool]] = {
    "draft": ("Say which facility its orders go to.", "Choose the facility", "states.facility", False),
    "checking": ("Both sides have to answer once with its keys.", "Call both sides", "states.check", True),
    "ready": ("Nothing is sent before it is live.", "Go live", "states.go_live", False),
    "paused": ("Whatever waited is worked through.", "Resume", "connections.resume", True),
    "needs_credentials": (
        "Its key is refused. What waits goes on with a new one.",
        "Replace it",
        "connections.keys",
        False,
    ),
    "disconnected": (
        "A key of the same company takes it up again.",
        "Connect it again",
        "states.connect_again",
        False,
    ),
}
_NO_FLOURISH = (
    "Flourish refuses its key: nothing goes on before there is a new one.",
    "Replace the Flourish key",
    "connections.flourish_keys",
    False,
)


def _steps(connection: Connection, label: str) -> Iterator[Step]:
    if connection.hub.state == "needs_credentials" and connection.state != "disconnected":
        yield Step(*_NO_FLOURISH)
    if connection.state in ("checking", "ready") or (
        connection.state == "live" and not connection.last_delivery_at
    ):
        yield _webhook(connection, label)
    if connection.state == "ready":
        yield from _before_live(connection)
    if connection.state in _BY_STATE:
        yield Step(*_BY_STATE[connection.state])


def _webhook(connection: Connection, label: str) -> Step:
    if connection.last_delivery_at:
        return Step(f"{label} sends its webhooks here.", done=True)
    text = f"No delivery of {label} has come yet: enter the webhook's address there."
    return Step(text, "Show the address", "states.addresses", posts=True)


_PAGES = (
    ("readiness", "Products, customers and reps of both sides have to match.", "See what is not ready"),
    ("preview", "See what the first sync would do, before it does it.", "Preview"),
)


def _before_live(connection: Connection) -> Iterator[Step]:
    for name, text, label in _PAGES:
        address = f"{url_for('connections.show', connection_id=connection.id)}/{name}"
        if endpoint := _page_at(address):
            yield Step(text, label, endpoint)


def _page_at(address: str) -> str:
    """The endpoint behind an address; empty when there is none."""
    try:
        endpoint, _ = current_app.url_map.bind("localhost").match(address)
    except HTTPException:
        return ""
    return str(endpoint)
