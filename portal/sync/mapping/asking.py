"""Asking: answers that are there, and questions that are still open."""

from __future__ import annotations

from typing import Any

from portal.sync.decisions import Inquiry
from portal.sync.questions import Facts, Question


class Asking:
    """Looks answers up, and remembers which questions have none yet.

    Args:
        facts: answers so far.
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._open: dict[Question, None] = {}

    def answer(self, question: Question) -> tuple[Any, ...] | None:
        """The answer to a question; None while it is open."""
        if question in self._facts:
            found: tuple[Any, ...] = self._facts[question]
            return found
        self._open[question] = None
        return None

    @property
    def inquiry(self) -> Inquiry | None:
        """What must be asked before anything is decided; None when everything is known."""
        return Inquiry(tuple(self._open)) if self._open else None
