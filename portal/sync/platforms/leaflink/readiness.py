"""What must be so before a LeafLink connection goes live: its checks, and what is matched. Pure.

"Before Setting Up" is Flourish's article of that name; "API" is LeafLink's Marketplace V2 description.
"""

from __future__ import annotations

from collections.abc import Callable

from portal.sync.checks import Check, MatchKey, Readiness, Severity, Snapshot, Verdict
from portal.sync.mapping.description import folded
from portal.sync.mapping.keys import email_key, license_key, sku_key
from portal.sync.platforms.leaflink import judging
from portal.sync.platforms.leaflink.derived import prepare
from portal.sync.platforms.leaflink.lists import NAMES
from portal.sync.verdicts import by_key, ready

_WHERE = "LeafLink"
_ARTICLE = "Flourish: Before Setting Up LeafLink Integration"


def folded_name(name: str) -> str:
    """Make two names equal that differ in case only (LL-4)."""
    return sku_key(name).casefold()


SKU = MatchKey(
    "sku", "Products by SKU", "sold_products", "offered_items", "product", "item", sku_key, left_where=_WHERE
)
LICENSE = MatchKey(
    "license", "Customers by license number", "buyers", "destinations", "customer", "destination",
    license_key, needs_right=False, left_where=_WHERE,
)  # fmt: skip
REP = MatchKey(
    "rep", "Sales reps by e-mail", "selling_staff", "active_reps", "sales rep", "sales rep",
    email_key, needs_right=False, left_where=_WHERE,
)  # fmt: skip
BRAND = MatchKey(
    "brand", "Brands by name", "brands", "item_brands", "brand", "brand",
    sku_key, needs_left=False, left_where=_WHERE, table="brands",
)  # fmt: skip
LINE = MatchKey(
    "line", "Product lines by name", "lines", "item_lines", "product line", "product line",
    sku_key, many_left=True, needs_left=False, left_where=_WHERE, table="product_lines",
)  # fmt: skip
STRAIN = MatchKey(
    "strain", "Strains by name", "strains", "item_strains", "strain", "strain",
    sku_key, needs_left=False, needs_right=False, left_where=_WHERE,
)  # fmt: skip
LOT = MatchKey(
    "lot", "Batches by lot number", "batches", "lots", "batch", "lot",
    sku_key, many_left=True, needs_right=False, left_where=_WHERE,
)  # fmt: skip
CATEGORY = MatchKey(
    "category", "Categories by name", "categories", "item_categories", "category", "category",
    folded, needs_left=False, left_where=_WHERE, table="categories",
)  # fmt: skip


def _judged(
    key: MatchKey, step: str, *, missing: Severity | None = None, lenient: Severity | None = None
) -> Callable[[Snapshot], Verdict]:
    """Judge by a match key alone."""
    return lambda snapshot: by_key(
        key, snapshot.tallies[key.name], missing=missing, step=step, lenient=lenient
    )


def _sku(snapshot: Snapshot) -> Verdict:
    """What is missing in LeafLink is made there, where that was chosen; else it is merely not offered."""
    tally = snapshot.tallies[SKU.name]
    only_left_out = not tally.of("missing_right")
    step = "Give both the same SKU, accept a near one, or leave a product out that Flourish need not know."
    return by_key(SKU, tally, missing="warning" if only_left_out else None, step=step)


def _license(snapshot: Snapshot) -> Verdict:
    """A customer that Flourish does not know is made there with its first order; a near one would be two."""
    step = (
        "Correct the license number on one side, or accept the near one. A customer that Flourish does not"
        " know gets its destination with its first order."
    )
    verdict = by_key(LICENSE, snapshot.tallies[LICENSE.name], missing="warning", step=step)
    return judging.licenses(snapshot, verdict)


def _rep(snapshot: Snapshot) -> Verdict:
    step = "Give the rep the same e-mail on both sides, on one active profile in Flourish."
    return judging.reps(snapshot, by_key(REP, snapshot.tallies[REP.name], missing=None, step=step))


def _line(snapshot: Snapshot) -> Verdict:
    if snapshot.settings.get("product_line_from") == "none":
        return ready("The rules name no field that holds a product line, so none is written.")
    step = "Add the line in LeafLink, or give it a row among the rules' product lines."
    return by_key(LINE, snapshot.tallies[LINE.name], missing=None, step=step)


