"""What is sent and read agrees with the vendor's own list of fields, where that list is at hand."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from portal.sync.domain import Address
from portal.sync.drafts import DestinationDraft
from portal.sync.flourish import retail, retail_shapes, shapes, variations
from portal.sync.flourish.customers import write_customer
from portal.sync.flourish.customers import write_update as write_customer_update
from portal.sync.flourish.translate import write_destination, write_order, write_update
from portal.sync.reading import Fields
from portal.sync.retail import CustomerUpdate
from tests.sync.flourish import retail_examples
from tests.sync.flourish.examples import DRAFT, order

SHARED = Path(os.environ.get("TRELLIS_SHARED") or Path(__file__).resolve().parents[4] / "shared")
CONTRACT = SHARED / "contracts" / "flourish-fields.json"

pytestmark = pytest.mark.skipif(not CONTRACT.exists(), reason="the vendor's field list is not at hand")


def schema(method: str, path: str, side: str) -> Mapping[str, Any]:
    operations = json.loads(CONTRACT.read_text())["operations"]
    found = next(each for each in operations if (each["method"], each["path"]) == (method, path))
    schema: Mapping[str, Any] = found[side]
    return schema


def unlisted(body: Any, schema: Mapping[str, Any], path: str = "") -> list[str]:
    """Name the fields of a body that a schema does not list."""
    if isinstance(body, list):
        items = schema.get("items") or {}
        return [name for row in body for name in unlisted(row, items, path)]
    if not isinstance(body, Mapping):
        return []
    known = schema.get("properties") or {}
    missing = [f"{path}{name}" for name in body if name not in known]
    inner = (unlisted(value, known[name], f"{path}{name}.") for name, value in body.items() if name in known)
    return [*missing, *(name for names in inner for name in names)]


def test_creating_an_order_sends_only_fields_of_the_creation():
    assert unlisted(write_order(DRAFT), schema("POST", "/v1/outbound-orders", "request")) == []


@pytest.mark.parametrize(
    "changes",
    [{"payment_term": "Net 30", "requested_delivery_date": "2026-12-01"}, {"order_status": "Cancelled"}],
)
def test_updating_an_order_sends_only_fields_of_the_update(changes):
    body = write_update(Fields(order()), changes)
    assert unlisted(body, schema("PUT", "/v1/outbound-orders/{order_id}", "request")) == []


def test_making_a_destination_sends_only_its_fields():
    address = Address("1 River", "2B", "Camden", "NJ", "08101")
    body = write_destination(DestinationDraft("R", "RE1", "Dispensary", "a@b.cd", "555", address))
    assert unlisted(body, schema("POST", "/v1/destinations", "request")) == []


def test_making_a_customer_and_a_retail_order_sends_only_their_fields():
    body = write_customer(retail_examples.CUSTOMER_DRAFT)
    assert unlisted(body, schema("POST", "/v1/customers", "request")) == []
    replaced = write_customer_update(Fields(retail_examples.customer()), CustomerUpdate(phone="4155550100"))
    assert unlisted(replaced, schema("PUT", "/v1/customers/{customer_id}", "request")) == []
    retail_order = retail.write_order(retail_examples.DRAFT)
    assert unlisted(retail_order, schema("POST", "/v1/retail-orders", "request")) == []


ANSWERS = [
    ("/v1/customers/{customer_id}", retail_shapes.CUSTOMER, ()),
    ("/v1/customers", retail_shapes.CUSTOMER, ()),
    ("/v1/retail-orders/{order_id}", retail_shapes.RETAIL_ORDER, ()),
    ("/v1/retail-orders", retail_shapes.RETAIL_ORDER, ()),
    ("/v1/retail-orders/{order_id}", retail_shapes.RETAIL_LINE, ("order_lines",)),
    ("/v1/retail-discounts", retail_shapes.KEPT_DISCOUNT, ()),
    ("/v1/items/{item_id}/itemvariations", variations.VARIATION, ()),
    ("/v1/outbound-orders/{order_id}", shapes.ORDER, ()),
    ("/v1/outbound-orders", shapes.ORDER, ()),
    ("/v1/outbound-orders/{order_id}", shapes.LINE, ("order_lines",)),
    ("/v1/items", shapes.ITEM, ()),
    ("/v1/inventory/summary", shapes.STOCK, ()),
    ("/v1/destinations", shapes.DESTINATION, ()),
    ("/v1/facilities", shapes.FACILITY, ()),
    ("/v1/sales-reps", shapes.SALES_REP, ()),
]


@pytest.mark.parametrize(("path", "shape", "below"), ANSWERS)
def test_every_field_of_an_answer_is_known_and_every_required_one_is_always_there(path, shape, below):
    described = schema("GET", path, "response")["properties"]["data"]
    for name in ("", *below):
        described = described["properties"][name] if name else described
        described = described.get("items", described)
    assert set(described["properties"]) <= shape.required | shape.used | shape.ignored
    assert shape.required <= set(described["seen_in_all"])


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_every_field_of_a_lab_result_is_a_substance_or_known(version):
    described = schema("GET", f"/{version}/lab-test-results/{{lab_test_result_id}}", "response")
    names = {
        name for name in described["properties"]["data"]["properties"] if not name.endswith("_percentage")
    }
    known = retail_shapes.LAB.known
    # Trellis reads version 1; of version 2 the status alone is of use.
    assert names <= known if version == "v1" else "lab_test_result_status" in names & known
