"""Objects of AIQ's API, as its sandbox answers them, and what Trellis makes of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from portal.sync.domain import Item
from portal.sync.platforms.aiq.translate import read_order
from portal.sync.retail import Fulfilment, RetailLine, RetailOrder
from portal.sync.shopping import ShopItem, ShopOrder

NUMBER, VENUE, SKU = "3f1c9a7be2d40586", "a1b2c3d4e5f60718", "GL-GM10"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def minutes(count: float) -> datetime:
    """A time so many minutes after noon."""
    return NOON + timedelta(minutes=count)


def line(sku: str = "GL-GM10", **changed: Any) -> dict[str, Any]:
    """Make a line."""
    return {
        "id": f"line-{sku}",
        "product": {"id": "p1", "sku": sku, "posProductId": "00000345", "name": "Gummies"},
        "name": "Gummies",
        "quantity": 2,
        "price": Decimal("10.00"),
        "priceWithDiscounts": Decimal("5.00"),
        "discounts": [],
        "discountTotal": 0,
    } | changed


def payload(**changed: Any) -> dict[str, Any]:
    """Make an order as it is answered: two of a thing for ten dollars each, and a delivery."""
    return {
        "id": NUMBER,
        "orderId": 1001,
        "created": "2026-11-20T11:00:00.000Z",
        "modified": "2026-11-20T12:00:00.000Z",
        "status": "CONFIRMED",
        "cancelledBy": None,
        "fullfilled": False,
        "firstName": "Ada",
        "lastName": "Rowe",
        "name": "Ada Rowe",
        "email": "ada@rowe.example",
        "phone": "(415) 555-0101",
        "birthday": "1988-02-29",
        "user": "u1",
        "medicalId": None,
        "medicalExpiration": None,
        "venue": VENUE,
        "pickUpType": "IN_STORE",
        "deliveryAddress": None,
        "posOrderId": None,
        "items": [line()],
        "discounts": [],
        "discountTotal": 0,
        "feeTotal": 0,
        "totalTax": Decimal("3.00"),
        "total": Decimal("23.00"),
    } | changed


def order(**changed: Any) -> ShopOrder:
    """Make an order as Trellis reads it."""
    return read_order(payload(**changed), lambda *_: None)


def product(**changed: Any) -> dict[str, Any]:
    """Make a product as it is answered."""
    return {
        "id": "p1",
        "sku": "GL-GM10",
        "posProductId": "00000345",
        "name": "Gummies",
        "enable": True,
        "quantity": 12,
        "quantityTotal": 20,
        "brand": {"name": "Greenleaf Kitchen"},
        "cannabisComplianceType": "EDIBLES",
        "cannabisStrain": None,
        "cannabisType": "HYBRID",
        "description": None,
        "price": Decimal("8.65"),
        "priceType": "REGULAR",
        "modified": "2026-11-20T12:00:00.000Z",
    } | changed


def item(**changed: Any) -> Item:
    """Make an item of Flourish that belongs on a menu."""
    usual = {
        "id": "00000345",
        "sku": "GL-GM10",
        "name": "GM10 internal",
        "active": True,
        "uom": "ea",
        "ecommerce": True,
        "category": "Edibles",
        "price": Decimal("8.65"),
    }
    return Item(**{**usual, **changed})


def shop_item(**changed: Any) -> ShopItem:
    """Make one as shops need it; what `item` has is changed there."""
    own: dict[str, Any] = {"shop_name": "Gummies", "is_sellable": True}
    names = ShopItem.__dataclass_fields__.keys()
    own |= {name: value for name, value in changed.items() if name in names}
    return ShopItem(item=item(**{name: value for name, value in changed.items() if name not in names}), **own)


def made(status: str = "Submitted", *allocated: int, sku: str = SKU) -> RetailOrder:
    """Make the retail order for it as Flourish has it, of two of a thing in each line."""
    lines = tuple(
        RetailLine("00000345", "Gummies", Decimal(2), Decimal(one), Decimal(10), sku)
        for one in allocated or (0,)
    )
    nothing = Decimal(0)
    return RetailOrder(
        "00000900", status, "", "00000001", "1001", "00000700", Fulfilment.PICKUP, lines,
        nothing, nothing, nothing, nothing, nothing, NOON, NOON,
    )  # fmt: skip
