"""Who is signed in: the person behind a session cookie."""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import UUID

from flask import Flask, session
from flask_login import AnonymousUserMixin, LoginManager, current_user, login_user, logout_user

from portal.extensions import db
from portal.models import User

# A session ends twelve hours after signing in, however busy it was.
LONGEST_SESSION_SECONDS = 12 * 60 * 60
_SIGNED_IN_AT = "signed_in_at"


@dataclass(frozen=True)
class Person:
    """What pages may know of an account: never its password hash."""

    id: UUID
    name: str
    email: str
    staff_role: str | None
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        """The id that the session cookie keeps."""
        return str(self.id)


class Nobody(AnonymousUserMixin):  # type: ignore[misc]
    """A visitor who has not signed in."""

    staff_role: str | None = None


def install(app: Flask) -> None:
    """Make the application know who is signed in.

    The one seam for server-side sessions: they replace `_load`, `sign_in` and `sign_out`.
    """
    manager = LoginManager()
    manager.anonymous_user = Nobody
    # It would bind a session to one address and browser version: phones change both all day.
    manager.session_protection = None
    manager.user_loader(_load)
    manager.init_app(app)


def current_person() -> Person | None:
    """The person signed in, if anybody is."""
    person = current_user._get_current_object()  # noqa: SLF001 - the proxy has no other way out
    return person if isinstance(person, Person) else None


def sign_in(user: User) -> None:
    """Begin a session; what the visitor's cookie held before is dropped."""
    session.clear()
    session[_SIGNED_IN_AT] = int(time.time())
    login_user(_person(user))


def sign_out() -> None:
    """End the session."""
    logout_user()
    session.clear()


def _load(user_id: str) -> Person | None:
    age = time.time() - session.get(_SIGNED_IN_AT, 0)
    if not 0 <= age + 60 <= LONGEST_SESSION_SECONDS:
        return None
    user = db.session.get(User, UUID(user_id))
    return _person(user) if user is not None and user.disabled_at is None else None


def _person(user: User) -> Person:
    return Person(id=user.id, name=user.name, email=user.email, staff_role=user.staff_role)
