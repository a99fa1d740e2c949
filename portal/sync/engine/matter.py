"""Matters: what a look does that depends on the kind of its link. The rest of a look is the same for all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from portal.models import Link
from portal.sync.decisions import Action, Decision, Finding, Inquiry
from portal.sync.domain import Json
from portal.sync.engine.writes import Write
from portal.sync.questions import Facts, Question


class Matter(Protocol):
    """One link's two sides as a look at it goes. It keeps what it saw last."""

    def see(self, flourish_id: str | None, *, wrote: str = "") -> None:
        """Read both sides.

        Args:
            flourish_id: Flourish's id of it, once it is known.
            wrote: the side that was written to since the last time; only that one is read again.

        Raises:
            ForAPerson: something is not there any more.
            SyncError: a side could not be read.
        """
        ...

    def plan(self, base: Json | None, facts: Facts) -> Decision | Inquiry:
        """Decide about what was seen."""
        ...

    def answer(self, question: Question) -> Any:
        """Answer the planner's question.

        Raises:
            SyncError: a side could not be asked.
        """
        ...

    def write(self, action: Action) -> Write:
        """Prepare the write for an action."""
        ...

    def note(self, session: Session, link: Link, *, how: str) -> None:
        """Write down what was seen, on the locked link and in its story."""
        ...

    def report(
        self, session: Session, link: Link, findings: Sequence[Finding], *, known_problem: bool
    ) -> None:
        """Open and close problems by what a look found.

        Args:
            session: a session in which the link is locked.
            link: the link.
            findings: what is wrong with the link.
            known_problem: whether the link had an open problem when the look began.
        """
        ...

    def close_echoes(self, session: Session, link: Link, *, since: datetime) -> int:
        """Close the deliveries that came since and tell of nothing that was not seen; returns how many."""
        ...
