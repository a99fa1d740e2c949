"""Orders, as a look at one goes: see both sides, plan, prepare the write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import Link
from portal.sync import journal
from portal.sync.decisions import Action, Decision, Finding, Inquiry, PlatformAction, RetailAction
from portal.sync.domain import Destination, Json, SourceOrder
from portal.sync.engine import combining, plans, retail_writes, shop_holds, sight
from portal.sync.engine.accounts import Account
from portal.sync.engine.desk import Desk
from portal.sync.engine.held import holds_of, note_held
from portal.sync.engine.once import made_already
from portal.sync.engine.outlook import ForAPerson
from portal.sync.engine.platform_writes import onto_platform
from portal.sync.engine.shop_orders import known_by
from portal.sync.engine.sight import Sight
from portal.sync.engine.writes import Write, destination_key, write_of
from portal.sync.mapping import identity, telling
from portal.sync.mapping.keys import email_key
from portal.sync.questions import (
    BeyondStock,
    CombinedOriginals,
    DestinationByLicense,
    Facts,
    GoodsTakenOff,
    OwnQuestion,
    Question,
    RepEmail,
    SameLabel,
)
from portal.sync.retail import CustomerLookup, RetailCustomer, RetailOrder
from portal.sync.shopping import ShopOrder

# How long after Flourish did not know an order it is asked for again.
_GONE_SECONDS = 60.0
# How long before it was placed a list of orders begins that would show it.
_CREATED_AROUND = timedelta(days=2)


@dataclass(frozen=True)
class Known:
    """What our rows say of an order as a look begins. `was_gone`: Flourish did not know it last time.
    `behind`: the version of Flourish's order that we wrote over a moment ago."""

    hub_id: UUID
    number: str
    former_ids: Sequence[str] = ()
    choices: Mapping[str, Any] = field(default_factory=dict)
    was_gone: bool = False
    behind: str | None = None


