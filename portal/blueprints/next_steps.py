"""Next steps: what a connection needs next, by its state, and where that is done (ON-1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.access import Here
from portal.models import Connection, Preview
from portal.queries import previews
from portal.sync.contract import Platform
from portal.sync.preview.runner import PREVIEWS
from portal.sync.readiness import gate
from portal.sync.readiness.standing import Checklist


@dataclass(frozen=True)
class Step:
    """One thing to do. `posts`: its button changes something at once, so it is a form. `first`: the one that
    everything after it waits for."""

    text: str
    label: str = ""
    endpoint: str = ""
    posts: bool = False
    done: bool = False
    first: bool = False


@dataclass(frozen=True)
class Way:
    """How far a connection is on its way to live: whether every check ran, the titles of what keeps it from
    going live, and its newest preview that nobody went live with yet."""

    ran: bool
    blocking: tuple[str, ...]
    preview: Preview | None

    @property
    def in_work(self) -> bool:
        """Whether a preview is being made."""
        return self.preview is not None and self.preview.state in PREVIEWS.in_work

    @property
    def previewed(self) -> Preview | None:
        """The preview that somebody may go live with; None when there is none."""
        return self.preview if self.preview is not None and self.preview.state == "done" else None


def way(session: Session, connection: Connection, checklist: Checklist | None = None) -> Way:
    """Read how far a connection is on its way to live.

    Args:
        session: a session inside the connection's tenant.
        connection: the connection, before it went live.
        checklist: its checks, where they were read already.
    """
    checklist = checklist or gate.stands(session, connection)
    newest = previews.last(session, connection.tenant_id, connection.id)
    return Way(
        ran=checklist.checked_at is not None,
        blocking=tuple(one.check.title for one in checklist.blocking),
        preview=newest if newest is not None and newest.approved_at is None else None,
    )


def steps(session: Session, connection: Connection, here: Here, platform: Platform) -> list[Step]:
    """What is to be done next with a connection by somebody who may; nothing when all is well.

    Args:
        session: a session inside the connection's tenant.
        connection: with its hub.
        here: who looks.
        platform: its declaration.
    """
    found = list(_steps(session, connection, platform))
    return found if here.may("connections.add") else [Step(one.text, done=one.done) for one in found]


# By state: text, label of the button, endpoint, and whether it changes something at once.
_BY_STATE: Mapping[str, tuple[str, str, str, bool]] = {
    "draft": ("Say which facility its orders go to.", "Choose the facility", "states.facility", False),
    "checking": ("Both sides have to answer once with its keys.", "Call both sides", "states.check", True),
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


def _steps(session: Session, connection: Connection, platform: Platform) -> Iterator[Step]:
    if connection.hub.state == "needs_credentials" and connection.state != "disconnected":
        yield Step(*_NO_FLOURISH)
    is_proven = connection.state == "live" and connection.last_delivery_at is not None
    if platform.webhook and connection.state in ("checking", "ready", "live") and not is_proven:
        yield _webhook(connection, platform.label)
    if connection.state == "ready":
        yield from before_live(way(session, connection))
    if connection.state in _BY_STATE:
        yield Step(*_BY_STATE[connection.state])


def _webhook(connection: Connection, label: str) -> Step:
    if connection.last_delivery_at:
        return Step(f"{label} sends its webhooks here.", done=True)
    text = f"No delivery of {label} has come yet: enter the webhook's address there."
    return Step(text, "Show the address", "states.addresses", posts=True)


def before_live(known: Way) -> Iterator[Step]:
    """The steps from ready to live, in their order: checks, preview, going live. Pure.

    Args:
        known: how far the connection is.
    """
    yield _checks(known)
    yield _preview(known, first=not known.blocking)
    if known.blocking:
        yield Step("Going live waits for the checks. Nothing is sent before it is live.")
    else:
        yield Step(
            "Nothing is sent before it is live.",
            "Go live",
            "states.go_live",
            first=known.previewed is not None,
        )


def _checks(known: Way) -> Step:
    number = len(known.blocking)
    if not number:
        return Step("Both sides were checked: nothing blocks going live.", done=True)
    if not known.ran:
        text = "Products, customers and reps of both sides have to match. Not every check ran yet."
        return Step(text, "Check both sides", "readiness.index", first=True)
    blocks = "1 check blocks" if number == 1 else f"{number} checks block"
    return Step(f"{blocks} going live.", "See what blocks", "readiness.index", first=True)


def _preview(known: Way, *, first: bool) -> Step:
    if known.previewed is not None:
        return Step("What the first sync would do was previewed.", done=True)
    if known.in_work:
        return Step("A preview of the first sync is being made.", "See how far it is", "previews.show")
    text = "See what the first sync would do, before it does it."
    return Step(text, "Preview", "previews.show", first=first)
