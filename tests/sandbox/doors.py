"""The sandbox's doors as a caller knows them: each platform's API, the control API and the console."""

from typing import Any

from werkzeug.test import Client, TestResponse

from sandbox.app import create_app
from sandbox.simulation import Simulation

LEAFLINK_BASE = "/leaflink/api/v2"
FLOURISH_BASE = "/flourish/external/api/v1"
ORDO_BASE = "/ordo/v1"
AIQ_BASE = "/aiq/2023-03"
HOME = "00000001"


class Doors:
    """Calls into one simulation, in the greenleaf company unless said otherwise."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self._client = Client(create_app(simulation))

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        options.setdefault("buffered", True)
        options.setdefault("environ_base", {"REMOTE_ADDR": "127.0.0.1"})
        return self._client.open(path, method=method, **options)

    def control(self, method: str, path: str, body: Any = None) -> TestResponse:
        return (
            self.call(method, f"/control{path}", json=body)
            if body is not None
            else self.call(method, f"/control{path}")
        )

    def leaflink(self, method: str, path: str, body: Any = None, world: str = "greenleaf") -> TestResponse:
        headers = {"Authorization": f"App ll-{world}-key"}
        return self.call(
            method, LEAFLINK_BASE + path, headers=headers, **({} if body is None else {"json": body})
        )

    def flourish(
        self, method: str, path: str, body: Any = None, world: str = "greenleaf", facility: str | None = HOME
    ) -> TestResponse:
        headers = {"x-api-key": f"fl-{world}-key"} | ({"FacilityID": facility} if facility else {})
        return self.call(
            method, FLOURISH_BASE + path, headers=headers, **({} if body is None else {"json": body})
        )

    def ordo(
        self, method: str, path: str, body: Any = None, world: str = "greenleaf", once: str = ""
    ) -> TestResponse:
        headers = {"Authorization": f"Bearer or-{world}-key"} | ({"Idempotency-Key": once} if once else {})
        return self.call(
            method, ORDO_BASE + path, headers=headers, **({} if body is None else {"json": body})
        )

    def aiq(self, method: str, path: str, body: Any = None, world: str = "greenleaf") -> TestResponse:
        headers = {"x-dispense-api-key": f"aq-{world}-key"}
        return self.call(method, AIQ_BASE + path, headers=headers, **({} if body is None else {"json": body}))

    def venue(self, world: str = "greenleaf", place: int = 0) -> str:
        """Return the id of one of an AIQ organisation's venues."""
        return str(self.aiq("GET", "/venues", world=world).json["data"][place]["id"])  # type: ignore[index]

    def shop(self, **asked: Any) -> dict[str, Any]:
        """Place an AIQ order and return it."""
        response = self.control("POST", "/aiq/orders", {"lines": 2, **asked})
        assert response.status_code == 201, response.text
        return dict(response.json)  # type: ignore[arg-type]

    def draft(self, **asked: Any) -> dict[str, Any]:
        """Draft an Ordo order and return it."""
        response = self.control("POST", "/ordo/orders", {"lines": 2, **asked})
        assert response.status_code == 201, response.text
        return dict(response.json)  # type: ignore[arg-type]

    def order(self, **asked: Any) -> dict[str, Any]:
        """Place a LeafLink order and return it."""
        response = self.control("POST", "/leaflink/orders", {"lines": 2, **asked})
        assert response.status_code == 201, response.text
        return dict(response.json)  # type: ignore[arg-type]

    def outbound(self, **fields: Any) -> dict[str, Any]:
        """Create a Flourish order of one line and return it."""
        response = self.flourish("POST", "/outbound-orders", outbound_body(**fields))
        assert response.status_code == 200, response.text
        return dict(response.json["data"])  # type: ignore[index]

    def retail(self, **fields: Any) -> dict[str, Any]:
        """Create a Flourish retail order of one line and return it."""
        response = self.flourish("POST", "/retail-orders", self.retail_body(**fields))
        assert response.status_code == 200, response.text
        return dict(response.json["data"])  # type: ignore[index]

    def retail_body(self, **fields: Any) -> dict[str, Any]:
        """Return what POST retail-orders takes, with these fields in place of the usual ones."""
        return {
            "original_order_id": "20471883",
            "customer_id": self.buyer()["id"],
            "fulfillment_type": "pickup",
            "order_status": "submitted",
            "is_recreational": True,
            "order_lines": [{"sku": SKU, "order_qty": 2, "unit_price": 20}],
            "notes": "Trellis c1 n1",
            **fields,
        }

    def buyer(self, place: int = 0, world: str = "greenleaf") -> dict[str, Any]:
        """Return one of Flourish's retail customers."""
        found = self.flourish("GET", "/customers", world=world, facility=None).json["data"]  # type: ignore[index]
        return dict(found[place])

    def retail_order(self, order_id: str) -> dict[str, Any]:
        """Read a Flourish retail order."""
        read = self.flourish("GET", f"/retail-orders/{order_id}", facility=None)
        return dict(read.json["data"])  # type: ignore[index]

    def counter(self, order_id: str, *steps: str) -> dict[str, Any]:
        """Do what a shop's staff do, one step after the other, and return the order."""
        for step in steps:
            answer = self.control("POST", f"/flourish/retail/orders/{order_id}/{step}")
            assert answer.status_code == 200, answer.text
        return self.retail_order(order_id)

    def item(self, sku: str, world: str = "greenleaf") -> dict[str, Any]:
        """Return a SKU's row of the inventory summary."""
        response = self.flourish("GET", f"/inventory/summary?sku={sku}", world=world)
        return dict(response.json["data"][0])  # type: ignore[index]

    def product(self, sku: str) -> dict[str, Any]:
        """Return a SKU's LeafLink product."""
        return dict(self.leaflink("GET", f"/products/?sku={sku}").json["results"][0])  # type: ignore[index]


