"""What AIQ says no to: `{name, message, errors: [{type, message}]}`."""

from typing import Any

from sandbox.errors import BadValue, Missing, Refused, Unauthorized

UNAUTHENTICATED = "UnauthenticatedError"
NAMES: dict[type[Refused], str] = {
    BadValue: "ValidationError",
    Missing: "NotFoundError",
    Unauthorized: UNAUTHENTICATED,
}


class Conflict(Refused):
    """The order's status does not allow it."""

    status = 409


class Unavailable(Refused):
    """The shop does not have what is ordered; `problem` is AIQ's word for it in a cart."""

    def __init__(self, problem: str, message: str) -> None:
        super().__init__(message, "lines")
        self.problem = problem


def name_of(error: Refused) -> str:
    """Return the name of a refusal."""
    return NAMES.get(type(error), "ConflictError" if isinstance(error, Conflict) else "BadRequestError")


def body(name: str, message: str, field: str | None = None) -> dict[str, Any]:
    """Return what a refusal's body holds."""
    return {"name": name, "message": message, "errors": [{"type": field or name, "message": message}]}
