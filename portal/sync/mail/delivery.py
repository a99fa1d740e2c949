"""Delivery: what waits is sent, with growing pauses until it is taken, and given up after a day.

A message is leased by moving its time on, so that of several workers one has it. A worker that dies after the
mail server took a message has it sent once more: its Message-ID is the same.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from portal.models import Mail
from portal.sync import secrets
from portal.sync.engine.desk import Desk
from portal.sync.mail import transport
from portal.sync.mail.message import opened

_AT_ONCE = 10
_LEASE = timedelta(minutes=2)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
_GIVEN_UP_AFTER = timedelta(days=1)
# How long it is known that a message was sent.
KEPT = timedelta(days=30)


def is_due(session: Session) -> bool:
    """Say whether a message is to be sent now.

    Args:
        session: a system session.
    """
    query = select(Mail.id).where(Mail.sealed.is_not(None), Mail.due_at <= func.now()).limit(1)
    return session.execute(query).first() is not None


def deliver_due(desk: Desk) -> int:
    """Send what is due; return how many messages were taken."""
    taken = 0
    while batch := _lease(desk):
        for mail in batch:
            if desk.stopping.is_set():
                return taken
            taken += _deliver(desk, mail)
    return taken


def _lease(desk: Desk) -> list[Mail]:
    with desk.sessions.system() as session:
        rows = session.scalars(
            select(Mail)
            .where(Mail.sealed.is_not(None), Mail.due_at <= func.now())
            .order_by(Mail.due_at)
            .limit(_AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        session.execute(
            update(Mail)
            .where(Mail.id.in_([row.id for row in rows]))
            .values(due_at=func.now() + _LEASE, attempts=Mail.attempts + 1)
            .execution_options(synchronize_session=False)
        )
        session.expunge_all()
    return list(rows)


def _deliver(desk: Desk, mail: Mail) -> bool:
    try:
        transport.send(desk.settings, mail.id, mail.kind, opened(desk.settings.master_keys, mail))
    except (transport.NeverTaken, ValueError) as error:
        _note(desk, mail.id, sealed=None, given_up_at=func.now(), failure=_words(error))
        return False
    except (transport.NotTaken, secrets.CannotOpen) as error:
        _put_off(desk, mail, _words(error))
        return False
    _note(desk, mail.id, sealed=None, sent_at=func.now(), failure="")
    return True


def _put_off(desk: Desk, mail: Mail, failure: str) -> None:
    # `attempts` is as it was before this one.
    pause = min(_FIRST_PAUSE * 2 ** min(mail.attempts, 10), _LONGEST_PAUSE)
    with desk.sessions.system() as session:
        over = session.scalar(
            select(Mail.created_at < func.now() + pause - _GIVEN_UP_AFTER).where(Mail.id == mail.id)
        )
    if over:
        _note(desk, mail.id, sealed=None, given_up_at=func.now(), failure=failure)
    else:
        _note(desk, mail.id, due_at=func.now() + pause, failure=failure)


def _note(desk: Desk, mail_id: UUID, **values: object) -> None:
    with desk.sessions.system() as session:
        session.execute(
            update(Mail)
            .where(Mail.id == mail_id, Mail.sealed.is_not(None))
            .values(**values)
            .execution_options(synchronize_session=False)
        )


def _words(error: Exception) -> str:
    return str(error)[:200] or type(error).__name__


def drop_old(desk: Desk) -> None:
    """Drop what is over since long, from the table and, without a mail server, from DATA."""
    with desk.sessions.system() as session:
        session.execute(
            delete(Mail)
            .where(Mail.sealed.is_(None), Mail.created_at < func.now() - KEPT)
            .execution_options(synchronize_session=False)
        )
    transport.forget_old(desk.settings)