class OrderMatter:
    """Implements `Matter` for an order."""

    def __init__(self, desk: Desk, account: Account, tenant_id: UUID, known: Known) -> None:
        self._desk = desk
        self._account = account
        self._tenant_id = tenant_id
        self._known = known
        self._sight: Sight | None = None
        # Why the order is gone from Flourish for good, once that is known.
        self._gone: Finding | None = None

    def see(self, flourish_id: str | None, *, wrote: str = "") -> None:
        """See `Matter`."""
        before = self._sight if wrote else None
        try:
            self._sight = sight.look(
                self._account,
                self._known.number,
                flourish_id,
                before=before,
                wrote=wrote,
                behind=self._known.behind,
            )
        except sight.GoneInFlourish as gone:
            if not self._is_gone_for_good(gone.sight.order, flourish_id):
                raise
            self._sight, self._gone = gone.sight, gone.finding

    def plan(self, base: Json | None, facts: Facts) -> Decision | Inquiry:
        """See `Matter`."""
        seen = self.seen
        if self._gone is not None:
            return telling.after_gone(seen.order, self._gone, self._account.rules)
        return plans.plan(
            self._account,
            seen.order,
            seen.made,
            base=base,
            facts=facts,
            is_moving=seen.made is not None and seen.made.id in self._known.former_ids,
            choices=self._known.choices,
        )

    def answer(self, question: Question) -> Any:
        """See `Matter`."""
        if isinstance(question, OwnQuestion):
            with self._desk.tenant(self._tenant_id) as session:
                return self._own_answer(session, question)
        answer = self._account.answer(question)
        if isinstance(question, CustomerLookup) and not answer:
            return self._made_customers(question)
        if isinstance(question, RepEmail) and answer:
            said, email = self._account.rules.said, email_key(answer)
            return said.in_flourish("rep", email) if said.is_aliased("rep", email) else answer
        if isinstance(question, DestinationByLicense) and not answer:
            return self._made_destination(question)
        return answer

    def write(self, action: Action) -> Write:
        """See `Matter`."""
        if isinstance(action, RetailAction):
            secret = self._desk.digest_key
            return retail_writes.write_of(action, self._account, number=self._known.number, secret=secret)
        if isinstance(action, PlatformAction):
            return onto_platform(action, self._account, status=self.seen.order.status)
        return write_of(
            action,
            self._account,
            number=self._known.number,
            made=self.seen.made,
            former_ids=self._known.former_ids,
        )

    def note(self, session: Session, link: Link, *, how: str) -> None:
        """See `Matter`."""
        seen = self.seen
        sight.note(session, link, seen, self._account, how=how)
        if link.merged_at is not None:
            combining.tell_original(session, link)
        if isinstance(seen.order, ShopOrder):
            self._note_holds(session, link, seen.order)
        else:
            note_held(session, link, holds_of(seen.order, seen.made))

    def report(
        self, session: Session, link: Link, findings: Sequence[Finding], *, known_problem: bool
    ) -> None:
        """See `Matter`."""
        if any(finding.code == "gone_on_platform" for finding in findings):
            note_held(session, link, None)
            shop_holds.forget(session, link)
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
    def _connection_id(self) -> UUID:
        return UUID(self._account.rules.connection_id)

    @property
    def seen(self) -> Sight:
        """What was seen last."""
        if self._sight is None:
            raise RuntimeError("an order is planned before it was seen")
        return self._sight

    def _is_gone_for_good(self, order: SourceOrder, flourish_id: str | None) -> bool:
        """LL-23: it was gone at the last look too, and no list shows it: then its id is taken back.

        Raises:
            ForAPerson: it was not gone before, and is looked for again in a while.
        """
        rules = self._account.rules
        if not rules.external_id_key or rules.external_id_key not in order.external_ids:
            return False
        if not self._known.was_gone:
            title = f"Flourish does not know order {flourish_id} any more"
            step = "Trellis looks once more before it takes its id back. Enter it again if it was a mistake."
            raise ForAPerson(Finding("gone_in_flourish", title, step), again_in=_GONE_SECONDS)
        listed = self._account.hub_orders.listed(created_from=order.placed_at - _CREATED_AROUND)
        return all(one.id != flourish_id for one in listed)

    def _own_answer(self, session: Session, question: OwnQuestion) -> Any:
        """What our own rows know."""
        match question:
            case CombinedOriginals():
                return combining.answer(session, self._tenant_id, self._connection_id, question)
            case SameLabel():
                return known_by(session, self._known.hub_id, question)
            case BeyondStock():
                return self._beyond_stock(session)
            case GoodsTakenOff():
                return shop_holds.are_released(session, self._connection_id, question.number)

    def _note_holds(self, session: Session, link: Link, order: ShopOrder) -> None:
        made = self.seen.made
        if not isinstance(made, RetailOrder | None):
            raise TypeError("a person's order is a retail order in Flourish")
        # Both sides were read before this transaction began.
        seen_at = session.execute(select(func.now())).scalar_one()
        kept = self._account.rules.platform_holds
        shop_holds.note(session, link, order, made, platform_holds=kept, seen_at=seen_at)

    def _beyond_stock(self, session: Session) -> tuple[str, ...]:
        if not isinstance(self.seen.order, ShopOrder):
            raise TypeError("only a shop's order is beyond the stock")
        return shop_holds.beyond_stock(session, self._connection_id, self.seen.order)

    def _made_customers(self, lookup: CustomerLookup) -> tuple[RetailCustomer, ...]:
        """Flourish may not list yet whom we made a moment ago: our own record of them counts."""
        wanted = retail_writes.digest(self._desk.digest_key, identity.sole_key(lookup))
        with self._desk.tenant(self._tenant_id) as session:
            made = retail_writes.made_lately(session, self._known.hub_id, wanted)
        found = map(self._account.flourish.retail.customer, made)
        return tuple(customer for customer in found if customer is not None)

    def _made_destination(self, question: DestinationByLicense) -> tuple[Destination, ...]:
        """Flourish may not list yet what we made a moment ago: our own record of it counts."""
        with self._desk.tenant(self._tenant_id) as session:
            made = made_already(session, self._known.hub_id, destination_key(question.license))
        return (Destination(made, "", question.license, True),) if made else ()
