"""The control API's own description."""

from typing import Any

PLACEHOLDER: dict[str, Any] = {}


def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    return PLACEHOLDER
