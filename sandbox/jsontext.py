"""JSON as it arrives from outside: an object, of plain numbers, not too deep, of text that can be stored.

And as it leaves.
"""

import json
from typing import NoReturn

from flask.json.provider import DefaultJSONProvider

from sandbox.errors import BadValue
from sandbox.store import Body


class Json(DefaultJSONProvider):
    """Writes fields in the order that they are made in, which costs less than sorting them."""

    sort_keys = False


def read_object(data: bytes) -> Body:
    """Read a JSON object.

    Raises:
        BadValue: the bytes are no JSON, no object, nested too deep, or hold NaN or half a character.
    """
    try:
        found = json.loads(data, parse_constant=_refuse_constant)
        # Half a surrogate pair is valid JSON, but no text that a database takes.
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BadValue("The body is not valid JSON.") from error
    if not isinstance(found, dict):
        raise BadValue("The body is not a JSON object.")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
