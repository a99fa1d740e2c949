"""What is read agrees with LeafLink's own API description, where that is at hand."""

import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from portal.sync.drafts import ProductDraft
from portal.sync.platforms.leaflink import catalogue, client, status, terms, translate
from portal.sync.reading import Fields

DRAFT = ProductDraft(
    "A-1", {"name": "A", "unit": "ea", "quantity": "1", "multiplier": 10}, {"minimum_order": "0.01"}
)
SHARED = Path(os.environ.get("TRELLIS_SHARED") or Path(__file__).resolve().parents[5] / "shared")
CONTRACT = SHARED / "contracts" / "leaflink-marketplace-v2.openapi.yml"

pytestmark = pytest.mark.skipif(not CONTRACT.exists(), reason="LeafLink's API description is not at hand")


@pytest.fixture(scope="module")
def contract() -> Mapping[str, Any]:
    described: Mapping[str, Any] = yaml.load(CONTRACT.read_text(), Loader=yaml.CSafeLoader)
    return described


def properties(contract: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in schema:
        schema = contract["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    found: Mapping[str, Any] = schema["properties"]
    return found


def answer(contract: Mapping[str, Any], path: str, method: str = "get") -> Mapping[str, Any]:
    described = contract["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
    return properties(contract, described)


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/orders-received/{number}/", translate._ORDER),
        ("/line-items/{id}/", translate._LINE),
        ("/customers/{id}/", translate._CUSTOMER),
        ("/products/{id}/", catalogue._PRODUCT),
    ],
)
def test_every_field_of_an_answer_is_known(contract, path, shape):
    assert set(answer(contract, path)) <= shape.required | shape.used | shape.ignored


def test_every_status_is_known(contract):
    assert set(answer(contract, "/orders-received/{number}/")["status"]["enum"]) == set(translate.STAGES)


def test_every_action_is_one_that_leaflink_has(contract):
    path = contract["paths"]["/orders-received/{number}/transition/{action}/"]
    parameters = [*path.get("parameters", []), *path["post"].get("parameters", [])]
    action = next(each for each in parameters if each["name"] == "action")
    actions = {action for action, _to in status._ACTIONS.values()}
    assert actions <= set(action["schema"].get("enum", actions))


@pytest.mark.promise("LL-19")
def test_the_fields_by_which_a_term_is_set_are_those_of_the_update(contract):
    update = contract["components"]["schemas"]["OrderUpdate"]["properties"]
    options = [{"payment_method": {"id": 1}, "payment_term": {"id": 3, "code": "net15"}}]
    chosen = terms.write_term(Fields({"available_payment_options": options}), "Net 15")
    assert set(chosen) == {"selected_payment_option"} <= set(update)
    described = update["selected_payment_option"]
    assert set(chosen["selected_payment_option"]) == set(described["required"])
    assert set(terms.write_term(Fields({}), "Net 15")) <= set(update)


def test_every_path_that_is_called_exists(contract):
    called = [path for path, _permission in client.PERMISSIONS]
    singles = [
        "customers/{id}/",
        "company-staff/{id}/",
        "batches/{id}/",
        "license-types/{id}/",
        "products/{id}/",
        "companies/",
        "brands/",
        "product-lines/",
        "product-categories/",
        "product-subcategories/",
        "strains/",
    ]
    assert {f"/{path}" for path in [*called, *singles]} <= set(contract["paths"])


@pytest.mark.parametrize(
    ("field", "known"), [("listing_state", catalogue.LISTING_STATES), ("unit_of_measure", catalogue.UNITS)]
)
def test_every_word_of_a_product_is_known(contract, field, known):
    assert set(answer(contract, "/products/{id}/")[field]["enum"]) == set(known)


def body_of(contract: Mapping[str, Any], path: str, method: str) -> Mapping[str, Any]:
    described = contract["paths"][path][method]["requestBody"]
    if "$ref" in described:
        described = contract["components"]["requestBodies"][described["$ref"].rpartition("/")[2]]
    return properties(contract, described["content"]["application/json"]["schema"])


def test_creating_and_changing_a_product_sends_only_its_fields(contract):
    made = catalogue.write_draft(DRAFT, "7")
    assert set(made) <= set(body_of(contract, "/products/", "post"))
    changed = catalogue.write_changes(dict.fromkeys(catalogue._NAMES, "1")) | catalogue.write_stock(
        "available", Decimal(1)
    )
    assert set(changed) <= set(body_of(contract, "/products/{id}/", "patch"))


def test_making_a_strain_sends_only_its_fields(contract):
    assert set(catalogue.write_strain("X", "na", "7")) <= set(body_of(contract, "/strains/", "post"))
