"""What Ordo says no to: a code for programs, a sentence for people."""

from sandbox.errors import BadValue, Missing, Refused, Unauthorized

INVALID = "invalid"
CODES: dict[type[Refused], str] = {
    BadValue: INVALID,
    Missing: "not_found",
    Unauthorized: "unauthorized",
}


class Unprocessable(Refused):
    """The request is well formed, and names something that the organisation does not have."""

    status = 422

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message, field)
        self.code = code


class Conflict(Refused):
    """The order's status does not allow it."""

    status = 409

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def code_of(error: Refused) -> str:
    """Return the code of a refusal."""
    if isinstance(error, Unprocessable | Conflict):
        return error.code
    return CODES.get(type(error), INVALID)
