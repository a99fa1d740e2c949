"""Resets: a mailed token lets somebody choose a new password, once, within half an hour."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.identity import random_tokens
from portal.models import ResetToken, User

LASTS = timedelta(minutes=30)


def begin(session: Session, user: User) -> str:
    """Make a token; earlier ones of the person count no more.

    Args:
        session: an identity session.
        user: who may choose a new password.
    """
    _use_up(session, user)
    token = random_tokens.make()
    session.add(
        ResetToken(user_id=user.id, token_hash=random_tokens.digest(token), expires_at=func.now() + LASTS)
    )
    session.flush()
    return token


def whose(session: Session, token: str) -> User | None:
    """Who may choose a new password by this token; it is not used up by asking."""
    return session.scalar(
        select(User)
        .join(ResetToken, ResetToken.user_id == User.id)
        .where(
            ResetToken.token_hash == random_tokens.digest(token),
            ResetToken.used_at.is_(None),
            ResetToken.expires_at > func.now(),
            User.disabled_at.is_(None),
        )
    )


def use(session: Session, token: str) -> User | None:
    """Use a token up; None when it was used, expired or never was. Of two at once, one gets it."""
    user = whose(session, token)
    if user is None:
        return None
    taken = session.execute(
        update(ResetToken)
        .where(ResetToken.token_hash == random_tokens.digest(token), ResetToken.used_at.is_(None))
        .values(used_at=func.now())
        .returning(ResetToken.id)
        .execution_options(synchronize_session=False)
    )
    return user if taken.first() else None


def _use_up(session: Session, user: User) -> None:
    session.execute(
        update(ResetToken)
        .where(ResetToken.user_id == user.id, ResetToken.used_at.is_(None))
        .values(used_at=func.now())
        .execution_options(synchronize_session=False)
    )