def _strain(snapshot: Snapshot) -> Verdict:
    """Strains of another case are one or two, as the connection's rules say; both are worth a look."""
    step = "Spell the strain alike on both sides, or accept the near one."
    return by_key(STRAIN, snapshot.tallies[STRAIN.name], missing="later", step=step, lenient="warning")


_CONNECT = (
    Check(
        "leaflink_key",
        "Connect",
        "Connect LeafLink",
        "Everything is read and written with this key. One that lacks a permission fails at the first order"
        " or product that needs it.",
        "blocks",
        judging.key,
        where="keys",
        source="LeafLink developer hub: permissions of App keys",
    ),
    Check(
        "leaflink_webhook_key",
        "Connect",
        "Enter LeafLink's webhook key",
        "LeafLink signs what it sends with its company webhook key. Without the key nobody could tell a true"
        " delivery from a forged one, so all are refused and changes come minutes later, by polling.",
        "blocks",
        judging.webhook_key,
        where="keys",
        source="LeafLink developer hub: webhooks",
    ),
    Check(
        "leaflink_webhook",
        "Connect",
        "Receive a signed LeafLink webhook",
        "A webhook brings a new order within seconds. Until one came, nobody knows that address, key and the"
        " two subscriptions, New & Changed Orders and New & Changed Products, are right.",
        "warning",
        judging.webhook,
        needs=("leaflink_webhook_key",),
        where="platform",
        source="LeafLink developer hub: webhooks",
    ),
)
_MATCH = (
    Check(
        "sku",
        "Match your data",
        "Match every product by SKU",
        "An order names its products by SKU. One that is not in Flourish holds the order up, and two that"
        " differ in a letter would be made a second time.",
        "blocks",
        _sku,
        needs=("leaflink_key", "flourish_key"),
        lists=("products", "items"),
        key="sku",
        source=_ARTICLE,
    ),
    Check(
        "license",
        "Match your data",
        "Match customers by license number",
        "An order goes to the destination with its customer's license number, never to one of the same name."
        " A number that differs in a character would make a second destination.",
        "blocks",
        _license,
        needs=("leaflink_key", "flourish_key"),
        lists=("customers", "destinations"),
        key="license",
        source=_ARTICLE,
    ),
    Check(
        "rep",
        "Match your data",
        "Match sales reps by e-mail",
        "An order is credited to the rep with the same e-mail, and by the rep's facility it may be routed."
        " Somebody who works for two facilities needs a profile in each, with an e-mail of its own.",
        "blocks",
        _rep,
        needs=("leaflink_key", "flourish_key"),
        lists=("staff", "customers", "sales_reps"),
        key="rep",
        source=_ARTICLE,
    ),
    Check(
        "brand",
        "Match your data",
        "Match brands by name",
        "The brand decides whether an item belongs to this LeafLink account. Items of a brand that LeafLink"
        " does not have are left alone.",
        "warning",
        _judged(BRAND, "Spell the brand alike on both sides, or give it a row among the rules' brands."),
        needs=("leaflink_key", "flourish_key"),
        lists=("products", "items", "brands"),
        key="brand",
        source=_ARTICLE,
    ),
    Check(
        "line",
        "Match your data",
        "Match product lines by name",
        "A product line must be spelled exactly as in LeafLink. Flourish has no field for it: the rules say"
        " which field of the item holds it.",
        "warning",
        _line,
        needs=("leaflink_key", "flourish_key"),
        lists=("products", "items", "lines"),
        key="line",
        source=_ARTICLE,
    ),
    Check(
        "strain_present",
        "Match your data",
        "Give every strain-specific item a strain",
        "An item that needs a strain and has none cannot be sold through LeafLink. Where METRC asks for a"
        " strain and the item's own switch is off, Trellis cannot see it: look through items whose Compliance"
        " Requirements say so.",
        "blocks",
        judging.strain_present,
        needs=("flourish_key",),
        lists=("products", "items"),
        where="flourish",
        source=_ARTICLE,
    ),
    Check(
        "strain",
        "Match your data",
        "Match strains by name",
        "Strains of one name are one. Flourish's article says once that case counts and once that it does"
        " not: a difference of case is shown here, and the rules decide. A strain that LeafLink does not have"
        " is made there when a product needs it.",
        "warning",
        _strain,
        needs=("leaflink_key", "flourish_key"),
        lists=("products", "items", "strains"),
        key="strain",
        source=_ARTICLE,
    ),
    Check(
        "lot",
        "Match your data",
        "Match batches to lots",
        "With sell by batch, an order line names its batch, and the lot of the same number is taken. A lot"
        " that Flourish does not have holds the order up.",
        "warning",
        _judged(LOT, "Give the batch in LeafLink the number of its lot in Flourish, exactly."),
        needs=("leaflink_key", "flourish_key"),
        lists=("batches", "lots"),
        key="lot",
        source="Flourish: LeafLink - Sell by Batch",
    ),
    Check(
        "category",
        "Match your data",
        "Give every category its place in LeafLink",
        "LeafLink wants a category and a subcategory of its own for each product. A custom category of the"
        " same name leads there by itself; the rest needs a row in the table.",
        "warning",
        judging.categories,
        needs=("leaflink_key", "flourish_key"),
        lists=("products", "items", "categories"),
        key="category",
        source=_ARTICLE,
    ),
)
_RULES = (
    Check(
        "terms",
        "Choose rules",
        "Give every payment term its name in Flourish",
        "An order keeps its payment term when Flourish has one of that name. One that is missing is asked for"
        " with the first order that has it.",
        "warning",
        judging.payment_terms,
        needs=("leaflink_key", "flourish_key"),
        lists=("customers", "payment_terms"),
        where="rules",
        source="Flourish: LeafLink integration, payment terms",
    ),
    Check(
        "default_rep",
        "Choose rules",
        "Give every customer a default sales rep",
        "Where the facility requires a rep, or orders are routed by rep, an order without one waits. A"
        " default rep of the customer stands in.",
        "warning",
        judging.default_reps,
        needs=("leaflink_key",),
        lists=("customers",),
        where="platform",
        source=_ARTICLE,
    ),
    Check(
        "listing",
        "Choose rules",
        "Set products to Available",
        "Buyers see a product while it is Available or on Backorder. Trellis makes products Available and"
        " never changes a listing state afterwards.",
        "warning",
        judging.listing_states,
        needs=("leaflink_key", "flourish_key"),
        lists=("products", "items"),
        where="platform",
        source=_ARTICLE,
    ),
    Check(
        "units",
        "Choose rules",
        "Count products in units that fit",
        "Stock is carried over from the item's unit to the product's: grams fit ounces, eaches do not. A case"
        " of ten counts as ten eaches, and its price is that of the case.",
        "warning",
        judging.units,
        needs=("leaflink_key", "flourish_key"),
        lists=("products", "items"),
        where="platform",
        source=_ARTICLE,
    ),
    Check(
        "price",
        "Choose rules",
        "Give everything a price",
        "A product without a price cannot be ordered; LeafLink refuses to make one.",
        "blocks",
        judging.prices,
        needs=("leaflink_key", "flourish_key"),
        lists=("products", "items"),
        where="flourish",
        source="API: required fields of products",
    ),
    Check(
        "ecommerce",
        "Choose rules",
        "Switch e-commerce on for what is sold",
        "Flourish offers an item to LeafLink while it is active and E-commerce Active is on. Of others"
        " neither stock nor description is written.",
        "warning",
        judging.switches,
        needs=("leaflink_key", "flourish_key"),
        lists=("products", "items"),
        where="flourish",
        source=_ARTICLE,
    ),
)
_LIVE = (
    Check(
        "rival",
        "Go live",
        "Switch off Flourish's own LeafLink integration",
        "Two integrations that make the orders of one company make each of them twice.",
        "blocks",
        judging.rivals,
        needs=("flourish_key",),
        lists=("rival_orders",),
        where="flourish",
        source="LL-29; Flourish API: origin of outbound orders",
    ),
    Check(
        "writers",
        "Go live",
        "Leave products to one writer",
        "Two programs that write the same product undo each other's work, and buyers see stock jump.",
        "warning",
        judging.writers,
        needs=("leaflink_key", "flourish_key"),
        lists=("items", "other_writers"),
        where="platform",
        source="LL-29; Flourish API: leaflink_id of items; LeafLink API: last_edit of products",
    ),
)  # fmt: skip

READINESS = Readiness(
    checks=(*_CONNECT, *_MATCH, *_RULES, *_LIVE),
    keys=(SKU, LICENSE, REP, BRAND, LINE, STRAIN, LOT, CATEGORY),
    lists=("products", "other_writers", *NAMES),
    prepare=prepare,
)
