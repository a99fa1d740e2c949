"""The description is OpenAPI, names every route of the API, and every answer is as it says."""

import re

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from portal import access
from portal.blueprints.api.description import document

OPERATIONS = {one["get"]["operationId"]: (path, one["get"]) for path, one in document()["paths"].items()}

WHERE = "trellis:api"


def checked(schema, value):
    """What of a value is not as a schema of the description says."""
    known = Registry().with_resource(WHERE, DRAFT202012.create_resource(document()))
    validator = Draft202012Validator({"$ref": f"{WHERE}{schema['$ref']}"}, registry=known)
    return [error.message for error in validator.iter_errors(value)]


def address(path, things):
    known = {**things.__dict__, "number": "Quagga"}
    return re.sub(r"{(\w+)}", lambda found: known[found[1]], path)


def test_anybody_reads_it_and_it_is_openapi(anybody):
    answer = anybody.get("/api/v1/openapi.json")

    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json["openapi"].startswith("3.1")
    assert answer.json == document()
    for schema in answer.json["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_route_of_the_api_is_in_it_and_needs_a_token(app):
    routes = {
        rule.endpoint.removeprefix("api.")
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.endpoint != "api.describe"
    }
    assert routes == set(OPERATIONS)
    for name in routes:
        declared = access.declaration_of(app, f"api.{name}")
        assert declared is not None
        assert declared.area == "token"
        assert declared.permission in access.TENANT_PERMISSIONS["viewer"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_is_answered_is_what_is_described(program, things, name):
    path, operation = OPERATIONS[name]
    answer = program.get(address(path, things))
    described = operation["responses"]["200"]["content"][answer.mimetype]["schema"]

    assert answer.status_code == 200
    assert checked(described, answer.json) == []
    # Nothing is sent that is not described.
    shape = document()["components"]["schemas"][described["$ref"].rpartition("/")[2]]
    assert set(answer.json) == set(shape["properties"])


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_refusal_is_what_is_described(program, programs, things, name):
    path, operation = OPERATIONS[name]
    for answer in (programs("").get(address(path, things)), program.get(address(path, things), nonsense="1")):
        described = operation["responses"][str(answer.status_code)]["content"]["application/problem+json"]
        assert answer.mimetype == "application/problem+json"
        assert checked(described["schema"], answer.json) == []
        assert answer.json["status"] == answer.status_code
        assert answer.json["reference"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize("name", [name for name, (_, one) in OPERATIONS.items() if one["parameters"]])
def test_parameters_are_taken_as_they_are_described(program, things, name):
    path, operation = OPERATIONS[name]
    for parameter in operation["parameters"]:
        if parameter["in"] == "query":
            choices = parameter["schema"].get("enum") or [parameter["schema"].get("default")]
            for choice in choices:
                if choice is not None:
                    assert (
                        program.get(address(path, things), **{parameter["name"]: choice}).status_code == 200
                    )
