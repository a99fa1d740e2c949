"""Sessions of people: a row for each browser, which ends it wherever the row is ended.

The cookie holds a random token; the row holds its hash, so that who reads the database cannot sign in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from portal.identity import random_tokens
from portal.models import SignIn, User, UserSession

# Twelve hours after signing in a session ends, however busy it was; sooner when nobody does anything in it.
LONGEST = timedelta(hours=12)
IDLE = timedelta(minutes=30)
IDLE_STAFF = timedelta(minutes=15)
# Between the password and the second factor.
HALF_WAY = timedelta(minutes=10)
# Sensitive acts ask for the password again when it was last given longer ago than this.
PROOF_LASTS = timedelta(minutes=5)
# A session's last use is written down this often at most: not every page costs a write.
_SEEN_EVERY = timedelta(seconds=30)

_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)

_OPEN = and_(
    UserSession.ended_at.is_(None),
    UserSession.created_at > func.now() - LONGEST,
    # Whoever has a second factor is not signed in before it was given.
    or_(SignIn.totp_confirmed_at.is_(None), UserSession.second_factor_at.is_not(None)),
    or_(
        UserSession.seen_at > func.now() - IDLE_STAFF,
        and_(User.staff_role.is_(None), UserSession.seen_at > func.now() - IDLE),
    ),
)
# Each page asks this before anything else.
_FIND = (
    select(
        UserSession.id,
        UserSession.user_id,
        User.name,
        User.email,
        User.staff_role,
        UserSession.second_factor_at.is_not(None).label("second_factor"),
        (UserSession.proven_at > func.now() - PROOF_LASTS).label("recently_proven"),
        (UserSession.seen_at < func.now() - _SEEN_EVERY).label("seen_long_ago"),
    )
    .join(User, User.id == UserSession.user_id)
    .outerjoin(SignIn, SignIn.user_id == UserSession.user_id)
    .where(UserSession.token_hash == bindparam("token_hash"), User.disabled_at.is_(None), _OPEN)
)


@dataclass(frozen=True)
class Found:
    """A session that is open, whose it is, and what was proven in it how recently."""

    id: UUID
    user_id: UUID
    name: str
    email: str
    staff_role: str | None
    second_factor: bool
    recently_proven: bool


def begin(session: Session, user_id: UUID, *, address: str, agent: str, second_factor: bool = False) -> str:
    """Begin a session for somebody whose password was just verified; return the token for the cookie.

    Without the second factor it is only half of one for whoever has one: it finds nobody signed in.

    Args:
        session: an identity session.
        user_id: whose.
        address: the network that it begins in, as `throttle.network` writes it.
        agent: the browser's User-Agent.
        second_factor: whether the second factor was given too.
    """
    token = random_tokens.make()
    session.add(
        UserSession(
            user_id=user_id,
            token_hash=random_tokens.digest(token),
            address=address,
            browser=browser(agent),
            second_factor_at=func.now() if second_factor else None,
        )
    )
    session.flush()
    return token


def find_half(session: Session, token: str) -> UUID | None:
    """Whose a session is in which the password was right and the second factor is still to come."""
    return session.scalar(
        select(UserSession.user_id)
        .join(User, User.id == UserSession.user_id)
        .join(SignIn, SignIn.user_id == UserSession.user_id)
        .where(
            UserSession.token_hash == random_tokens.digest(token),
            UserSession.ended_at.is_(None),
            UserSession.created_at > func.now() - HALF_WAY,
            UserSession.second_factor_at.is_(None),
            SignIn.totp_confirmed_at.is_not(None),
            User.disabled_at.is_(None),
        )
    )


def find(session: Session, token: str, *, used: bool) -> Found | None:
    """Find the open session of a token; None when it ended, or was idle or open for too long.

    Args:
        session: an identity session.
        token: as the cookie holds it.
        used: whether a person does something in it now, so that it is not idle.
    """
    row = session.execute(_FIND, {"token_hash": random_tokens.digest(token)}).first()
    if row is None:
        return None
    if used and row.seen_long_ago:
        session.execute(update(UserSession).where(UserSession.id == row.id).values(seen_at=func.now()))
    return Found(
        id=row.id,
        user_id=row.user_id,
        name=row.name,
        email=row.email,
        staff_role=row.staff_role,
        second_factor=row.second_factor,
        recently_proven=row.recently_proven,
    )


def prove(session: Session, session_id: UUID, *, second_factor: bool) -> None:
    """Note that the password, or with it the second factor, was given just now."""
    values = {"proven_at": func.now()} | ({"second_factor_at": func.now()} if second_factor else {})
    session.execute(update(UserSession).where(UserSession.id == session_id).values(**values))


def end(session: Session, token: str, *, because: str) -> None:
    """End the session of a token, if it is open."""
    _end(session, UserSession.token_hash == random_tokens.digest(token), because)


def end_one(session: Session, user_id: UUID, session_id: UUID, *, because: str) -> bool:
    """End one of a person's own sessions; False when there is no such open one."""
    return bool(_end(session, and_(UserSession.user_id == user_id, UserSession.id == session_id), because))


def end_all(session: Session, user_id: UUID, *, because: str, but: UUID | None = None) -> int:
    """End all sessions of a person, or all but one; return how many."""
    which = UserSession.user_id == user_id
    return _end(session, and_(which, UserSession.id != but) if but else which, because)


def open_of(session: Session, user_id: UUID) -> list[UserSession]:
    """List a person's open sessions, the one used last first."""
    query = (
        select(UserSession)
        .join(User, User.id == UserSession.user_id)
        .outerjoin(SignIn, SignIn.user_id == UserSession.user_id)
        .where(UserSession.user_id == user_id, _OPEN)
        .order_by(UserSession.seen_at.desc())
    )
    return list(session.scalars(query))


def browser(agent: str) -> str:
    """Name the kind of browser and system of a User-Agent, for people to recognise; no more of it is kept."""
    name = next((word for mark, word in _BROWSERS if mark in agent), "")
    system = next((word for mark, word in _SYSTEMS if mark in agent), "")
    other = re.match(r"[A-Za-z][\w.-]{0,30}", agent)
    return " on ".join(filter(None, (name, system))) or (other[0] if other else "Unknown")


def _end(session: Session, which: ColumnElement[bool], because: str) -> int:
    ended = session.execute(
        update(UserSession)
        .where(which, UserSession.ended_at.is_(None))
        .values(ended_at=func.now(), ended_because=because)
        .returning(UserSession.id)
        .execution_options(synchronize_session=False)
    )
    return len(ended.all())
