"""Who is signed in: the person behind a request's cookie."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Flask, current_app, g, request, session
from flask_login import AnonymousUserMixin, LoginManager, current_user
from sqlalchemy import func
from sqlalchemy.orm import Session

from portal.extensions import Sessions
from portal.identity import diary, sessions
from portal.identity.throttle import network
from portal.models import User
from portal.sync import audit

# The names of what the cookie holds: the token of a session, and of one that lacks the second factor.
_TOKEN, _HALF = "sid", "half"
_CSRF = "csrf_token"


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
    # Templates are given no person: the page of an error is shown although finding out who asks has failed.
    manager.init_app(app, add_context_processor=False)


def current_person() -> Person | None:
    """The person signed in, if anybody is."""
    person = current_user._get_current_object()  # noqa: SLF001 - the proxy has no other way out
    return person if isinstance(person, Person) else None


def sign_in(user_id: UUID, *, second_factor: bool = False, act: str = "signed_in") -> None:
    """Begin a new session; what the visitor's cookie held before is dropped and its session ended.

    Args:
        user_id: who has proven who they are.
        second_factor: whether with the second factor; whoever has one is not signed in without it.
        act: how the audit names it.
    """
    with _sessions().identity() as opened:
        _end(opened, "signed in again")
        token = _begin(opened, user_id, second_factor=second_factor)
        user = opened.get_one(User, user_id)
        user.last_sign_in_at = func.now()
        note(opened, user, act, by=user)
    _hold(_TOKEN, token)


def begin_half(user_id: UUID) -> None:
    """Note that somebody's password was right, for the few minutes in which the second factor may follow."""
    with _sessions().identity() as opened:
        _end(opened, "signed in again")
        token = _begin(opened, user_id, second_factor=False)
    _hold(_HALF, token)


def half_way() -> UUID | None:
    """Whose password was right in this browser, while the second factor is still to come."""
    token = session.get(_HALF)
    if not isinstance(token, str):
        return None
    with _sessions().identity() as opened:
        return sessions.find_half(opened, token)


def renew(opened: Session, person: Person, *, second_factor: bool) -> str:
    """Give this browser's session a new token because what it may do has changed; end the person's others.

    Args:
        opened: an identity session, which also carries out the change.
        person: who is signed in.
        second_factor: whether the second factor counts as given from now on.

    Returns:
        The token, to be held once the change is committed.
    """
    sessions.end_all(opened, person.id, because="password or second factor changed")
    return _begin(opened, person.id, second_factor=second_factor)


def hold(token: str) -> None:
    """Have the cookie hold the token of a renewed session."""
    _hold(_TOKEN, token)


def sign_out(because: str = "signed out", act: str = "signed_out") -> None:
    """End the session."""
    with _sessions().identity() as opened:
        person = current_person()
        _end(opened, because)
        if person is not None:
            user = opened.get_one(User, person.id)
            note(opened, user, act, by=user)
    session.clear()
    forget()


def note(opened: Session, user: User | None, act: str, *, by: User | None, **detail: str) -> None:
    """Record an act about somebody's sign-in, last in its transaction.

    Args:
        opened: an identity session.
        user: whose sign-in it is; None for an address that belongs to nobody.
        act: a key of `audit.ACTS`.
        by: who does it; None for somebody who has proven nothing.
        detail: what else is worth knowing.
    """
    actor = audit.Actor(
        name=by.name if by else diary.SOMEBODY,
        id=by.id if by else None,
        address=network(request.remote_addr or ""),
        reference=g.get("reference", ""),
    )
    keys = current_app.extensions["trellis"].settings.master_keys
    diary.write(opened, keys, user, act, actor=actor, detail=detail)


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


def _begin(opened: Session, user_id: UUID, *, second_factor: bool) -> str:
    return sessions.begin(
        opened,
        user_id,
        address=network(request.remote_addr or ""),
        agent=request.headers.get("User-Agent", ""),
        second_factor=second_factor,
    )


def _end(opened: Session, because: str) -> None:
    for name in (_TOKEN, _HALF):
        if isinstance(token := session.get(name), str):
            sessions.end(opened, token, because=because)


def _hold(name: str, token: str) -> None:
    """Have the cookie hold this and nothing of before, a form's token included."""
    session.clear()
    session[name] = token
    g.pop(_CSRF, None)
    forget()


def _sessions() -> Sessions:
    found: Sessions = current_app.extensions["trellis"].sessions
    return found
