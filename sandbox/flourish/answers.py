"""What every operation of the API does alike: reading a request, and the envelope around answers."""

from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.errors import BadValue
from sandbox.jsontext import read_object
from sandbox.office import Office
from sandbox.store import Body

# Where the few operations of version 2 are, beside version 1.
VERSION_2 = "/v2"


def one(data: Any, **more: str) -> ResponseReturnValue:
    """Return one thing in its envelope, which may bear a code besides."""
    return jsonify(message="Success", status=200, **more, data=data)


def sent() -> Body:
    """Return the JSON object that was sent.

    Raises:
        BadValue: there is none.
    """
    return read_object(request.get_data())


def facility_id(office: Office) -> str:
    """Return the facility that a request names in its header.

    Raises:
        BadValue: there is none, or it is not the company's.
    """
    given = request.headers.get("FacilityID")
    if not given:
        raise BadValue("FacilityID header is required")
    if office.get("facility", given) is None:
        raise BadValue(f"Facility not found: {given}")
    return given


def is_version_2() -> bool:
    """Tell whether version 2 was asked."""
    return request.root_path.endswith(VERSION_2)
