"""Renaming: an order of the platform with Flourish's values, where people said they are the same. Pure."""

from __future__ import annotations

from dataclasses import replace

from portal.sync.domain import Line, SourceOrder
from portal.sync.mapping.keys import sku_key
from portal.sync.sameness import Sameness


def renamed(order: SourceOrder, said: Sameness) -> SourceOrder:
    """An order as it is planned: with Flourish's SKUs, lot numbers and license.

    Args:
        order: as its platform has it.
        said: what people said is the same.
    """
    if not said.aliases:
        return order
    customer = order.customer
    license_number = said.in_flourish("license", customer.license)
    return replace(
        order,
        customer=replace(customer, license=license_number),
        lines=tuple(_renamed(line, said) for line in order.lines),
    )


def _renamed(line: Line, said: Sameness) -> Line:
    own = sku_key(line.sku)
    sku = said.in_flourish("sku", own) if said.is_aliased("sku", own) else line.sku
    lot = said.in_flourish("lot", sku_key(line.lot)) if line.lot else line.lot
    return replace(line, sku=sku, lot=lot)
