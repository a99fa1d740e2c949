"""What can go wrong with a foreign API, named by what happens next."""

from __future__ import annotations


class SyncError(Exception):
    """A foreign API did not do what was asked. Anything else that is raised is a bug, and shown as one."""


class Retryable(SyncError):
    """Nothing was changed; the same call may work later.

    Args:
        reason: one clause for people, such as "LeafLink asked to wait".
        after: seconds to wait at the least, when the API said so.
        throttled: not counted as a failure: we called too often, or somebody else was quicker.
    """

    def __init__(self, reason: str, *, after: float | None = None, throttled: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after = after
        self.throttled = throttled


class Unsettled(SyncError):
    """A write may or may not have taken effect: nobody knows until both sides are looked at."""

    def __init__(self, reason: str, *, http_status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.http_status = http_status


class Rejected(SyncError):
    """The API refused for good: the same call will be refused again until something changes.

    Args:
        reason: the API's own words, redacted and cut.
        field: the field it names, empty when it names none.
        http_status: the status it answered with.
    """

    def __init__(self, reason: str, *, field: str = "", http_status: int | None = None) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.reason = reason
        self.field = field
        self.http_status = http_status


class Unreadable(SyncError):
    """An answer was read that cannot be understood; a default value would be a guess.

    Args:
        field: the field by its path, such as `line_items[2].quantity`; empty for the whole answer.
        reason: what is wrong with it.
        excerpt: the start of the raw answer, redacted.
    """

    def __init__(self, field: str, reason: str, *, excerpt: str = "") -> None:
        super().__init__(f"{field or 'the answer'}: {reason}")
        self.field = field
        self.reason = reason
        self.excerpt = excerpt


class ConnectionBroken(SyncError):
    """The credentials do not work (401, 403): stop calling until a person has replaced them.

    Args:
        reason: one clause for people.
        http_status: the status it answered with.
        field: the credential that is wrong, where it is not the key itself.
    """

    def __init__(self, reason: str, *, http_status: int | None = None, field: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.http_status = http_status
        self.field = field

    @property
    def is_forbidden(self) -> bool:
        """Whether the key is good and may not do this."""
        return self.http_status == 403
