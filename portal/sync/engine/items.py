"""Items, as a look at one goes: read what was told of and not read since, plan, prepare the write.

The mirror is what is seen of both sides. Only what a webhook or list told of is read anew, so that a changed
quantity costs one call: the write of it, whose answer goes into the mirror.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Session

from portal.models import Connection, Link
from portal.sync import journal
from portal.sync.batches import SetLotStock
from portal.sync.decisions import Action, CatalogueRules, CreateProduct, Decision, Finding, Inquiry, SetStock
from portal.sync.domain import Json
from portal.sync.drafts import PutProduct
from portal.sync.engine import guard, item_writes, mismatches, shop_holds
from portal.sync.engine.accounts import Account, catalogue_rules_of, planner_of, stock_facilities
from portal.sync.engine.claim import Claim
from portal.sync.engine.desk import Desk
from portal.sync.engine.fresh import Reader
from portal.sync.engine.once import made_already
from portal.sync.engine.pull import is_pulled
from portal.sync.engine.shelves import Known, known, shown, terms
from portal.sync.engine.writes import Write
from portal.sync.mapping.effects import fields_of
from portal.sync.mapping.keys import sku_key
from portal.sync.questions import Facts, Named, Question, StrainNamed


class ItemMatter:
    """Implements `Matter` for an item and its product."""

    def __init__(self, desk: Desk, account: Account, claim: Claim, *, sku: str) -> None:
        self._desk = desk
        self._account = account
        self._claim = claim
        self._sku = sku
        self._planner = planner_of(account.platform)
        self._drops = False
        self._searched = False
        # The product that we made under this SKU before, and that has another one by now.
        self._former = ""
        with desk.tenant(claim.tenant_id) as session:
            connection = session.get_one(Connection, claim.connection_id)
            self._rules: CatalogueRules = catalogue_rules_of(connection, account.platform, account.rules.said)
            self._hub_id: UUID = connection.hub_id
            self._is_pulled = is_pulled(session, connection)
            facilities = stock_facilities(connection)
        where = (claim.tenant_id, claim.connection_id, self._hub_id, facilities)
        self._reader = Reader(desk, account, *where, self._rules)
        self._seen: Known | None = None

    def see(self, flourish_id: str | None, *, wrote: str = "") -> None:
        """See `Matter`. What a write answered with is in the mirror already."""
        del flourish_id
        if wrote:
            self._seen = self._gather()
            return
        if not self._is_pulled:
            self._reader.read_alone(self._sku)
        seen = self._gather()
        # A platform may change what is reserved without telling, and "quantity" depends on it.
        products_too = self._is_pulled and self._rules.stock_field == "quantity"
        if self._reader.read_told(seen, products_too=products_too):
            seen = self._gather()
        self._seen = seen

    def plan(self, base: Json | None, facts: Facts) -> Decision | Inquiry:
        """See `Matter`."""
        answer = self._plan(base, facts, self._rules)
        action = answer.action if isinstance(answer, Decision) else None
        self._drops = isinstance(action, SetStock | SetLotStock | PutProduct) and action.drops
        if self._drops and self._is_mass():
            return self._plan(base, facts, replace(self._rules, holds_drops=True))
        if self._makes(action) and self._is_there_after_all():
            return self.plan(base, facts)
        return answer

    def answer(self, question: Question) -> Any:
        """See `Matter`."""
        answer = self._account.answer(question)
        if isinstance(question, StrainNamed) and not answer:
            return self._made_strain(question)
        return answer

    def write(self, action: Action) -> Write:
        """See `Matter`."""
        connection_id, sku = self._claim.connection_id, self._sku
        return item_writes.write_of(
            action,
            self._account,
            connection_id=connection_id,
            sku=sku,
            former=self._former,
            now=fields_of(self._known.shelf()),
        )

    def note(self, session: Session, link: Link, *, how: str) -> None:
        """See `Matter`."""
        seen = self._known
        now = shown(seen)
        _tell_stock(session, link, now, self._account.platform.label, how)
        if link.snapshot.get("name") != now["name"] or not link.label:
            journal.remember_terms(session, link, terms(seen))
        link.label = self._sku[:200]
        link.snapshot = {**link.snapshot, **now, "seen": seen.fingerprint}
        link.flourish_kind, link.flourish_id = ("item", seen.item_id) if seen.item_id else (None, None)
        if seen.counted is not None and seen.counted.reading is not None:
            shop_holds.release(session, link.connection_id, self._sku, seen.counted.reading)
        link.wants_drop = self._drops
        link.looked_at = func.now()

    def report(
        self, session: Session, link: Link, findings: Sequence[Finding], *, known_problem: bool
    ) -> None:
        """See `Matter`."""
        link.snapshot = {**link.snapshot, "findings": mismatches.as_kept(findings)}
        if findings or known_problem:
            mismatches.report_one(session, link, findings)

    def close_echoes(self, session: Session, link: Link, *, since: datetime) -> int:
        """See `Matter`: the next look sees the mirror and calls nobody, so there is no need to tell."""
        del session, link, since
        return 0

    @property
    def _known(self) -> Known:
        if self._seen is None:
            raise RuntimeError("an item is planned before it was seen")
        return self._seen

    def _gather(self) -> Known:
        with self._desk.tenant(self._claim.tenant_id) as session:
            connection = session.get_one(Connection, self._claim.connection_id)
            return known(session, connection, self._rules, [self._sku])[self._sku]

    def _plan(self, base: Json | None, facts: Facts, rules: CatalogueRules) -> Decision | Inquiry:
        return self._planner(self._known.shelf(), base=base, rules=rules, facts=facts)

    def _is_mass(self) -> bool:
        with self._desk.tenant(self._claim.tenant_id) as session:
            return guard.hold_if_mass(session, self._claim.connection_id, self._claim.link_id)

    def _makes(self, action: Action | None) -> bool:
        """Whether an action makes a product. One that is put whole is found by its SKU where it is put, and
        only here by another one that people said is the same."""
        if isinstance(action, PutProduct) and not action.ref:
            return self._sku in self._account.rules.said.aliases.get("sku", {}).values()
        return isinstance(action, CreateProduct)

    def _is_there_after_all(self) -> bool:
        """Whether a product that is about to be made is there: lists may not show it yet, or our row of it is
        missing. It is asked for by SKU, and by the id that our own record has."""
        if self._searched:
            return False
        self._searched = True
        found = bool(self._reader.read_products(self._sku)) or self._is_ours_there()
        if found:
            self._seen = self._gather()
        return found

    def _is_ours_there(self) -> bool:
        """Whether the product that we made last under this SKU still has it. One that got another SKU since,
        or that somebody unlinked as it was gone, is another product, and this SKU may get one anew."""
        while made := self._made(
            item_writes.product_key(self._claim.connection_id, self._sku, after=self._former)
        ):
            product = self._reader.read_product(made)
            if product is None and made not in self._known.parted:
                return False
            if product is not None and sku_key(product.sku) == self._sku:
                return True
            self._former = made
        return False

    def _made_strain(self, question: StrainNamed) -> tuple[Named, ...]:
        """The platform may not list yet what we made a moment ago: our own record of it counts."""
        made = self._made(item_writes.strain_key(self._claim.connection_id, question.name))
        return (Named(made, question.name),) if made else ()

    def _made(self, natural_key: str) -> str:
        with self._desk.tenant(self._claim.tenant_id) as session:
            return made_already(session, self._hub_id, natural_key)


def _tell_stock(session: Session, link: Link, now: dict[str, Any], platform: str, how: str) -> None:
    """A row in the story for what changed on either side since the last look."""
    before = link.snapshot
    if before.get("stock") not in (None, now["stock"]) and now["stock"] is not None:
        changes = [["Sellable", before["stock"], now["stock"]]]
        title, detail = f"Sellable: {now['stock']}", {"changes": changes}
        entry = journal.Entry("flourish", "Flourish", title, how=how, detail=detail)
        journal.tell(session, link, entry)
    old, new = before.get("product") or {}, now["product"] or {}
    shared = [name for name in ("name", "listing_state") if old.get(name) and new.get(name)]
    edits = [[name.replace("_", " "), old[name], new[name]] for name in shared if old[name] != new[name]]
    if edits:
        entry = journal.Entry("platform", platform, "Product changed", how=how, detail={"changes": edits})
        journal.tell(session, link, entry)
