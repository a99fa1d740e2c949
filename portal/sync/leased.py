"""Leased: work that takes minutes, such as a preview or a report. One worker at a time has it, for a turn;
one that dies lets go of it by its lease running out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from portal.models import Preview, Reconciliation
from portal.sync.errors import Retryable, SyncError

# How long it rests after a turn with more to do, and after one that did not work.
_WAIT_SECONDS, _AGAIN_SECONDS = 1.0, 5.0

Task = TypeVar("Task", Preview, Reconciliation)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Leased(Generic[Task]):
    """One kind of such work.

    Args:
        model: its rows.
        name: what it is called in the log.
        in_work: the states in which turns are taken.
    """

    model: type[Task]
    name: str
    in_work: tuple[str, ...]

    def due(self, session: Session) -> list[UUID]:
        """Those that wait for a turn.

        Args:
            session: the system's session.
        """
        query = select(self.model.id).where(
            self.model.state.in_(self.in_work), self.model.due_at <= func.now(), self._is_free()
        )
        return list(session.scalars(query))

    def tenant_of(self, session: Session, task_id: UUID) -> UUID | None:
        """Whose it is; None when it is not there any more.

        Args:
            session: the system's session.
            task_id: the row.
        """
        return session.scalar(select(self.model.tenant_id).where(self.model.id == task_id))

    def claim(self, session: Session, task_id: UUID, lease_seconds: float) -> bool:
        """Take it for one turn; False when another worker has it, or it is over."""
        taken = session.execute(
            update(self.model)
            .where(self.model.id == task_id, self.model.state.in_(self.in_work), self._is_free())
            .values(lease_until=func.now() + timedelta(seconds=lease_seconds))
            .returning(self.model.id)
            .execution_options(synchronize_session=False)
        )
        return taken.first() is not None

    def attempt(self, task_id: UUID, turn: Callable[[], bool]) -> bool | Exception:
        """Take the turn: whether there is more to do, or why it did not work. A bug is in the log by then."""
        try:
            return turn()
        except OperationalError as error:
            _log.warning("the database interrupted a %s: %s", self.name, type(error.orig).__name__)
            return Retryable("the database interrupted it")
        except SyncError as error:
            return error
        except Exception as error:  # noqa: BLE001 - a bug becomes a sentence that people see, as in a shift
            _log.exception("bug in a %s", self.name, extra={self.name: str(task_id)})
            return error

    def _is_free(self) -> ColumnElement[bool]:
        return or_(self.model.lease_until.is_(None), self.model.lease_until < func.now())


def let_go(task: Preview | Reconciliation, *, more: bool) -> None:
    """End a turn that worked."""
    _rest(task, _WAIT_SECONDS if more else 0.0)


def put_off(task: Preview | Reconciliation, error: Exception) -> str:
    """End a turn that did not work: it is tried again when the error says, or soon. Returns why, in words."""
    _rest(task, error.after if isinstance(error, Retryable) and error.after else _AGAIN_SECONDS)
    reason = str(error) if isinstance(error, SyncError) else f"Trellis failed on it: {type(error).__name__}"
    task.error = reason[:500]
    return reason


def _rest(task: Preview | Reconciliation, seconds: float) -> None:
    task.lease_until = None
    task.due_at = func.now() + timedelta(seconds=seconds)
