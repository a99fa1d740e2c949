"""Writes to products: what each action is called, what it sends, and what its answer means for the mirror."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from portal.models import Connection, Link
from portal.sync.batches import Batch, SetLotStock
from portal.sync.decisions import Action, CreateProduct, CreateStrain, SetStock, UpdateProduct
from portal.sync.domain import Product
from portal.sync.drafts import PutProduct
from portal.sync.engine import lots, mirror
from portal.sync.engine.accounts import Account
from portal.sync.engine.guard import DROP
from portal.sync.engine.writes import Outcome, Write
from portal.sync.mapping import effects
from portal.sync.mapping.facts import plain, plain_value
from portal.sync.questions import StrainNamed

# What sells well has another stock every few seconds. Two writers that undo each other, the planner finds.
_MOST_ALIKE = 1_000
# The first write of a batch, by which its stock is made: repeated blindly it might be there twice.
MAKE_LOT = "make_lot_stock"


def write_of(
    action: Action,
    account: Account,
    *,
    connection_id: object,
    sku: str,
    former: str = "",
    now: Mapping[str, Any] = MappingProxyType({}),
) -> Write:
    """Prepare the write for an action on a product.

    Args:
        action: the planner's action.
        account: both sides, open.
        connection_id: whose product.
        sku: the link's match key.
        former: the product that was made under this SKU before, and that has another one by now.
        now: what is there of the product, as `effects.fields_of` tells it.
    """
    match action:
        case CreateProduct():
            return _create(action, account, product_key(connection_id, sku, after=former), sku)
        case UpdateProduct():
            return _update(action, account, sku, now)
        case PutProduct():
            return _put(action, account, sku, now)
        case SetStock():
            return _set_stock(action, account, sku, now)
        case SetLotStock():
            return _set_lot_stock(action, account, sku, now)
        case CreateStrain():
            return _create_strain(action, account, connection_id)
        case _:
            raise TypeError(f"{type(action).__name__} is no write of a product")


def product_key(connection_id: object, sku: str, *, after: str = "") -> str:
    """The natural key under which a product is made; after an earlier one that gave its SKU up, another."""
    return f"product:{connection_id}{after and f'/{after}'}:{sku}"


def strain_key(connection_id: object, name: str) -> str:
    """The natural key under which a strain is made."""
    return f"strain:{connection_id}:{name}"


def kept(product: Product) -> Callable[[Session, Link], None]:
    """Take a product into the mirror, as a write answered with it: a webhook of that change tells nothing."""

    def keep(session: Session, link: Link) -> None:
        connection = session.get_one(Connection, link.connection_id)
        mirror.store_products(session, connection, [product])

    return keep


def _create(action: CreateProduct, account: Account, natural_key: str, sku: str) -> Write:
    draft = action.draft

    def call() -> Outcome:
        made = account.shop.create_product(draft)
        return Outcome(made.ref, f"Product {sku} made", "It is Available.", effect=kept(made))

    return Write(
        kind="create_product",
        side="platform",
        natural_key=natural_key,
        once=True,
        purpose=f"make the product {sku}",
        request={"sku": draft.sku, "fields": plain(draft.fields), "more": plain(draft.more)},
        call=call,
        base=action.base,
    )


def _update(action: UpdateProduct, account: Account, sku: str, now: Mapping[str, Any]) -> Write:
    names = ", ".join(name.replace("_", " ") for name in action.changes)

    def call() -> Outcome:
        changed = account.shop.update_product(action.ref, action.changes)
        return Outcome(action.ref, f"Wrote {names}", effect=kept(changed))

    return Write(
        kind="update_product",
        side="platform",
        natural_key=f"update:{action.ref}",
        once=False,
        purpose=f"write {names} of {sku}",
        request=plain(action.changes),
        call=call,
        base=action.base,
        changes=effects.in_words(action, now),
    )


def _put(action: PutProduct, account: Account, sku: str, now: Mapping[str, Any]) -> Write:
    where = account.platform.label
    names = ", ".join(action.changed)

    def call() -> Outcome:
        product = account.taker.put_product(action.item_id, action.draft)
        title = f"Wrote {names}" if action.ref else f"{sku} put into {where}"
        return Outcome(product.ref, title, effect=kept(product))

    return Write(
        kind=DROP if action.drops else "put_product",
        side="platform",
        natural_key=f"put:{action.item_id}",
        once=False,
        purpose=f"have {sku} in {where} as Flourish has it",
        request={"sku": action.draft.sku, "fields": plain(action.draft.fields)},
        call=call,
        base=action.base,
        changes=effects.in_words(action, now),
        most_alike=_MOST_ALIKE,
    )


def _set_stock(action: SetStock, account: Account, sku: str, now: Mapping[str, Any]) -> Write:
    value = plain_value(action.value)

    def call() -> Outcome:
        changed = account.shop.set_stock(action.ref, action.field, action.value)
        return Outcome(action.ref, f"Stock set to {value}", effect=kept(changed))

    return Write(
        kind=DROP if action.drops else "set_stock",
        side="platform",
        natural_key=f"stock:{action.ref}",
        once=False,
        purpose=f"set the stock of {sku} to {value}",
        request={"field": action.field, "value": value},
        call=call,
        base=action.base,
        changes=effects.in_words(action, now),
        most_alike=_MOST_ALIKE,
    )


def lot_key(ref: str, batch: Batch) -> str:
    """The natural key under which the stock of a batch is written, or made."""
    return f"lot:{batch.stock_ref}" if batch.stock_ref else f"lot:{ref}/{batch.ref}"


def kept_lot(ref: str, batch: Batch) -> Callable[[Session, Link], None]:
    """Take a batch into the mirror, as a write answered with it."""
    return lambda session, link: lots.store_one(session, link.connection_id, ref, batch)


def _set_lot_stock(action: SetLotStock, account: Account, sku: str, now: Mapping[str, Any]) -> Write:
    batch, value = action.batch, plain_value(action.value)

    def call() -> Outcome:
        changed = account.shop.set_lot_stock(action.ref, batch, action.value)
        title = f"Stock of lot {batch.number} set to {value}"
        return Outcome(changed.stock_ref, title, effect=kept_lot(action.ref, changed))

    return Write(
        kind=DROP if action.drops else "set_lot_stock" if batch.stock_ref else MAKE_LOT,
        side="platform",
        natural_key=lot_key(action.ref, batch),
        once=False,
        purpose=f"set the stock of lot {batch.number} of {sku} to {value}",
        request={"product": action.ref, "batch": batch.ref, "lot": batch.number, "quantity": value},
        call=call,
        base=action.base,
        changes=effects.in_words(action, now),
        most_alike=_MOST_ALIKE,
        is_one_of_many=True,
    )


def _create_strain(action: CreateStrain, account: Account, connection_id: object) -> Write:
    def call() -> Outcome:
        ref = account.shop.create_strain(action.name, action.strain_class)
        account.known.pop(StrainNamed(action.name), None)
        return Outcome(ref, f"Strain {action.name} made")

    request: dict[str, Any] = {"name": action.name, "strain_classification": action.strain_class}
    return Write(
        kind="create_strain",
        side="platform",
        natural_key=strain_key(connection_id, action.name),
        once=True,
        purpose=f"make the strain {action.name}",
        request=request,
        call=call,
    )
