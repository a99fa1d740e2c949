"""What a request to the sandbox can be refused for."""


class Refused(Exception):
    """A platform or the control API says no, in words.

    Args:
        message: one sentence for the caller.
        field: the field at fault, where one is.
    """

    status = 400

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class BadValue(Refused):
    """A value has the wrong type or form."""


class Missing(Refused):
    """The thing does not exist, or belongs to another company."""

    status = 404


class Unauthorized(Refused):
    """The key is absent or unknown."""

    status = 401
