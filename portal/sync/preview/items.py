"""Items in a preview: one SKU's sides as the mirrors have them, with what captured writes made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from portal.models import Link
from portal.sync.decisions import Action, CatalogueRules, CreateProduct, Decision, Finding, Inquiry
from portal.sync.domain import Json, Product, Shelf
from portal.sync.engine import item_writes
from portal.sync.engine.accounts import Account, planner_of
from portal.sync.engine.writes import Write
from portal.sync.preview.recording import RecordingPlatform
from portal.sync.questions import Facts, Question


@dataclass(frozen=True)
class Seen:
    """One SKU as our rows have it: its shelf, what its link last agreed on, and the fingerprint of both."""

    sku: str
    shelf: Shelf
    base: Json | None
    fingerprint: str
    name: str = ""
    link_id: UUID | None = None
    # Something of it is to be read first, which a look does.
    unread: bool = False


class ItemRehearsal:
    """Implements `Matter` for one SKU, without a link.

    Args:
        account: both sides, whose writes are captured.
        platform: the same platform side as in the account.
        rules: the connection's rules of its catalogue.
        connection_id: the connection.
        seen: the SKU.
    """

    def __init__(
        self,
        account: Account,
        platform: RecordingPlatform,
        rules: CatalogueRules,
        connection_id: UUID,
        seen: Seen,
    ) -> None:
        self._account = account
        self._planner = planner_of(account.platform)
        self._platform = platform
        self._rules = rules
        self._connection_id = connection_id
        self._sku = seen.sku
        self._shelf = seen.shelf
        self._found: tuple[Product, ...] | None = None

    def see(self, flourish_id: str | None, *, wrote: str = "") -> None:
        """See `Matter`: what was captured is in the platform's products already."""
        del flourish_id, wrote
        known = (*self._shelf.products, *(self._found or ()))
        there = {one.ref: one for one in (*self._platform.seen(known), *self._platform.made(self._sku))}
        self._shelf = replace(self._shelf, products=tuple(there.values()))

    def plan(self, base: Json | None, facts: Facts) -> Decision | Inquiry:
        """See `Matter`. As a look does before it makes a product, ask whether lists do not show it yet."""
        answer = self._planner(self._shelf, base=base, rules=self._rules, facts=facts)
        action = answer.action if isinstance(answer, Decision) else None
        if isinstance(action, CreateProduct) and self._found is None:
            self._found = self._platform.products_by_sku(self._sku)
            if self._found:
                self.see(None)
                return self.plan(base, facts)
        return answer

    def answer(self, question: Question) -> Any:
        """See `Matter`."""
        return self._account.answer(question)

    def write(self, action: Action) -> Write:
        """See `Matter`."""
        return item_writes.write_of(action, self._account, connection_id=self._connection_id, sku=self._sku)

    def note(self, session: Session, link: Link, *, how: str) -> None:
        """See `Matter`: a rehearsal writes nothing down."""

    def report(
        self, session: Session, link: Link, findings: Sequence[Finding], *, known_problem: bool
    ) -> None:
        """See `Matter`: a rehearsal opens no problem."""

    def close_echoes(self, session: Session, link: Link, *, since: datetime) -> int:
        """See `Matter`."""
        del session, link, since
        return 0


def with_promise(shelf: Shelf, promised: Mapping[str, Decimal]) -> Shelf:
    """A shelf of which rehearsed orders hold some: so much in all under no lot, and of each lot."""
    if not promised:
        return shelf
    lots = {lot: units + shelf.held.get(lot, Decimal(0)) for lot, units in promised.items() if lot}
    in_all = shelf.promised + promised.get("", Decimal(0))
    return replace(shelf, promised=in_all, held={**shelf.held, **lots})
