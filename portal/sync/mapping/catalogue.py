"""The plan for one SKU: its Flourish item and its product on a platform in, one decision out. Pure. For a
platform whose products are made, described and given stock one by one; others declare a planner of their own.

As with orders, it never acts: it answers with what it must know first (`Inquiry`), or with at most one action
and the reason (`Decision`). After each action the shelf is looked at and planned again. Stock goes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from portal.sync.batches import SetLotStock
from portal.sync.decisions import CatalogueRules, Decision, Finding, Inquiry, SetStock, UpdateProduct
from portal.sync.domain import Item, Json, Product, Shelf
from portal.sync.mapping import lots, making
from portal.sync.mapping import stock as stocks
from portal.sync.mapping.asking import Asking
from portal.sync.mapping.description import Description, agrees, brand_name, own_brand
from portal.sync.mapping.facts import plain_value
from portal.sync.mapping.keeping import fought_over, keep, with_kept
from portal.sync.mapping.pairing import Pair, pair
from portal.sync.mapping.stock import StockPlan
from portal.sync.questions import BrandNamed, Facts, Named


def plan_product(
    shelf: Shelf, *, base: Json | None, rules: CatalogueRules, facts: Facts
) -> Decision | Inquiry:
    """Decide what is to be done about a SKU now.

    Args:
        shelf: what is known of it.
        base: as the last decision, or action that worked, gave it; None at first. It holds "item" and
            "product" (ids), "written" (field -> value), "names" (field -> what its id was looked up by),
            "brand" (the one that was found to be the account's), "spelled" (the platform's spelling of the
            strain), "stock" (value) and "undone" (field -> times).
        rules: the connection's rules.
        facts: answers to questions that an earlier `Inquiry` asked.
    """
    before = base or {}
    found = pair(shelf, base=before, rules=rules)
    if isinstance(found, Decision):
        return found
    asking = Asking(facts)
    elsewhere = _not_ours(found, rules, asking)
    if elsewhere is not None:
        return elsewhere
    agreed = {**found.base, "brand": brand_name(found.item, rules)}
    if found.product is None:
        return making.plan(shelf, found.item, agreed, rules, asking)
    return _keep(shelf, found.item, found.product, agreed, rules, asking, before=before)


def _not_ours(found: Pair, rules: CatalogueRules, asking: Asking) -> Decision | Inquiry | None:
    """An item that is not for shops, or of a brand that another account has (LL-5); None for one of ours."""
    item, where = found.item, rules.platform_label
    if not item.ecommerce:
        stays = f" Its product in {where} stays as it is." if found.product else ""
        return Decision(
            "ecommerce_off",
            f"E-Commerce Active is off for the item in Flourish.{stays}",
            "Switch it on in Flourish to have it synced.",
            "skipped",
        )
    name = brand_name(item, rules)
    if not name or found.base.get("brand") == name:
        return None
    if own_brand(name, asking) is not None:
        return None
    if asking.inquiry is not None:
        return asking.inquiry
    similar: tuple[Named, ...] = asking.answer(BrandNamed(name)) or ()
    shown = f" Near: {', '.join(brand.name for brand in similar)}." if similar else ""
    return Decision(
        "brand_elsewhere",
        f"Its brand {name} is none of this account's in {where}.{shown}",
        f"Nothing, if another connection has the brand. Else give {item.brand} its row in the connection's"
        " table of brands.",
        "skipped",
    )


def _keep(
    shelf: Shelf,
    item: Item,
    product: Product,
    base: Json,
    rules: CatalogueRules,
    asking: Asking,
    *,
    before: Json,
) -> Decision | Inquiry:
    """Keep a product as its item is: stock first, then what describes it."""
    by_lot = lots.is_by_lot(product, rules)
    stock = (lots if by_lot else stocks).plan(shelf, item, product, base, rules)
    if stock.action is not None:
        return _write_stock(stock.action, product, rules)
    if stock.agreed is not None:
        base = stock.agreed
    findings = [*stock.findings]
    if item.active:
        described = _describe(item, product, base, rules, asking)
        if isinstance(described, Inquiry | Decision):
            return described
        base, more = described
        findings += [finding for finding in more if finding.code not in {each.code for each in findings}]
    settled = _settled(item, product, stock, findings, rules)
    spelled = base.get("spelled")
    if spelled and settled.state == "settled":
        # LL-4: a warning that shows both.
        note = f" {rules.platform_label} spells its strain {item.strain} as {spelled}."
        settled = replace(settled, sentence=settled.sentence + note)
    return replace(settled, base=base if base != before else None)


def _write_stock(write: SetStock | SetLotStock, product: Product, rules: CatalogueRules) -> Decision:
    if isinstance(write, SetLotStock):
        what, now = f"the stock of lot {write.batch.number}", write.batch.quantity
    else:
        what, now = "the stock", product.available if write.field == "available" else product.quantity
    return Decision(
        "set_stock",
        f"Set {what} in {rules.platform_label} from {plain_value(now)} to {plain_value(write.value)}.",
        f"Trellis writes it to {rules.platform_label}.",
        "waiting",
        action=write,
    )


def _describe(
    item: Item, product: Product, base: Json, rules: CatalogueRules, asking: Asking
) -> Decision | Inquiry | tuple[Json, Sequence[Finding]]:
    """What has to be written of the description; else what is agreed on, and what is wrong."""
    if not rules.fields:
        return base, ()
    wanted = Description(item, rules, product, base, asking).fill()
    if asking.inquiry is not None:
        return asking.inquiry
    if wanted.strain is not None:
        return making.make_strain(wanted.strain, rules)
    kept = [
        keep(name, value, agrees=agrees(product, name, value), base=base)
        for name, value in wanted.values.items()
    ]
    changes = {each.name: each.target for each in kept if each.writes}
    base = with_kept({**base, "names": wanted.names, "spelled": wanted.spelled}, kept)
    shown = {each.name: plain_value(getattr(product, each.name)) for each in kept}
    findings = [*wanted.findings, *fought_over(kept, rules.platform_label, shown)]
    if not changes:
        return base, findings
    return _update(UpdateProduct(product.ref, changes, base), findings, rules)


def _update(write: UpdateProduct, findings: Sequence[Finding], rules: CatalogueRules) -> Decision:
    names = ", ".join(name.replace("_", " ") for name in write.changes)
    return Decision(
        "update_product",
        f"Write {names} to {rules.platform_label}: the item in Flourish has it otherwise.",
        f"Trellis writes it to {rules.platform_label}.",
        "waiting",
        action=write,
        findings=tuple(findings),
    )


def _settled(
    item: Item,
    product: Product,
    stock: StockPlan,
    findings: Sequence[Finding],
    rules: CatalogueRules,
) -> Decision:
    """Nothing is to be written: both agree, or a person is asked, or stock is waited for."""
    where = rules.platform_label
    if findings:
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        sentence = f"{findings[0].title}{more}. Everything else is kept as it should be."
        first = findings[0]
        return Decision(first.code, sentence, first.next_step, "stuck", findings=tuple(findings))
    offered = stock.offered or f"{plain_value(product.available)} {product.unit}"
    if stock.is_held:
        sentence = f"Flourish has nothing of it any more; {where} still offers {offered}."
        return making.drop_held(sentence, "products")
    if stock.is_unread:
        return making.unread()
    listed = "" if product.listed else f" It is {product.listing_state} in {where}: buyers do not see it."
    if stock.left_alone and not rules.fields:
        sentence = f"Its stock in {where} is left alone: {stock.left_alone}.{listed}"
        return Decision("stock_left_alone", sentence, "Nothing.", "skipped")
    there = f" Its stock is left alone: {stock.left_alone}." if stock.left_alone else ""
    if rules.writes_stock and not there:
        there = f" {where} offers {offered}."
    inactive = "" if item.active else " The item is not active in Flourish: only its stock is kept."
    return Decision("agree", f"Both sides agree.{there}{listed}{inactive}", "Nothing.", "settled")
