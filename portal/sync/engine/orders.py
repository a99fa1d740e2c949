"""Orders, as a look at one goes: see both sides, plan, prepare the write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from portal.models import Link
from portal.sync import journal
from portal.sync.decisions import (
    Action,
    CombinedOriginals,
    Decision,
    DestinationByLicense,
    Facts,
    Finding,
    Inquiry,
    Question,
)
from portal.sync.domain import Destination, Json
from portal.sync.engine import combining, sight
from portal.sync.engine.accounts import Account
from portal.sync.engine.desk import Desk
from portal.sync.engine.held import holds_of, note_held
from portal.sync.engine.once import made_already
from portal.sync.engine.sight import Sight
from portal.sync.engine.writes import Write, destination_key, write_of
from portal.sync.mapping.intake import INTAKE
from portal.sync.mapping.plan import plan_order

NO_CHOICES: Mapping[str, Any] = MappingProxyType({})


class OrderMatter:
    """Implements `Matter` for an order."""

    def __init__(
        self,
        desk: Desk,
        account: Account,
        *,
        tenant_id: UUID,
        hub_id: UUID,
        number: str,
        former_ids: Sequence[str] = (),
        choices: Mapping[str, Any] = NO_CHOICES,
    ) -> None:
        self._desk = desk
        self._account = account
        self._tenant_id = tenant_id
        self._hub_id = hub_id
        self._number = number
        self._former_ids = former_ids
        self._choices = choices
        self._sight: Sight | None = None

    def see(self, flourish_id: str | None, *, wrote: str = "") -> None:
        """See `Matter`."""
        self._sight = sight.look(
            self._account, self._number, flourish_id, before=self._sight if wrote else None, wrote=wrote
        )

    def plan(self, base: Json | None, facts: Facts) -> Decision | Inquiry:
        """See `Matter`."""
        seen = self._seen
        return plan_order(
            seen.order,
            seen.outbound,
            base=base,
            rules=self._account.rules,
            facts=facts,
            next_move=self._account.platform.next_move,
            is_moving=seen.outbound is not None and seen.outbound.id in self._former_ids,
            choice=self._choices.get(INTAKE, ""),
        )

    def answer(self, question: Question) -> Any:
        """See `Matter`."""
        if isinstance(question, CombinedOriginals):
            with self._desk.tenant(self._tenant_id) as session:
                return combining.answer(
                    session, self._tenant_id, UUID(self._account.rules.connection_id), question
                )
        answer = self._account.answer(question)
        if isinstance(question, DestinationByLicense) and not answer:
            return self._made_destination(question)
        return answer

    def write(self, action: Action) -> Write:
        """See `Matter`."""
        return write_of(
            action,
            self._account,
            number=self._number,
            outbound=self._seen.outbound,
            former_ids=self._former_ids,
        )

    def note(self, session: Session, link: Link, *, how: str) -> None:
        """See `Matter`."""
        seen = self._seen
        sight.note(session, link, seen, self._account, how=how)
        if link.merged_at is not None:
            combining.tell_original(session, link)
        note_held(session, link, holds_of(seen.order, seen.outbound))

    def report(
        self, session: Session, link: Link, findings: Sequence[Finding], *, known_problem: bool
    ) -> None:
        """See `Matter`."""
        if not findings and not known_problem:
            return
        opened, closed = journal.report(session, link, findings)
        if closed and not opened:
            entry = journal.Entry("trellis", "Trellis", "Problem solved", "The cause is gone.", tone="ok")
            journal.tell(session, link, entry)

    def close_echoes(self, session: Session, link: Link, *, since: datetime) -> int:
        """See `Matter`."""
        return sight.close_echoes(session, link, self._sight, since=since) if self._sight else 0

    @property
    def _seen(self) -> Sight:
        if self._sight is None:
            raise RuntimeError("an order is planned before it was seen")
        return self._sight

    def _made_destination(self, question: DestinationByLicense) -> tuple[Destination, ...]:
        """Flourish may not list yet what we made a moment ago: our own record of it counts."""
        with self._desk.tenant(self._tenant_id) as session:
            made = made_already(session, self._hub_id, destination_key(question.license))
        return (Destination(made, "", question.license, True),) if made else ()
