"""Who is signed in: the person behind a request's cookie."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Flask, current_app, g, request, session
from flask_login import AnonymousUserMixin, LoginManager, current_user

from portal.extensions import Sessions
from portal.identity import sessions
from portal.identity.throttle import network

_TOKEN = "sid"  # noqa: S105 - the name of what the cookie holds


@dataclass(frozen=True)
class Person:
    """What pages may know of an account and its session: nothing that proves anything."""

    id: UUID
    name: str
    email: str
    staff_role: str | None
    session_id: UUID
    # Whether the second factor was given in this session.
    second_factor: bool = False
    # Whether the password or a code was given within the last minutes.
    recently_proven: bool = False
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        """The id by which Flask-Login knows a person."""
        return str(self.id)


class Nobody(AnonymousUserMixin):  # type: ignore[misc]
    """A visitor who has not signed in."""

    staff_role: str | None = None


def install(app: Flask) -> None:
    """Make the application know who is signed in.

    The seam for passkeys and OpenID Connect: whatever proves who somebody is ends in `sign_in`.
    """
    manager = LoginManager()
    manager.anonymous_user = Nobody
    # It would bind a session to one address and browser version: phones change both all day.
    manager.session_protection = None
    manager.request_loader(lambda _request: _load())
    manager.init_app(app)


def current_person() -> Person | None:
    """The person signed in, if anybody is."""
    person = current_user._get_current_object()  # noqa: SLF001 - the proxy has no other way out
    return person if isinstance(person, Person) else None


def sign_in(user_id: UUID, *, second_factor: bool = False) -> None:
    """Begin a new session; what the visitor's cookie held before is dropped and its session ended."""
    _end("signed in again")
    session.clear()
    with _sessions().identity() as opened:
        session[_TOKEN] = sessions.begin(
            opened,
            user_id,
            address=network(request.remote_addr or ""),
            agent=request.headers.get("User-Agent", ""),
            second_factor=second_factor,
        )
    forget()


def sign_out() -> None:
    """End the session."""
    _end("signed out")
    session.clear()
    forget()


def forget() -> None:
    """Have the person read anew: what is known of their session has changed in this request."""
    g.pop("_login_user", None)


def passive() -> bool:
    """Whether this request comes from a page that updates by itself: nobody is there because of it."""
    view = current_app.view_functions.get(request.endpoint or "")
    return request.path.startswith("/events/") or getattr(view, "passive", False)


def _load() -> Person | None:
    token = session.get(_TOKEN)
    if not isinstance(token, str):
        return None
    with _sessions().identity() as opened:
        found = sessions.find(opened, token, used=not passive())
    if found is None:
        return None
    return Person(
        id=found.user_id,
        name=found.name,
        email=found.email,
        staff_role=found.staff_role,
        session_id=found.id,
        second_factor=found.second_factor,
        recently_proven=found.recently_proven,
    )


def _end(because: str) -> None:
    token = session.get(_TOKEN)
    if isinstance(token, str):
        with _sessions().identity() as opened:
            sessions.end(opened, token, because=because)


def _sessions() -> Sessions:
    found: Sessions = current_app.extensions["trellis"].sessions
    return found
