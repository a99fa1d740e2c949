"""Hub orders: the orders of one kind in Flourish, of companies or of people, read alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from portal.sync.flourish.client import FlourishClient
from portal.sync.retail import HubOrder


@dataclass(frozen=True)
class HubOrders:
    """Reads them.

    Args:
        flourish: the company's client.
        are_retail: whether people bought.
    """

    flourish: FlourishClient
    are_retail: bool

    def one(self, order_id: str) -> HubOrder | None:
        """Read one order, or None when Flourish does not know it."""
        if self.are_retail:
            return self.flourish.retail.order(order_id)
        return self.flourish.outbound_order(order_id)

    def listed(self, *, created_from: datetime, created_until: datetime | None = None) -> Iterator[HubOrder]:
        """List orders of all facilities that were made in a time.

        Raises:
            Retryable: orders were moved between pages while they were read.
        """
        if self.are_retail:
            return self.flourish.retail.orders(created_from=created_from, created_until=created_until)
        return self.flourish.outbound_orders(created_from=created_from, created_until=created_until)