SKU, OTHER_SKU = "GL-FL35-BLUDRE", "GL-PR1-BLUDRE"


def outbound_body(**fields: Any) -> dict[str, Any]:
    """Return what POST outbound-orders takes, with these fields in place of the usual ones."""
    return {
        "original_order_id": "9bf6e2fa",
        "order_timestamp": "2026-11-20T10:00:00Z",
        "destination": {"id": "00000001"},
        "sales_rep": {"id": 1},
        "order_lines": [{"sku": SKU, "order_qty": 24, "unit_price": 4.75}],
        "notes": [{"subject": "Trellis", "note": "a note", "internal_only": True}],
        "charges": [{"amount": 12.5, "method": "dollar"}],
        "discounts": [{"amount": 10, "method": "percentage"}],
        **fields,
    }


def item_body(**fields: Any) -> dict[str, Any]:
    """Return what Ordo's PUT items takes, with these fields in place of the usual ones."""
    return {
        "sku": "GL-GM10-LYCHEE",
        "name": "Greenleaf Lychee Gummies 10-Pack 100mg",
        "brand": "Greenleaf Kitchen",
        "category": "Gummies",
        "unit": "ea",
        "price": 8.65,
        "sellable_quantity": 120,
        "updated_at": "2026-11-20T10:00:00Z",
        **fields,
    }


NEW_DESTINATION = {
    "type": "Dispensary",
    "name": "New Leaf",
    "address_line_1": "1 Elm Street",
    "city": "Oakland",
    "state": "CA",
    "zip_code": "94607",
    "license_number": "C10-0009999-LIC",
}


def product_body(doors: Doors, **fields: Any) -> dict[str, Any]:
    """Return what POST products takes: the fields of a usual product, and these in place of its own."""
    like = doors.product(SKU)
    kept = (
        "name", "description", "retail_price", "wholesale_price", "sale_price", "inventory_management",
        "unit_of_measure", "category", "sub_category", "seller", "brand", "manufacturer", "strains",
        "strain_classification", "base_units_per_unit", "product_line",
    )  # fmt: skip
    return {
        **{name: like[name] for name in kept},
        "sku": "GL-NEW",
        "listing_state": "Available",
        "minimum_order": "0.01",
        "maximum_order": "100000",
        "unit_denomination": 1,
        "license": like["license"]["id"],
        "quantity": "12",
        **fields,
    }
