"""Products for pages: one row for each SKU that a connection or its Flourish knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true, tuple_
from sqlalchemy.orm import Session, aliased, joinedload

from portal.models import Connection, Link, MirroredItem, MirroredProduct, SearchTerm
from portal.queries import search

STATES = ("settled", "waiting", "skipped", "stuck")
# Where a SKU is known: on both sides, or on one.
SIDES = ("both", "flourish", "platform")


@dataclass(frozen=True)
class Filters:
    """What the list shows; empty means everything."""

    q: str = ""
    state: str = ""
    side: str = ""
    connection: UUID | None = None
    code: str = ""

    @property
    def any(self) -> bool:
        """Say whether something is left out."""
        return self != Filters()


@dataclass(frozen=True)
class Row:
    """One SKU of one connection, with the item and the product that have it."""

    link: Link
    item: MirroredItem | None
    product: MirroredProduct | None

    @property
    def name(self) -> str:
        """What people call it, by either side."""
        return next((side.name for side in (self.item, self.product) if side and side.name), "")


@dataclass(frozen=True)
class Page:
    """One page of a list, and whether there is more behind its last row."""

    rows: Sequence[Row]
    more: bool


# Of several with one SKU the live one that was read first: the link says that there are several.
_item = aliased(
    MirroredItem,
    select(MirroredItem)
    .where(
        MirroredItem.hub_id == Link.hub_id,
        MirroredItem.sku_key == Link.foreign_id,
        MirroredItem.gone_at.is_(None),
    )
    .order_by(MirroredItem.active.desc(), MirroredItem.id)
    .limit(1)
    .lateral("item"),
)
_product = aliased(
    MirroredProduct,
    select(MirroredProduct)
    .where(
        MirroredProduct.connection_id == Link.connection_id,
        MirroredProduct.sku_key == Link.foreign_id,
        MirroredProduct.gone_at.is_(None),
    )
    .order_by(MirroredProduct.archived, MirroredProduct.id)
    .limit(1)
    .lateral("product"),
)


def page(
    session: Session, tenant_id: UUID, filters: Filters, *, after: tuple[str, UUID] | None, size: int = 50
) -> Page:
    """Read one page of SKUs in their order, from behind the given SKU and id."""
    query = (
        _rows(tenant_id)
        .where(*_conditions(tenant_id, filters))
        .order_by(Link.foreign_id, Link.id)
        .limit(size + 1)
    )
    if after is not None:
        query = query.where(tuple_(Link.foreign_id, Link.id) > after)
    rows = [Row(*row) for row in session.execute(query)]
    return Page(rows[:size], len(rows) > size)


def one(session: Session, tenant_id: UUID, link_id: UUID) -> Row | None:
    """Read one SKU with its item and product, as they are in the database now."""
    query = _rows(tenant_id).where(Link.id == link_id).execution_options(populate_existing=True)
    found = session.execute(query).first()
    return Row(*found) if found else None


def counts(session: Session, tenant_id: UUID) -> Mapping[str, int]:
    """Count the SKUs by state; a state that none is in is left out."""
    rows = session.execute(
        select(Link.state, func.count())
        .where(Link.tenant_id == tenant_id, Link.kind == "item")
        .group_by(Link.state)
    )
    return {state: int(count) for state, count in rows}


def _rows(tenant_id: UUID) -> Select[Link, MirroredItem, MirroredProduct]:
    return (
        select(Link, _item, _product)
        .select_from(Link)
        .outerjoin(_item, true())
        .outerjoin(_product, true())
        .where(Link.tenant_id == tenant_id, Link.kind == "item")
        .options(joinedload(Link.connection).joinedload(Connection.hub))
    )


def _conditions(tenant_id: UUID, filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.q:
        conditions.append(_found_by(tenant_id, filters.q))
    if filters.state == "waiting":
        conditions.append(Link.state.in_(("new", "waiting")))
    elif filters.state:
        conditions.append(Link.state == filters.state)
    if filters.side:
        item, product = _item.id.is_not(None), _product.id.is_not(None)
        sides = {"both": (item, product), "flourish": (item, ~product), "platform": (~item, product)}
        conditions.append(and_(*sides[filters.side]))
    if filters.connection:
        conditions.append(Link.connection_id == filters.connection)
    if filters.code:
        conditions.append(Link.decision_code == filters.code)
    return conditions


def _found_by(tenant_id: UUID, typed: str) -> ColumnElement[bool]:
    """SKUs that begin as typed, and names with a word that does."""
    terms = search.found_by(tenant_id, "item", typed)
    named = exists(select(SearchTerm.link_id).where(SearchTerm.link_id == Link.id, terms))
    return or_(search.starts_with(Link.foreign_id, typed), named)
